"""Documents to their index, in about the room that sorting takes: four bytes for a byte of the ids.

All else is made in that room, or a block at a time.

N documents, T tokens of the text, R suffixes, V vocabulary
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from prompt_gen.memory.index import Index

_BLOCK = 1 << 20  # numbers
_DOCUMENTS = 1 << 14  # that are copied at a time


class Documents(Protocol):
    """Some documents end to end, as a shard file holds them, BOS and EOS included."""

    @property
    def tokens(self) -> np.ndarray:
        """The ids of all."""
        ...

    @property
    def offsets(self) -> np.ndarray:
        """Document i is tokens[offsets[i]:offsets[i + 1]]."""
        ...


@dataclass(frozen=True)
class EndToEnd:
    """Documents that are in no file."""

    tokens: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, documents: Sequence[np.ndarray]) -> "EndToEnd":
        """Documents from ids of each."""
        return cls(np.concatenate(documents), np.cumsum([0, *map(len, documents)]))


def index_of(pieces: Sequence[Documents], counts_N: np.ndarray, size: int) -> Index:
    """The index of documents that stand for so many lines each; `size` is the number of ids."""
    order_N = np.argsort(-counts_N, kind="stable")
    text, starts_N = _text(pieces, order_N, size)
    eos = int(text[-2])
    suffixes_R = _sorted_suffixes(text[:-1], eos)
    n_each_V = _token_counts(text[:-1], size)
    n_each_V[eos] = 0
    firsts = np.concatenate([[0], np.cumsum(n_each_V)]).astype(np.uint32)
    counts, first = np.unique(-counts_N[order_N], return_index=True)
    return Index(text, _packed(suffixes_R, len(text)), firsts, starts_N[order_N[first]], -counts)


def _text(
    pieces: Sequence[Documents], order_N: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """All documents in an order, with a BOS behind them, and where each begins."""
    lengths_N = np.concatenate([np.diff(piece.offsets.astype(np.int64)) for piece in pieces])
    ends = np.cumsum(lengths_N[order_N])
    starts_N = np.empty_like(lengths_N)
    starts_N[order_N] = ends - lengths_N[order_N]
    text = np.empty(ends[-1] + 1, np.uint16 if size <= 1 << 16 else np.uint32)
    n_before = 0
    for piece in pieces:
        offsets, n_here = piece.offsets.astype(np.int64), len(piece.offsets) - 1
        for first in range(0, n_here, _DOCUMENTS):
            last = min(first + _DOCUMENTS, n_here)
            here = slice(n_before + first, n_before + last)
            moved_by = np.repeat(starts_N[here] - offsets[first:last], lengths_N[here])
            begin, end = offsets[first], offsets[last]
            text[np.arange(begin, end) + moved_by] = piece.tokens[begin:end]
        n_before += n_here
    text[-1] = text[0]  # BOS, which ends every n-gram
    return text, starts_N


def _sorted_suffixes(ids_T: np.ndarray, eos: int) -> np.ndarray:
    """uint32: where all suffixes that do not begin with EOS begin, in the order of their ids."""
    from pydivsufsort import divsufsort

    n_bytes, is_swapped = ids_T.dtype.itemsize, sys.byteorder == "little"
    if is_swapped:  # bytes are in the order of ids if the first weighs most
        ids_T.byteswap(inplace=True)
    found = divsufsort(ids_T.view(np.uint8))
    if is_swapped:
        ids_T.byteswap(inplace=True)
    n = 0
    for start in range(0, len(found), _BLOCK):
        places = found[start : start + _BLOCK]
        places = places[places % n_bytes == 0] // n_bytes
        places = places[ids_T[places] != eos]
        found[n : n + len(places)] = places  # which was read before
        n += len(places)
    return found[:n].astype(np.uint32)


def _token_counts(ids_T: np.ndarray, size: int) -> np.ndarray:
    counts_V = np.zeros(size, np.int64)
    for start in range(0, len(ids_T), _BLOCK):  # as integers of eight bytes are counted
        counts_V += np.bincount(ids_T[start : start + _BLOCK], minlength=size)
    return counts_V


def _packed(suffixes_R: np.ndarray, n: int) -> np.ndarray:
    """Three bytes of each, if numbers below n need no more, and one that is read beyond the end."""
    if n > 1 << 24:
        return suffixes_R
    octets = suffixes_R.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :3]
    return np.append(octets, np.uint8(0))
