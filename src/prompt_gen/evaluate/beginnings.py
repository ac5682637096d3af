"""What was typed: seen in training, near to what was seen there, or new.

A completer can recite behind a beginning that a training line has as well; what it does behind the
others tells how it does on text that is new to it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from prompt_gen.corpus.duplicates import pieces, similarity, sketch
from prompt_gen.corpus.prefixes import Seen, beginnings
from prompt_gen.evaluate.typed import Typed

KINDS = ("seen", "near", "unseen")
SEEN, NEAR, UNSEEN = range(3)
SIMILARITY = (
    0.8  # from which on a line is near to another: as the corpus does unless told otherwise
)
_BATCH_TEXTS = 2048


@dataclass(frozen=True)
class Known:
    """What training text knows of lines."""

    seen_N: np.ndarray  # int16: first characters, up to 64, that some training line begins with
    is_near_N: np.ndarray  # bool: some training line is nearly the same

    def n_keys(self, typed: Typed) -> dict[str, int]:
        """Beginnings of each kind, by its name."""
        counts = np.bincount(self.kinds(typed), minlength=len(KINDS)).tolist()
        return dict(zip(KINDS, counts, strict=True))

    def kinds(self, typed: Typed) -> np.ndarray:
        """The kind of every beginning of the same lines: int8 [P], indices into KINDS.

        A beginning is SEEN when a training line begins with it, else NEAR when its line is near to
        a training line, else UNSEEN. One of more than 64 characters is never SEEN.
        """
        line_P = typed.line_P
        kind_P = np.where(self.is_near_N[line_P], NEAR, UNSEEN)
        return np.where(typed.length_P <= self.seen_N[line_P], SEEN, kind_P).astype(np.int8)


def known(lines: Sequence[str], train: Iterable[str]) -> Known:
    """What training text knows of lines, in one pass over it; of it, one batch is in memory."""
    seen, near = Seen(lines, beginnings), _Near(lines)
    waiting = iter(train)
    while batch := list(islice(waiting, _BATCH_TEXTS)):
        seen.add(batch)
        near.add(batch)
    return Known(seen.chars(), near.found_N)


class _Near:
    """Which lines are near-duplicates of training lines, found as `corpus.duplicates` finds them.

    A line that shares a MinHash band with a training line is compared exactly; one of similarity
    0.8 is missed with probability 0.01.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self.found_N = np.zeros(len(lines), bool)
        self._pieces = [pieces(line) for line in lines]
        self._bands_NB = sketch(list(lines))

    def add(self, train: list[str]) -> None:
        """Look at some more training lines."""
        for bands_T, bands_N in zip(sketch(train).T, self._bands_NB.T, strict=True):
            for i in np.flatnonzero(np.isin(bands_T, bands_N) & (bands_T > 0)).tolist():
                shares_N = bands_N == bands_T[i]
                self._compare(train[i], np.flatnonzero(shares_N & ~self.found_N).tolist())

    def _compare(self, text: str, lines: list[int]) -> None:
        own = pieces(text) if lines else set[str]()
        for line in lines:
            self.found_N[line] = similarity(own, self._pieces[line]) >= SIMILARITY
