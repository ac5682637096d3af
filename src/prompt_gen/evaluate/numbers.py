"""Numbers over lines, their intervals and differences.

Lines are the unit that is drawn again: the keys of one line depend on each other, lines do not.
So every number is a function of how often each line counts. With every line once it is the value;
with lines drawn with replacement it is what another sample of the same text might have given.
Source: the paired bootstrap of Koehn 2004, "Statistical significance tests for machine translation
evaluation"; percentile intervals as in Efron and Tibshirani 1993, chapter 13.

N lines, R draws, C of the draws, P keys, V values
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Number = Callable[[np.ndarray], np.ndarray]  # weights of lines [R, N] to values [R]; NaN: undefined

INTERVAL = (2.5, 97.5)  # percentiles
_CELLS = 1 << 20  # weights at a time


@dataclass(frozen=True)
class Ratio:
    """A sum over lines by another sum over lines: mean, share, or bits per character."""

    of_N: np.ndarray
    by_N: np.ndarray

    def __call__(self, weights_RN: np.ndarray) -> np.ndarray:
        """The ratio for each draw [R]; NaN where nothing is counted."""
        of_R, by_R = weights_RN @ self.of_N, weights_RN @ self.by_N
        return np.divide(of_R, by_R, out=np.full(len(of_R), np.nan), where=by_R != 0)


def over_keys(of: Callable[[np.ndarray], np.ndarray], line_P: np.ndarray) -> Number:
    """A number by how often each key counts: `of` has weights [C, P] and gives values [C].

    It is asked for a few draws at a time, as weights of all keys in all draws are large.
    """

    def number(weights_RN: np.ndarray) -> np.ndarray:
        n_draws = max(1, _CELLS // max(1, len(line_P)))
        starts = range(0, len(weights_RN), n_draws)
        return np.concatenate([of(weights_RN[at : at + n_draws, line_P]) for at in starts])

    return number


@dataclass(frozen=True)
class Total:
    """A sum over lines."""

    of_N: np.ndarray

    def __call__(self, weights_RN: np.ndarray) -> np.ndarray:
        """The sum for each draw [R]."""
        return weights_RN @ self.of_N


@dataclass(frozen=True)
class Median:
    """The median of whole numbers 0, 1, 2, ..., from how many of each a line has [N, numbers]."""

    counts_NV: np.ndarray

    def __call__(self, weights_RN: np.ndarray) -> np.ndarray:
        """The median for each draw [R]; NaN where there is no number."""
        until_RV = np.cumsum(weights_RN @ self.counts_NV, axis=1)
        n_R1 = until_RV[:, -1:]
        lower_R = (until_RV <= (n_R1 - 1) // 2).sum(axis=1)  # the middle one, or two
        upper_R = (until_RV <= n_R1 // 2).sum(axis=1)
        return np.where(n_R1[:, 0] > 0, (lower_R + upper_R) / 2, np.nan)


@dataclass(frozen=True)
class Measured:
    """A value with its 95 % interval; all NaN where nothing was counted."""

    value: float
    low: float
    high: float


def draws(n_lines: int, n_draws: int, seed: int) -> np.ndarray:
    """How often each line counts, [R, N]: once in the first row, as drawn in the others.

    Equal arguments give equal draws, so that two numbers over the same lines are paired.
    """
    if not n_lines:
        return np.ones((1 + n_draws, 0))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(n_lines, np.full(n_lines, 1 / n_lines), size=n_draws)
    return np.concatenate([np.ones((1, n_lines)), drawn])


def measured(values_R: np.ndarray) -> Measured:
    """The value (of the first row of draws) with the interval of the others."""
    drawn = values_R[1:][np.isfinite(values_R[1:])]
    low, high = np.percentile(drawn, INTERVAL) if len(drawn) else (np.nan, np.nan)
    return Measured(float(values_R[0]), float(low), float(high))
