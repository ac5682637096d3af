"""How far a first candidate's score can be trusted: calibration, and what a threshold would show.

All functions take the scores at a temperature, so that a completer without calibration is typed
once and measured before and after it.

N lines, R draws, C of the draws, P keys, S keys that have a candidate, B bins
"""

from typing import Any

import numpy as np

from prompt_gen.engine.calibration import calibrated
from prompt_gen.evaluate.numbers import Number, over_keys
from prompt_gen.evaluate.typed import Typed

_N_BINS = 15
_N_POINTS = 100


def firsts(typed: Typed, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Line [S], score [S] and whether it was right up to its end [S], of all first candidates.

    Keys at which nothing was offered are left out.
    """
    shown_P = typed.size_PK[:, 0] > 0
    scores_S = calibrated(typed.score_PK[shown_P, 0], temperature)
    return typed.line_P[shown_P], scores_S, typed.is_right_PK[shown_P, 0]


def numbers(typed: Typed, temperature: float = 1.0) -> dict[str, Number]:
    """Calibration error at the temperature and before it, and the area of precision by coverage."""
    return {
        "calibration_error": calibration_error(typed, temperature),
        "calibration_error_raw": calibration_error(typed),
        "coverage_area": coverage_area(typed),
    }


def calibration_error(typed: Typed, temperature: float = 1.0) -> Number:
    """Mean gap, over first candidates, between the score and the share that is right in its bin.

    15 bins of equal width, the upper edge belongs to a bin. Source: expected calibration error,
    Guo et al. 2017, "On calibration of modern neural networks", equation 3.
    """
    line_S, scores_S, right_S = firsts(typed, temperature)
    bin_S = _bins(scores_S)

    def sums(values_S: np.ndarray) -> np.ndarray:
        found_NB = np.zeros((len(typed.lines), _N_BINS))
        np.add.at(found_NB, (line_S, bin_S), values_S)
        return found_NB

    gap_NB, count_N = sums(right_S - scores_S), sums(np.ones(len(line_S))).sum(axis=1)

    def number(weights_RN: np.ndarray) -> np.ndarray:
        gap_R = np.abs(weights_RN @ gap_NB).sum(axis=1)
        return _share(gap_R, weights_RN @ count_N)

    return number


def coverage_area(typed: Typed) -> Number:
    """Area under precision by coverage: the mean, over all keys, of precision at a key's own score.

    Precision at a score is the share that is right of first candidates with that score or more, so
    that equal scores count together. A key at which nothing was offered counts 0: silence covers
    nothing.
    """
    line_S, scores_S, right_S = firsts(typed)
    n_keys_N = typed.total(np.ones(len(typed.line_P)))
    order_S = np.argsort(-scores_S, kind="stable")
    sorted_S, right_S = scores_S[order_S], right_S[order_S]
    last_S = np.searchsorted(-sorted_S, -sorted_S, side="right") - 1  # of those of equal score

    def area(weights_CS: np.ndarray) -> np.ndarray:
        shown_CS = weights_CS.cumsum(axis=1)[:, last_S]
        right_CS = (weights_CS * right_S).cumsum(axis=1)[:, last_S]
        return (weights_CS * _share(right_CS, shown_CS, empty=0)).sum(axis=1)

    covered = over_keys(area, line_S[order_S])
    return lambda weights_RN: _share(covered(weights_RN), weights_RN @ n_keys_N)


def curve(typed: Typed, temperature: float = 1.0) -> list[dict[str, float]]:
    """What would be shown and how often rightly, by the least score that is shown; ascending.

    Up to 100 thresholds at quantiles of the scores. Coverage is the share of all keys.
    """
    _, scores_S, right_S = firsts(typed, temperature)
    if not len(scores_S):
        return []
    quantiles = np.linspace(0, 1, _N_POINTS)
    thresholds = np.unique(np.quantile(scores_S, quantiles, method="inverted_cdf"))
    points = list[dict[str, float]]()
    for threshold in thresholds.tolist():
        shown_S = scores_S >= threshold
        coverage = float(shown_S.sum() / len(typed.line_P))
        precision = float(right_S[shown_S].mean())
        points.append({"threshold": threshold, "coverage": coverage, "precision": precision})
    return points


def reliability(typed: Typed, temperature: float = 1.0) -> list[dict[str, Any]]:
    """Mean score, share that is right, and keys of each bin that is not empty, ascending."""
    _, scores_S, right_S = firsts(typed, temperature)
    bin_S = _bins(scores_S)
    rows = list[dict[str, Any]]()
    for at in np.unique(bin_S):
        score, right = float(scores_S[bin_S == at].mean()), float(right_S[bin_S == at].mean())
        rows.append({"score": score, "right": right, "keys": int((bin_S == at).sum())})
    return rows


def _bins(scores_S: np.ndarray) -> np.ndarray:
    return np.clip(np.ceil(scores_S * _N_BINS).astype(int) - 1, 0, _N_BINS - 1)


def _share(of: np.ndarray, by: np.ndarray, empty: float = np.nan) -> np.ndarray:
    return np.divide(of, by, out=np.full(of.shape, float(empty)), where=by != 0)
