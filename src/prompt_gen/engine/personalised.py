"""A language model for one user: what he typed and accepted is on top (see `memory.personal`).

N new tokens of all rows, C best tokens; for the rest see `language_model`
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.engine.language_model import Cache, LanguageModel, best
from prompt_gen.memory.counted import LONGEST
from prompt_gen.memory.personal import Personal

_Context = tuple[int, ...]  # the last tokens of a row


@dataclass(frozen=True)
class _Cache:
    inner: Cache
    contexts: list[_Context]  # of each row


class Personalised:
    """A language model, with what a user and all users have taught. Made anew for each request."""

    def __init__(self, model: LanguageModel, personal: Personal, user: str) -> None:
        self._model, self._personal, self._user = model, personal, user
        self.context = model.context
        self.n_passes = 0

    def empty_cache(self) -> Cache:
        """One row that has seen nothing."""
        return _Cache(self._model.empty_cache(), [()])

    def full(
        self, tokens_BS: np.ndarray, lengths_B: np.ndarray, cache: Cache, parents_B: np.ndarray
    ) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [N, V] behind every real new token, row by row, and the new cache."""
        self.n_passes += 1
        every, last = list[_Context](), list[_Context]()
        for row, length, parent in zip(tokens_BS, lengths_B, parents_B, strict=True):
            steps = _steps(cache.contexts[parent], row[:length])
            every += steps
            last.append(steps[-1])
        logprobs_NV, inner = self._model.full(tokens_BS, lengths_B, cache.inner, parents_B)
        return self._adjusted(every, logprobs_NV), _Cache(inner, last)

    def read(self, tokens_S: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [V] behind the last of one row's new tokens, and the new cache."""
        self.n_passes += 1
        last = _steps(cache.contexts[0], tokens_S)[-1:]
        logprobs_V, inner = self._model.read(tokens_S, cache.inner)
        return self._adjusted(last, logprobs_V[None])[0], _Cache(inner, last)

    def next(
        self, tokens_B: np.ndarray, cache: Cache, parents_B: np.ndarray, n_top: int
    ) -> tuple[np.ndarray, np.ndarray, Cache]:
        """One new token per row: its best log-probabilities [B, C], their ids, the new cache."""
        ones_B = np.ones(len(tokens_B), np.int64)
        logprobs_BV, cache = self.full(tokens_B[:, None], ones_B, cache, parents_B)
        return *best(logprobs_BV, n_top), cache

    def _adjusted(self, contexts: Sequence[_Context], logprobs_NV: np.ndarray) -> np.ndarray:
        probability_NV = np.exp(logprobs_NV)
        adjusted_NV = self._personal.adjusted(self._user, contexts, probability_NV)
        if adjusted_NV is probability_NV:
            return logprobs_NV
        with np.errstate(divide="ignore"):  # nothing but BOS, which never follows
            return np.log(adjusted_NV, out=adjusted_NV)


def _steps(context: _Context, tokens_S: np.ndarray) -> list[_Context]:
    """What lies before the next token, behind each new one."""
    path = (*context, *tokens_S.tolist())
    ends = range(len(context) + 1, len(path) + 1)
    return [path[max(0, end - LONGEST) : end] for end in ends]
