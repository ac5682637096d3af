"""Precision, recall and F1 by how often each text counts.

Every number is a function of weights of texts [R, N] to values [R], as those of an evaluation are:
with weights of one it is the value, with drawn ones what another sample might have given.

R draws, N texts, K labels or types
"""

from collections.abc import Callable, Sequence

import numpy as np

Number = Callable[[np.ndarray], np.ndarray]


class Counts:
    """For each text and each label: how often it is right, there, and said.

    Source: van Rijsbergen 1979, "Information Retrieval", chapter 7; macro numbers are means over
    the labels that are there or said, a share of nothing is 0, as in scikit-learn.
    """

    def __init__(
        self, names: Sequence[str], right_NK: np.ndarray, there_NK: np.ndarray, said_NK: np.ndarray
    ) -> None:
        self.names = list(names)
        self._each = [counts.astype(np.float64) for counts in (right_NK, there_NK, said_NK)]

    def __call__(self, weights_RN: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The three sums over texts [R, K]."""
        right, there, said = (weights_RN @ counts_NK for counts_NK in self._each)
        return right, there, said

    def numbers(self) -> dict[str, Number]:
        """Micro and macro precision, recall and F1."""
        shares = {"precision": _precision, "recall": _recall, "f1": _f1}
        found: dict[str, Number] = {}
        for name, share in shares.items():
            found[f"micro_{name}"] = lambda w, s=share: s(*(c.sum(axis=1) for c in self(w)))
            found[f"macro_{name}"] = lambda w, s=share: self._mean(s(*self(w)), w)
        return found

    def of_each(self) -> list[dict[str, float | str]]:
        """Precision, recall, F1 and how often it is there, for each label by itself."""
        right_1K, there_1K, said_1K = self(np.ones((1, len(self._each[0]))))
        columns = [share(right_1K, there_1K, said_1K)[0] for share in (_precision, _recall, _f1)]
        rows = zip(self.names, *columns, there_1K[0], strict=True)
        names = ("label", "precision", "recall", "f1", "there")
        return [
            dict(zip(names, (row[0], *(float(x) for x in row[1:])), strict=True)) for row in rows
        ]

    def _mean(self, values_RK: np.ndarray, weights_RN: np.ndarray) -> np.ndarray:
        _, there_RK, said_RK = self(weights_RN)
        counts_RK = there_RK + said_RK > 0
        return _share((values_RK * counts_RK).sum(axis=1), counts_RK.sum(axis=1))


def _precision(right: np.ndarray, there: np.ndarray, said: np.ndarray) -> np.ndarray:
    return _share(right, said)


def _recall(right: np.ndarray, there: np.ndarray, said: np.ndarray) -> np.ndarray:
    return _share(right, there)


def _f1(right: np.ndarray, there: np.ndarray, said: np.ndarray) -> np.ndarray:
    return _share(2 * right, there + said)


def _share(of: np.ndarray, by: np.ndarray) -> np.ndarray:
    return np.divide(of, by, out=np.zeros(of.shape), where=by > 0)
