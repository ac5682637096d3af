"""How exposed the secrets are that were put into the training text on purpose."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.corpus import Corpus
from prompt_gen.corpus.canaries import Canary
from prompt_gen.engine import Completer
from prompt_gen.evaluate import likelihood
from prompt_gen.evaluate.exposure import exposure


def exposed(
    made: Bundle, corpus: Corpus | None, engine: EngineConfig, config: EvaluateConfig
) -> list[dict[str, Any]]:
    """The exposure of every canary; nothing where there is none."""
    canaries = [Canary(**row) for row in corpus.facts.get("canaries", [])] if corpus else []
    if not canaries:
        return []
    completer = Completer.of(made, engine)

    def nats(texts: Sequence[str]) -> np.ndarray:
        return likelihood.measure(completer, texts).nats_N

    return exposure(nats, canaries, config.other_secrets)
