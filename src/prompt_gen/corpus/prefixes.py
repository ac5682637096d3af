"""How much of a held-out line a completer has seen at the beginning of lines it was trained on.

Completing what begins like a known line is another task than completing what does not; evaluation
tells the two apart.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

MAX_CHARS = 64
_BATCH_TEXTS = 8192
_MIX = np.uint64(0x9E3779B97F4A7C15)


def seen_chars(held_out: Sequence[str], train: Iterable[str]) -> np.ndarray:
    """Leading characters of each held-out text that some training text begins with, up to 64.

    Prefixes are compared by 64-bit hashes, one length after the other; a training text drops out
    at the first length at which no held-out text begins as it does.

    Returns:
        int16 [held-out texts].
    """
    codes = _codes(held_out)
    levels = [np.unique(hashes) for _, hashes in _Prefixes(codes)]
    is_seen = [np.zeros(len(level), bool) for level in levels]
    waiting = iter(train)
    while batch := list(islice(waiting, _BATCH_TEXTS)):
        prefixes = _Prefixes(_codes(batch))
        for (_, hashes), level, seen in zip(prefixes, levels, is_seen, strict=False):
            places = _places(level, hashes)
            is_known = level[places] == hashes
            seen[places[is_known]] = True
            prefixes.keep(is_known)
    found = np.zeros(len(held_out), np.int16)
    for length, ((rows, hashes), level) in enumerate(
        zip(_Prefixes(codes), levels, strict=True), start=1
    ):
        found[rows[is_seen[length - 1][_places(level, hashes)]]] = length
    return found


def _codes(texts: Sequence[str]) -> np.ndarray:
    """Characters as numbers, 0 behind the end: uint32 [texts, MAX_CHARS]."""
    return np.array(texts, f"<U{MAX_CHARS}").view("<u4").reshape(len(texts), MAX_CHARS)


def _places(level: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Where hashes are in a sorted array, or would be."""
    return np.minimum(np.searchsorted(level, hashes), len(level) - 1)


class _Prefixes:
    """Hashes of texts' prefixes by length; those that are long enough, and not dropped."""

    def __init__(self, codes: np.ndarray) -> None:
        self._codes = codes
        self._rows = np.arange(len(codes))
        self._hashes = np.zeros(len(codes), np.uint64)
        self._length = 0

    def __iter__(self) -> "_Prefixes":
        return self

    def __next__(self) -> tuple[np.ndarray, np.ndarray]:
        if self._length == MAX_CHARS:
            raise StopIteration
        characters = self._codes[self._rows, self._length]
        self.keep(characters > 0)
        if not len(self._rows):
            raise StopIteration
        mixed = (self._hashes + characters[characters > 0]) * _MIX
        self._hashes = mixed ^ (mixed >> np.uint64(29))
        self._length += 1
        return self._rows, self._hashes

    def keep(self, wanted: np.ndarray) -> None:
        """Go on with some of the texts only."""
        self._rows, self._hashes = self._rows[wanted], self._hashes[wanted]
