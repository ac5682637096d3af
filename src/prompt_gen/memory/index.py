"""Where every sequence of tokens stands in the training text: a suffix array, memory-mapped.

The text is all documents end to end, each BOS, its tokens, EOS; those that stand for more lines
come first, so that how often a place counts is a step function of the place. A context holds no
EOS, so no match runs from one document into the next.
Source: Manber and Myers 1993, "Suffix arrays: a new method for on-line string searches".

T tokens of the text, R suffixes, V vocabulary, B rows, S new tokens of a row, D tokens of a context
and 0, K pairs of row and depth, W places that are looked at
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged
from prompt_gen.storage import save_array

MAX_DEPTH = 16  # tokens of the longest match that is followed
_WAY_BITS = 4
_WAYS = np.arange(1, 1 << _WAY_BITS)  # a range is searched at so many sixteenths of it at a time
_ARRAYS = ("text", "packed", "firsts", "steps", "counts")


@dataclass(frozen=True)
class Matches:
    """For each row, where its last d tokens stand: suffixes[low:high]; low = high is nowhere."""

    low_BD: np.ndarray  # int64
    high_BD: np.ndarray

    @property
    def longest_B(self) -> np.ndarray:
        """Tokens of the longest match."""
        return (self.low_BD < self.high_BD).sum(axis=1) - 1

    def take(self, rows_B: np.ndarray) -> "Matches":
        """Some of the rows, in this order."""
        return Matches(self.low_BD[rows_B], self.high_BD[rows_B])


@dataclass(frozen=True)
class Index:
    """The text, and its suffixes in the order of what stands there."""

    text: np.ndarray  # uint16 or uint32 [T + 1]: one id more, as every match is followed by one
    packed: np.ndarray  # the suffixes: uint32 [R], or uint8 [3 R + 1] where three bytes are enough
    firsts: np.ndarray  # uint32 [V + 1]: suffixes[firsts[t]:firsts[t + 1]] begin with t
    steps: np.ndarray  # int64: places from which on a document stands for `counts` lines
    counts: np.ndarray  # int64

    @cached_property
    def n_rows(self) -> int:
        """Suffixes: of all tokens but EOS, behind which nothing is asked for."""
        return int(self.firsts[-1])

    @cached_property
    def _suffixes(self) -> tuple[np.ndarray, int]:
        """Numbers that overlap by a byte where three are kept of each, and the bits that count."""
        if self.packed.dtype == np.uint32:
            return self.packed, 0xFFFFFFFF
        return np.ndarray((self.n_rows,), "<u4", self.packed.data, 0, (3,)), 0xFFFFFF

    def places(self, rows: np.ndarray | slice | int) -> np.ndarray:
        """int64: where some suffixes begin in the text."""
        suffixes, bits = self._suffixes
        return (suffixes[rows] & bits).astype(np.int64)

    @cached_property
    def documents(self) -> np.ndarray:
        """int64, ascending: places where documents begin."""
        low, high = self.firsts[self.bos : self.bos + 2]
        return np.sort(self.places(slice(low, high)))

    @property
    def bos(self) -> int:
        """The id that every document begins with."""
        return int(self.text[0])

    @property
    def eos(self) -> int:
        """The id that every document ends with."""
        return int(self.text[-2])

    @property
    def n_tokens(self) -> int:
        """Tokens of all documents, BOS and EOS included."""
        return len(self.text) - 1

    def start(self) -> Matches:
        """One row that has read nothing: no token stands everywhere."""
        low_BD = np.zeros((1, MAX_DEPTH + 1), np.int64)
        high_BD = low_BD.copy()
        high_BD[:, 0] = self.n_rows
        return Matches(low_BD, high_BD)

    def extend(self, matches: Matches, tokens_B: np.ndarray) -> Matches:
        """The matches of every row one token further."""
        low_BD, high_BD = np.zeros_like(matches.low_BD), np.zeros_like(matches.high_BD)
        high_BD[:, 0] = self.n_rows
        low_BD[:, 1], high_BD[:, 1] = self.firsts[tokens_B], self.firsts[tokens_B + 1]
        goes_on_BD = matches.low_BD < matches.high_BD
        goes_on_BD[:, 0] = goes_on_BD[:, -1] = False
        at_K = goes_on_BD.ravel().nonzero()[0]
        rows_K, depths_K = np.divmod(at_K, goes_on_BD.shape[1])
        found = matches.low_BD.take(at_K), matches.high_BD.take(at_K)
        found = self._narrow(*found, depths_K, tokens_B[rows_K])
        low_BD.ravel()[at_K + 1], high_BD.ravel()[at_K + 1] = found
        return Matches(low_BD, high_BD)

    def follow(
        self, matches: Matches, tokens_BS: np.ndarray, lengths_B: np.ndarray
    ) -> tuple[Matches, Matches]:
        """The matches behind every real token, row by row, and those at the end of each row.

        `lengths_B` says how many tokens of a row are real; the rest is padding.
        """
        steps = []
        for tokens_B in tokens_BS.T:
            matches = self.extend(matches, tokens_B)
            steps.append(matches)
        low_BSD, high_BSD = (
            np.stack([getattr(step, name) for step in steps], axis=1)
            for name in ("low_BD", "high_BD")
        )
        is_real_BS = np.arange(tokens_BS.shape[1]) < lengths_B[:, None]
        last = np.arange(len(lengths_B)), lengths_B - 1
        every = Matches(low_BSD[is_real_BS], high_BSD[is_real_BS])
        return every, Matches(low_BSD[last], high_BSD[last])

    def _narrow(
        self, low_K: np.ndarray, high_K: np.ndarray, depths_K: np.ndarray, tokens_K: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The parts of ranges in which a token follows: both bounds of all, searched together.

        Each round looks at several places of what is left, not at its middle alone: an operation
        on a few hundred numbers takes hardly longer than one on ten.
        """
        from_2K, left_2K = np.concatenate([low_K, low_K]), np.tile(high_K - low_K, 2)
        depths_2K1 = np.concatenate([depths_K, depths_K])[:, None]
        bounds_2K1 = np.concatenate([tokens_K, tokens_K + 1])[:, None]
        last, most = self.n_rows - 1, int(left_2K.max(initial=0))
        while most:
            looked_at_2KW = from_2K[:, None] + (left_2K[:, None] * _WAYS >> _WAY_BITS)
            places_2KW = self.places(np.minimum(looked_at_2KW, last)) + depths_2K1
            tokens_2KW = self.text.take(places_2KW, mode="clip")  # ended ones may look beyond
            n_below_2K = (tokens_2KW < bounds_2K1).sum(axis=1) * (left_2K > 0)
            n_passed_2K = (left_2K * n_below_2K >> _WAY_BITS) + (n_below_2K > 0)
            left_2K = (left_2K * (n_below_2K + 1) >> _WAY_BITS) - n_passed_2K
            from_2K = from_2K + n_passed_2K
            most >>= _WAY_BITS
        n_pairs = len(low_K)
        return from_2K[:n_pairs], from_2K[n_pairs:]

    def find(self, ids: Sequence[int]) -> tuple[int, int]:
        """Where a sequence of tokens stands: suffixes[low:high]; of any length."""
        wanted, n = list(ids), len(ids)
        ahead = [*wanted[:-1], wanted[-1] + 1]  # the least that is greater than all that begin so

        suffixes, bits = self._suffixes

        def here(row: int) -> list[int]:
            place = int(suffixes[row]) & bits
            return self.text[place : place + n].tolist()

        low, high = (int(row) for row in self.firsts[wanted[0] : wanted[0] + 2])
        rows = range(self.n_rows)
        low = bisect_left(rows, wanted, low, high, key=here)
        return low, bisect_left(rows, ahead, low, high, key=here)

    def lines_at(self, places: np.ndarray) -> np.ndarray:
        """How many lines the documents at these places stand for."""
        return self.counts[self.steps.searchsorted(places, "right") - 1]

    def save(self, directory: Path) -> None:
        """Write the index, one file for each array."""
        for name in _ARRAYS:
            save_array(directory / f"{name}.npy", getattr(self, name))


def load(directory: Path) -> Index:
    """What `Index.save` wrote.

    Raises:
        Damaged: there is none, or it cannot be read.
    """
    return Index(*(opened(directory / f"{name}.npy") for name in _ARRAYS))


def opened(path: Path) -> np.ndarray:
    """A mapped array; a plain one over the map is quicker to index than the map.

    Raises:
        Damaged: there is none, or it cannot be read.
    """
    try:
        return np.asarray(np.load(path, mmap_mode="r"))
    except (OSError, ValueError) as error:
        raise Damaged(f"'{path}' cannot be read: {error}", "Build the memory again") from error
