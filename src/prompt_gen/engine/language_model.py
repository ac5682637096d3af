"""What the search asks of a language model, whether it is a network or counts.

B rows, S new tokens in a row, N real new tokens of all rows, C best tokens, V vocabulary
"""

from typing import Any, Protocol

import numpy as np

Cache = Any  # what a model keeps of the tokens its rows have read; only the model looks inside


def best(logprobs_BV: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The n best log-probabilities of each row, best first [B, C], and their ids."""
    n = min(n, logprobs_BV.shape[1])
    ids_BC = np.argpartition(-logprobs_BV, n - 1, axis=1)[:, :n]
    best_BC = np.take_along_axis(logprobs_BV, ids_BC, axis=1)
    order_BC = np.argsort(-best_BC, axis=1, kind="stable")
    best_BC, ids_BC = (np.take_along_axis(each, order_BC, axis=1) for each in (best_BC, ids_BC))
    return best_BC, ids_BC


class LanguageModel(Protocol):
    """Log-probabilities (natural) of the next token, for several rows at a time."""

    context: int  # tokens that a row can hold
    n_passes: int  # calls so far

    def empty_cache(self) -> Cache:
        """One row that has seen nothing."""
        ...

    def full(
        self, tokens_BS: np.ndarray, lengths_B: np.ndarray, cache: Cache, parents_B: np.ndarray
    ) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [N, V] behind every real new token, row by row, and the new cache.

        `lengths_B` says how many tokens of each row are real; the rest of a row is padding.
        `parents_B` says which row of the cache each row goes on from.
        """
        ...

    def read(self, tokens_S: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [V] behind the last of one row's new tokens, and the new cache."""
        ...

    def next(
        self, tokens_B: np.ndarray, cache: Cache, parents_B: np.ndarray, n_top: int
    ) -> tuple[np.ndarray, np.ndarray, Cache]:
        """One new token per row: its best log-probabilities [B, C], their ids, the new cache."""
        ...
