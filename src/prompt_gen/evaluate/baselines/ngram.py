"""n-gram counts as a language model, so that the engine's search runs over them as over a network.

T tokens that are read, K of them wanted, V vocabulary
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from prompt_gen import ngrams
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import Before
from prompt_gen.ngrams import START, KneserNey, State
from prompt_gen.vocab import Tokenizer, load_tokenizer

_KEPT_BYTES = 1 << 25  # of distributions: those that were asked for last
_BATCH_TEXTS = 8192


def build(
    documents: Sequence[tuple[str, int]], tokenizer: Tokenizer, order: int, directory: Path
) -> None:
    """Count the tokens of texts, each as often as it stands for lines, into a directory.

    The tokenizer lies beside them.
    """
    tokenizer.save(directory)
    lines, (bos, eos) = _encoded(documents, tokenizer), (tokenizer.bos_id, tokenizer.eos_id)
    ngrams.build(lines, tokenizer.size, bos, eos, order, directory)


def _encoded(
    documents: Sequence[tuple[str, int]], tokenizer: Tokenizer
) -> Iterator[tuple[list[int], int]]:
    for start in range(0, len(documents), _BATCH_TEXTS):
        texts, counts = zip(*documents[start : start + _BATCH_TEXTS], strict=True)
        yield from zip(tokenizer.encode_batch(texts), counts, strict=True)


def load(directory: Path, config: EngineConfig) -> Completer:
    """What `build` wrote into a directory, as a completer.

    Raises:
        Damaged: there is nothing, or it cannot be read.
    """
    return Completer(load_tokenizer(directory), NGram(ngrams.load(directory)), config)


class NGram:
    """A Kneser-Ney model as a language model (see `engine.language_model`).

    It keeps what it was asked last: the same contexts come again key after key.
    """

    context = 512  # more than any order needs; a longer line is scored in pieces

    def __init__(self, model: KneserNey) -> None:
        self.model = model
        self.n_passes = 0
        n_kept = max(64, _KEPT_BYTES // (4 * model.size))
        self._behind = lru_cache(n_kept)(model.behind)

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[State]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token."""
        self.n_passes += 1
        states: list[State] = []
        for token, before in zip(tokens_T, before_T, strict=True):
            earlier = states[before] if isinstance(before, int) else before or START
            states.append(self.model.step(earlier, int(token)))
        return np.stack([self._behind(states[at]) for at in wanted_K]), states
