"""From the model's probability to how often such a candidate is right: temperature scaling.

Source: Guo, Pleiss, Sun and Weinberger 2017, "On calibration of modern neural networks", for the
two outcomes right and wrong.

P candidates
"""

import numpy as np

_CERTAIN = 1e-6  # probabilities nearer to 0 or 1 are fitted as if they were so far away
_BOUNDS = (0.05, 20.0)  # temperatures
_N_HALVINGS = 50


def calibrated(scores_P: np.ndarray, temperature: float) -> np.ndarray:
    """sigmoid(logit(score) / temperature): the same order, other distances.

    Scores of 0 and 1 stay what they are, and all do at temperature 1.
    """
    if temperature == 1:
        return scores_P
    return _sigmoid(_logit(scores_P) / temperature)


def fit_temperature(scores_P: np.ndarray, right_P: np.ndarray) -> float:
    """The temperature under which what was right and what was wrong is most probable.

    It is between 0.05 and 20, and 1 where the data say nothing of it: where there are none, all
    are right, all are wrong, or all scores are one half.
    """
    logits_P = _logit(np.clip(scores_P, _CERTAIN, 1 - _CERTAIN))
    if right_P.all() or not right_P.any() or not logits_P.any():
        return 1.0
    low, high = np.log(_BOUNDS)
    for _ in range(_N_HALVINGS):
        middle = (low + high) / 2
        # The negative log-likelihood is convex in 1 / temperature; this is its slope there.
        slope = ((_sigmoid(logits_P / np.exp(middle)) - right_P) * logits_P).sum()
        low, high = (middle, high) if slope > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def _logit(scores_P: np.ndarray) -> np.ndarray:
    scores_P = np.minimum(scores_P, 1.0)  # sums of rounded probabilities may exceed it by a bit
    with np.errstate(divide="ignore"):
        return np.log(scores_P) - np.log1p(-scores_P)


def _sigmoid(logits_P: np.ndarray) -> np.ndarray:
    """Exact to the last digits for small values too."""
    return np.exp(-np.logaddexp(0, -logits_P))
