"""How much of a text a completer has seen in the lines it was trained on.

Completing what begins like a known line is another task than completing what does not; evaluation
tells the two apart. The same search over all places of a text, not its beginning alone, finds the
pieces that it shares with training lines.

Strings are compared by 64-bit hashes, one length after the other; a training string drops out at
the first length at which none of the texts has it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np

MAX_CHARS = 64
_BATCH_TEXTS = 8192
_BATCH_CHARS = 1 << 18
_MIX = np.uint64(0x9E3779B97F4A7C15)

# Texts to their characters one text behind another, a 0 behind each, and places among them.
Places = Callable[[Sequence[str]], tuple[np.ndarray, np.ndarray]]


def seen_chars(held_out: Sequence[str], train: Iterable[str]) -> np.ndarray:
    """Leading characters of each held-out text that some training text begins with, up to 64.

    Returns:
        int16 [held-out texts].
    """
    seen = Seen(held_out, beginnings)
    waiting = iter(train)
    while batch := list(islice(waiting, _BATCH_TEXTS)):
        seen.add(batch)
    return seen.chars()


def beginnings(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The places at which texts begin, one for each."""
    codes, ends = _codes([text[:MAX_CHARS] for text in texts])
    return codes, np.concatenate([[0], ends + 1])[: len(texts)]


def everywhere(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The places of all characters, text by text."""
    codes, ends = _codes(texts)
    return codes, np.delete(np.arange(len(codes)), ends)


def in_batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in batches of bounded size; long ones in pieces that overlap by `MAX_CHARS` - 1."""
    batch, n_chars = [], 0
    for text in texts:
        for at in range(0, max(1, len(text)), _BATCH_CHARS):
            piece = text[at : at + _BATCH_CHARS + MAX_CHARS - 1]
            batch.append(piece)
            n_chars += len(piece) + 1
            if n_chars >= _BATCH_CHARS:
                yield batch
                batch, n_chars = [], 0
    if batch:
        yield batch


class Seen:
    """How far texts go on, from their places, as training texts do from theirs.

    It holds nine bytes for each different string of up to 64 characters that begins at a place.
    """

    def __init__(self, texts: Sequence[str], places: Places) -> None:
        self._of = places
        self._places = places(texts)
        self._levels = [np.unique(hashes) for _, hashes in _Strings(*self._places)]
        self._is_seen = [np.zeros(len(level), bool) for level in self._levels]

    def add(self, train: Sequence[str]) -> None:
        """Look at some more training texts."""
        strings = _Strings(*self._of(train))
        for (_, hashes), level, seen in zip(strings, self._levels, self._is_seen, strict=False):
            at = _at(level, hashes)
            is_known = level[at] == hashes
            seen[at[is_known]] = True
            strings.keep(is_known)

    def chars(self) -> np.ndarray:
        """Characters, up to 64, that some training text has at a place: int16 [places]."""
        found = np.zeros(len(self._places[1]), np.int16)
        strings = _Strings(*self._places)
        for (rows, hashes), level, seen in zip(strings, self._levels, self._is_seen, strict=False):
            is_seen = seen[_at(level, hashes)]
            found[rows[is_seen]] += 1
            strings.keep(is_seen)
        return found


def _codes(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Characters as numbers, 0 behind each text, and the places of those zeros."""
    codes = np.frombuffer("".join(f"{text}\0" for text in texts).encode("utf-32-le"), "<u4")
    return codes, np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1) - 1


def _at(level: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """Where hashes are in a sorted array, or would be."""
    return np.minimum(np.searchsorted(level, hashes), len(level) - 1)


class _Strings:
    """Hashes of what begins at each place, by length; of texts long enough, and not dropped."""

    def __init__(self, codes: np.ndarray, places: np.ndarray) -> None:
        self._codes = codes
        self._places = places
        self._rows = np.arange(len(places))
        self._hashes = np.zeros(len(places), np.uint64)
        self._length = 0

    def __iter__(self) -> "_Strings":
        return self

    def __next__(self) -> tuple[np.ndarray, np.ndarray]:
        if self._length == MAX_CHARS:
            raise StopIteration
        self.keep(self._codes[self._places[self._rows] + self._length] > 0)
        if not len(self._rows):
            raise StopIteration
        mixed = (self._hashes + self._codes[self._places[self._rows] + self._length]) * _MIX
        self._hashes = mixed ^ (mixed >> np.uint64(29))
        self._length += 1
        return self._rows, self._hashes

    def keep(self, wanted: np.ndarray) -> None:
        """Go on with some of the places only."""
        self._rows, self._hashes = self._rows[wanted], self._hashes[wanted]
