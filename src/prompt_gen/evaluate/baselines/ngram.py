"""n-gram counts as a language model, so that the engine's search runs over them as over a network.

B rows, S new tokens in a row, N real new tokens of all rows, C best tokens, V vocabulary
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from prompt_gen import ngrams
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.ngrams import START, KneserNey, State
from prompt_gen.vocab import Tokenizer, load_tokenizer

_KEPT_BYTES = 1 << 25  # of distributions: those that were asked for last
_KEPT_TOPS = 1 << 14
_BATCH_TEXTS = 8192

Cache = list[State]  # what of each row the model has seen before: its last order - 1 tokens


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
        self._logprobs = lru_cache(n_kept)(self._scored)
        self._top = lru_cache(_KEPT_TOPS)(self._best)

    def empty_cache(self) -> Cache:
        """One row that has seen nothing."""
        return [START]

    def full(
        self, tokens_BS: np.ndarray, lengths_B: np.ndarray, cache: Cache, parents_B: np.ndarray
    ) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [N, V] behind every real new token, row by row, and the new cache."""
        self.n_passes += 1
        scores: list[np.ndarray] = []
        states: Cache = []
        for tokens_S, length, parent in zip(tokens_BS, lengths_B, parents_B, strict=True):
            state = cache[parent]
            for token in tokens_S[:length].tolist():
                state = self.model.step(state, token)
                scores.append(self._logprobs(state))
            states.append(state)
        return np.stack(scores), states

    def read(self, tokens_S: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [V] behind the last of one row's new tokens, and the new cache."""
        self.n_passes += 1
        state = cache[0]
        for token in tokens_S.tolist():
            state = self.model.step(state, token)
        return self._logprobs(state), [state]

    def next(
        self, tokens_B: np.ndarray, cache: Cache, parents_B: np.ndarray, n_top: int
    ) -> tuple[np.ndarray, np.ndarray, Cache]:
        """One new token per row: its best log-probabilities [B, C], their ids, the new cache."""
        self.n_passes += 1
        rows = zip(tokens_B.tolist(), parents_B.tolist(), strict=True)
        states = [self.model.step(cache[parent], token) for token, parent in rows]
        logprobs, ids = zip(*(self._top(state, n_top) for state in states), strict=True)
        return np.stack(logprobs), np.stack(ids), states

    def _scored(self, state: State) -> np.ndarray:
        with np.errstate(divide="ignore"):  # BOS is no outcome
            return np.log(self.model.behind(state))

    def _best(self, state: State, n_top: int) -> tuple[np.ndarray, np.ndarray]:
        """The `n_top` best log-probabilities of a state, descending, and their ids."""
        logprobs_V = self._logprobs(state)
        best = np.argpartition(-logprobs_V, n_top - 1)[:n_top]
        best = best[np.argsort(-logprobs_V[best], kind="stable")]
        return logprobs_V[best], best
