"""What follows a context in the text, and how often: read off the index, or kept where it is long.

An n-gram counts, as Kneser-Ney has it, as often as different tokens come before it; by the lines it
stands in, if it begins with BOS or is of the highest order (see `ngrams.kneser_ney`). What follows
a context that stands at up to MAX_PLACES places is read off its range of suffixes; what follows the
few more frequent ones is kept with its counts.

R suffixes, K contexts, S continuations of all of them, P places of all of them
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prompt_gen.memory.index import Index, opened
from prompt_gen.storage import save_array

MAX_PLACES = 512  # that are read for a context: fewer take more room, more take more time
_BLOCK = 1 << 20  # suffixes that are counted at a time
_ARRAYS = ("lows", "starts", "tokens", "counts")


@dataclass(frozen=True)
class Continuations:
    """What follows each of some contexts; that of one is together, ascending by token."""

    context_S: np.ndarray  # int64: its number
    token_S: np.ndarray  # int64
    count_S: np.ndarray  # int64


@dataclass(frozen=True)
class Frequent:
    """What follows the contexts of one depth that stand at more than MAX_PLACES places."""

    lows: np.ndarray  # uint32, ascending: where the range of each context begins
    starts: np.ndarray  # uint32: what follows context i is [starts[i]:starts[i + 1]]
    tokens: np.ndarray  # as in the text
    counts: np.ndarray  # uint16 or uint32

    def behind(self, low: int) -> tuple[np.ndarray, np.ndarray]:
        """What follows the context whose range begins there, and how often, int64."""
        at = self.lows.searchsorted(self.lows.dtype.type(low))  # else all lows are converted
        here = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.tokens[here].astype(np.int64), self.counts[here].astype(np.int64)

    def save(self, directory: Path, depth: int) -> None:
        """Write it."""
        for name in _ARRAYS:
            save_array(directory / f"{name}-{depth}.npy", getattr(self, name))


NOTHING = Frequent(*(np.zeros(0, np.int64) for _ in _ARRAYS))


def load(directory: Path, depth: int) -> Frequent:
    """What `Frequent.save` wrote."""
    return Frequent(*(opened(directory / f"{name}-{depth}.npy") for name in _ARRAYS))


def read(
    index: Index,
    depth_K: np.ndarray,
    low_K: np.ndarray,
    size_K: np.ndarray,
    is_by_line_K: np.ndarray,
) -> Continuations:
    """What follows contexts of `depth` tokens that stand at so many suffixes from `low` on.

    Counted by lines where that is said or they begin a line, else by different tokens before them.
    """
    context_P = np.arange(len(size_K)).repeat(size_K)
    row_P = np.arange(len(context_P)) + (low_K - size_K.cumsum() + size_K).take(context_P)
    place_P = index.places(row_P)
    key_P = context_P << 32 | index.text.take(place_P + depth_K.take(context_P))
    border_S = _borders(key_P)
    first_S = border_S[:-1]
    key_S = key_P[first_S]
    context_S = key_S >> 32
    is_by_line_S = is_by_line_K[context_S] | (index.text[place_P[first_S]] == index.bos)
    count_S = _counts(index, place_P, border_S, is_by_line_S)
    return Continuations(context_S, key_S & 0xFFFFFFFF, count_S)


def _borders(key_P: np.ndarray) -> np.ndarray:
    """Where another number begins, and the end."""
    is_border_P = np.ones(len(key_P) + 1, bool)
    np.not_equal(key_P[1:], key_P[:-1], out=is_border_P[1:-1])
    return is_border_P.nonzero()[0] if len(key_P) else np.zeros(1, np.int64)


def _counts(
    index: Index, place_P: np.ndarray, border_S: np.ndarray, is_by_line_S: np.ndarray
) -> np.ndarray:
    """The counts of n-grams whose places lie between borders."""
    if not len(place_P):
        return np.zeros(0, np.int64)
    lines_S = np.add.reduceat(index.lines_at(place_P), border_S[:-1])
    ngram_P = np.arange(len(is_by_line_S)).repeat(border_S[1:] - border_S[:-1])
    keys = ngram_P << 32 | index.text.take(place_P - 1)
    keys.sort()
    n_before_S = np.bincount(keys[_borders(keys)[:-1]] >> 32)
    return np.where(is_by_line_S, lines_S, n_before_S)


def count(index: Index, order: int) -> Iterator[tuple[np.ndarray, Frequent]]:
    """For each order how many n-grams count 0, 1, 2, 3, 4; and what follows frequent contexts.

    That of order 1 follows the context of no token, whose continuations are all kept.
    """
    bos, (is_new_R, is_whole_R) = index.bos, _marks(index)
    low_F, high_F = np.array([0]), np.array([index.n_rows])
    for k in range(1, order + 1):
        _refine(index, is_new_R, is_whole_R, k)
        n_by_count, kept = np.zeros(5, np.int64), _Kept(index.text.dtype)
        next_F: list[tuple[np.ndarray, ...]] = []
        for low_S, size_S, token_S, count_S in _ngrams(index, is_new_R, is_whole_R, k, k == order):
            goes_on_S = (size_S > MAX_PLACES) & (token_S != index.eos)
            next_F.append((low_S[goes_on_S], (low_S + size_S)[goes_on_S]))
            n_by_count += np.bincount(np.minimum(count_S, 5)[token_S != bos], minlength=6)[:5]
            if len(low_F):
                parent_S = np.maximum(low_F.searchsorted(low_S, "right") - 1, 0)
                is_in_S = (low_S >= low_F[parent_S]) & (low_S < high_F[parent_S]) & (token_S != bos)
                kept.add(low_F[parent_S][is_in_S], token_S[is_in_S], count_S[is_in_S])
        if k == 1:  # no suffix begins with EOS
            eos_1 = np.array([index.eos]), np.array([_n_before_eos(index)])
            n_by_count += np.bincount(np.minimum(eos_1[1], 5), minlength=6)[:5]
            kept.add(np.zeros(1, np.int64), *eos_1)
        yield n_by_count, kept.joined()
        low_F, high_F = (np.concatenate(column) for column in zip(*next_F, strict=True))


def repeated(index: Index, n: int) -> np.ndarray:
    """bool [T]: the n tokens of a document that begin at a place stand elsewhere too."""
    is_new_R, is_whole_R = _marks(index)
    for k in range(1, n + 1):
        _refine(index, is_new_R, is_whole_R, k)
    found_T = np.zeros(index.n_tokens, bool)
    for start in range(0, index.n_rows, _BLOCK):
        here = slice(start, start + _BLOCK)
        is_new_P = is_new_R[start : start + _BLOCK + 1]
        if start + _BLOCK >= index.n_rows:
            is_new_P = np.append(is_new_P, True)
        is_alone_P = is_new_P[:-1] & is_new_P[1:]
        found_T[index.places(here)] = is_whole_R[here] & ~is_alone_P
    return found_T


def _n_before_eos(index: Index) -> int:
    """How many different tokens documents end with."""
    ends = np.append(index.documents[1:], index.n_tokens) - 1
    return len(np.unique(index.text[ends - 1]))


def _marks(index: Index) -> tuple[np.ndarray, np.ndarray]:
    """bool [R], for `_refine`: of n-grams of order 0."""
    return np.zeros(index.n_rows, bool), np.ones(index.n_rows, bool)


def _refine(index: Index, is_new_R: np.ndarray, is_whole_R: np.ndarray, k: int) -> None:
    """Mark where n-grams of order k begin among the suffixes, and which lie in one document."""
    last = -1
    for start in range(0, index.n_rows, _BLOCK):
        here = slice(start, start + _BLOCK)
        place_P = np.minimum(index.places(here) + k - 1, index.n_tokens)
        token_P = index.text[place_P]
        if k > 1:
            is_whole_R[here] &= token_P != index.bos
        is_new_R[here] |= np.diff(token_P.astype(np.int64), prepend=int(last)) != 0
        last = token_P[-1]


def _ngrams(
    index: Index, is_new_R: np.ndarray, is_whole_R: np.ndarray, k: int, is_highest: bool
) -> Iterator[tuple[np.ndarray, ...]]:
    """The n-grams of order k in their order: first suffix, number of places, last token, count."""
    n, start = index.n_rows, 0
    while start < n:
        end = min(n, start + _BLOCK)
        more = int(is_new_R[end:].argmax()) if end < n else 0
        end = end + more if end < n and is_new_R[end + more] else n
        border_S = np.append(np.flatnonzero(is_new_R[start:end]), end - start)
        first_S, size_S = border_S[:-1], np.diff(border_S)
        place_P = index.places(slice(start, end))
        place_S = place_P[first_S]
        is_by_line_S = (index.text[place_S] == index.bos) | is_highest
        count_S = _counts(index, place_P, border_S, is_by_line_S)
        token_S = index.text[np.minimum(place_S + k - 1, index.n_tokens)]
        is_whole_S = is_whole_R[start:end][first_S]
        found = (first_S + start, size_S, token_S, count_S)
        yield tuple(column[is_whole_S] for column in found)
        start = end


class _Kept:
    """What follows frequent contexts, context by context, while it is found; in little room."""

    def __init__(self, tokens: np.dtype) -> None:
        self._dtypes = (np.dtype(np.uint32), tokens, np.dtype(np.uint32))
        self._found = [tuple(np.zeros(0, dtype) for dtype in self._dtypes)]

    def add(self, low_S: np.ndarray, token_S: np.ndarray, count_S: np.ndarray) -> None:
        """Contexts, by where their ranges begin, ascending; tokens behind them; counts."""
        columns = zip((low_S, token_S, count_S), self._dtypes, strict=True)
        self._found.append(tuple(column.astype(dtype) for column, dtype in columns))

    def joined(self) -> Frequent:
        """All of it."""
        low_S, token_S, count_S = (np.concatenate(c) for c in zip(*self._found, strict=True))
        border_S = _borders(low_S)
        is_small = count_S.max(initial=0) < 1 << 16
        counts = count_S.astype(np.uint16) if is_small else count_S
        return Frequent(low_S[border_S[:-1]], border_S.astype(np.uint32), token_S, counts)
