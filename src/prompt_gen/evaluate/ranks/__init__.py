"""A bundle that ranks, and pairs with clicks, to numbers with intervals and a page."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.engine.ranker import Ranker
from prompt_gen.evaluate.numbers import draws, measured
from prompt_gen.tasks import Labelled, rank

__all__ = ["measure"]


def measure(ranker: Ranker, pairs: Sequence[Labelled], config: EvaluateConfig) -> dict[str, Any]:
    """The report, for JSON: `numbers` with intervals over queries, and those of any `order`."""
    scores = ranker.scores([(pair.pieces[0], pair.pieces[1]) for pair in pairs])
    return {
        "task": "rank",
        "score": rank.SCORE,
        "scores": ranker.by,
        "texts": len(pairs),
        "queries": len(rank.by_query(pairs)),
        "numbers": _measured(pairs, scores, config),
        "order": _measured(pairs, np.zeros(len(pairs)), config),
    }


def _measured(
    pairs: Sequence[Labelled], scores: np.ndarray, config: EvaluateConfig
) -> dict[str, Any]:
    weights_RN = draws(len(rank.by_query(pairs)), config.resamples, config.seed)
    found = rank.numbers(pairs, scores)
    return {name: asdict(measured(number(weights_RN))) for name, number in found.items()}
