"""The temperature of a predictor's scores, fitted on validation lines."""

import random
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.corpus import Corpus
from prompt_gen.engine.calibration import fit_temperature
from prompt_gen.evaluate.predictors import Predictor
from prompt_gen.evaluate.replay import Replay

_CUTS = 4  # of each line: a line's keys are alike, so more lines say more than more keys


@dataclass(frozen=True)
class Calibration:
    """A temperature, and what it was fitted on; nothing: it was not."""

    temperature: float
    facts: dict[str, Any]


NONE = Calibration(1.0, {})


def of(
    predictor: Predictor, corpus: Corpus | None, replay: Replay, config: EvaluateConfig
) -> Calibration:
    """Fitted on keys of validation lines, the same for each predictor; none without a corpus."""
    rng = random.Random(config.seed)
    lines = [line for line in corpus.validation if len(line) > 1] if corpus is not None else []
    lines = rng.sample(lines, min(len(lines), -(-config.calibration_keys // _CUTS)))
    cuts = [tuple(sorted(rng.sample(range(1, len(x)), min(_CUTS, len(x) - 1)))) for x in lines]
    offers = replay.typed(predictor, lines, lambda _: None, cuts)
    scores, right = [], []
    for line, row in zip(lines, offers, strict=True):
        for first in (offer.candidates[0] for offer in row if offer.candidates):
            scores.append(first.score)
            right.append(line.startswith(first.text))
    if not scores:
        return NONE
    temperature = fit_temperature(np.array(scores), np.array(right, bool))
    return Calibration(temperature, {"keys": len(scores), "seed": config.seed})
