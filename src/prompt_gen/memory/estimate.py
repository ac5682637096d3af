"""What the text says of the next token: modified Kneser-Ney, and the longest match.

Kneser-Ney is that of `ngrams.kneser_ney`, to the last digits of a float, read off the index. Behind
the longest match h that the text holds, of whatever length,  p(w | h) = n(h w) / n(h), by lines.

B rows, C contexts of a row (the tokens of each; 0: the longest match), S tokens that followed all
of them, F contexts that are too frequent to be read, V vocabulary
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from prompt_gen import ngrams
from prompt_gen.memory import follows, index
from prompt_gen.memory.follows import MAX_PLACES, Continuations, Frequent
from prompt_gen.memory.index import Index, Matches
from prompt_gen.storage import save_array

_REMEMBERED = 512  # frequent contexts, of about ten kilobytes each


@dataclass(frozen=True)
class Shares:
    """Probabilities of some tokens of some rows; those of equal row and token add up."""

    row_S: np.ndarray
    token_S: np.ndarray
    share_S: np.ndarray

    def of(self, token_B: np.ndarray) -> np.ndarray:
        """What one token of each row has."""
        is_it_S = self.token_S == token_B[self.row_S]
        return np.bincount(self.row_S[is_it_S], self.share_S[is_it_S], len(token_B))

    def part(self, some: slice) -> "Shares":
        """Some of them."""
        return Shares(self.row_S[some], self.token_S[some], self.share_S[some])


@dataclass(frozen=True)
class Estimate:
    """Two distributions for each row, and how long the match is that one of them stands on."""

    shares: Shares  # of both; what the match says comes first
    n_matched: int  # of them
    rest_B: np.ndarray  # of Kneser-Ney, that is shared out as behind no context
    depth_B: np.ndarray  # tokens of the longest match
    n_lines_B: np.ndarray  # that it stands in; 0 where it stands at too many places to be read

    @property
    def counted(self) -> Shares:
        """Kneser-Ney, but for the rest."""
        return self.shares.part(slice(self.n_matched, None))

    @property
    def matched(self) -> Shares:
        """Behind the longest match; nothing for a row without one that is read."""
        return self.shares.part(slice(self.n_matched))

    def of(self, token_B: np.ndarray, unigrams_V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The probability of one token for each row, by Kneser-Ney and by the longest match."""
        counted_B, matched_B = (shares.of(token_B) for shares in (self.counted, self.matched))
        return counted_B + self.rest_B * unigrams_V[token_B], matched_B


@dataclass(frozen=True)
class Estimator:
    """Kneser-Ney of some order over an index."""

    index: Index
    discounts: np.ndarray  # float64 [order + 1, 4]: by order, of counts 0, 1, 2, 3 and more
    unigrams: np.ndarray  # float64 [V]: behind no context; BOS has none
    frequent: Sequence[Frequent]  # by tokens of the context

    @property
    def order(self) -> int:
        """Tokens that are looked at together."""
        return len(self.discounts) - 1

    def behind(self, matches: Matches) -> Estimate:
        """What may follow each row."""
        depth_B = matches.longest_B
        low_CB, size_CB = _contexts(matches, depth_B, self.order)
        is_read_CB = size_CB <= MAX_PLACES
        kept = self._kept(low_CB, is_read_CB)
        depth_CB = np.arange(self.order).repeat(len(depth_B)).reshape(low_CB.shape)
        is_by_line_CB = (depth_CB == 0) | (depth_CB == self.order - 1)
        depth_CB[0] = depth_B
        size_CB *= is_read_CB
        columns = (depth_CB, low_CB, size_CB, is_by_line_CB)
        found = follows.read(self.index, *(column_CB.ravel() for column_CB in columns))
        shares, rest_B, n_lines_B = self._shared(found, kept, low_CB.shape)
        n_matched = int(found.context_S.searchsorted(len(depth_B)))
        return Estimate(shares, n_matched, rest_B, depth_B, n_lines_B)

    def _kept(self, low_CB: np.ndarray, is_read_CB: np.ndarray) -> "_Kept":
        """What follows the contexts that are too frequent to be read, but for the longest match."""
        depth_F, row_F = (~is_read_CB[1:]).nonzero()
        depth_F = depth_F + 1
        lows = low_CB[depth_F, row_F].tolist()
        found = tuple(map(self._of_frequent, depth_F.tolist(), lows))
        return _Kept(depth_F, row_F, found)

    @cached_property
    def _of_frequent(self) -> Callable[[int, int], "_Behind"]:
        """Shares behind one frequent context; the same few are asked for again and again."""

        def read(depth: int, low: int) -> _Behind:
            tokens, counts = self.frequent[depth].behind(low)
            total, discounts = counts.sum(), self.discounts[depth + 1, np.minimum(counts, 3)]
            return _Behind(tokens, (counts - discounts) / total, discounts.sum() / total)

        return lru_cache(_REMEMBERED)(read)

    def _shared(
        self, found: Continuations, kept: "_Kept", shape_CB: tuple[int, ...]
    ) -> tuple[Shares, np.ndarray, np.ndarray]:
        """Counts to shares, what is left behind no context, and the lines of the longest matches.

        Each context leaves a part of its own to the next shorter one; the longest match, nothing.
        """
        n_contexts, n_rows = math.prod(shape_CB), shape_CB[1]
        discount_S = self._discounts[found.context_S // n_rows, np.minimum(found.count_S, 3)]
        total_CB, taken_CB = (
            np.bincount(found.context_S, values_S, n_contexts).reshape(shape_CB)
            for values_S in (found.count_S, discount_S)
        )
        n_lines_B = total_CB[0]
        left_CB = np.ones((shape_CB[0] + 1, n_rows))
        np.divide(taken_CB, total_CB, out=left_CB[:-1], where=total_CB > 0)
        left_CB[kept.depth_F, kept.row_F] = [behind.left for behind in kept.found]
        left_CB = left_CB[::-1].cumprod(axis=0)[::-1]  # by contexts of as many tokens and more
        weight_CB = left_CB[1:] / np.maximum(total_CB, 1)
        weight_CB[0] = 1 / np.maximum(n_lines_B, 1)
        shares = Shares(
            found.context_S % n_rows,
            found.token_S,
            (found.count_S - discount_S) * weight_CB.ravel()[found.context_S],
        )
        return kept.behind(shares, left_CB), left_CB[1], n_lines_B

    @cached_property
    def _discounts(self) -> np.ndarray:
        """By tokens of the context, and for the longest match in place of those of no context."""
        discounts = self.discounts[1:].copy()
        discounts[0] = 0
        return discounts

    def save(self, directory: Path) -> None:
        """Write the index and the counts."""
        self.index.save(directory)
        save_array(directory / "discounts.npy", self.discounts)
        save_array(directory / "unigrams.npy", self.unigrams.astype(np.float32))
        for depth, frequent in enumerate(self.frequent):
            frequent.save(directory, depth)


@dataclass(frozen=True)
class _Behind:
    """What follows one context."""

    tokens: np.ndarray
    shares: np.ndarray
    left: float  # to shorter contexts


@dataclass(frozen=True)
class _Kept:
    """What follows contexts of rows that are too frequent to be read."""

    depth_F: np.ndarray
    row_F: np.ndarray
    found: tuple[_Behind, ...]

    def behind(self, shares: Shares, left_CB: np.ndarray) -> Shares:
        """Theirs behind others; `left_CB` is what contexts of as many tokens and more leave."""
        if not self.found:
            return shares
        sizes_F = np.array([len(behind.tokens) for behind in self.found])
        share_S = np.concatenate([behind.shares for behind in self.found])
        share_S *= left_CB[self.depth_F + 1, self.row_F].repeat(sizes_F)
        return Shares(
            np.concatenate([shares.row_S, self.row_F.repeat(sizes_F)]),
            np.concatenate([shares.token_S, *(behind.tokens for behind in self.found)]),
            np.concatenate([shares.share_S, share_S]),
        )


def _contexts(matches: Matches, depth_B: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Where contexts begin in the index, and at how many places they stand.

    In row 0 the longest match, if there is one, in row d the last d tokens.
    """
    low_CB, high_CB = matches.low_BD.T[:order].copy(), matches.high_BD.T[:order].copy()
    rows_B = np.arange(len(depth_B))
    low_CB[0], high_CB[0] = matches.low_BD[rows_B, depth_B], matches.high_BD[rows_B, depth_B]
    high_CB -= low_CB
    high_CB[0] *= depth_B > 0
    return low_CB, high_CB


def build(found: Index, size: int, order: int) -> Estimator:
    """Count the n-grams of an index over `size` ids."""
    discounts, frequent, unigrams = np.zeros((order + 1, 4)), [], np.zeros(size)
    for k, (n_by_count, continued) in enumerate(follows.count(found, order), 1):
        discounts[k, 1:] = ngrams.discounts_by(n_by_count)
        if k == 1:
            unigrams = _unigrams(continued, discounts[1], size, found.bos)
        frequent.append(continued if k > 1 else follows.NOTHING)
    return Estimator(found, discounts, unigrams, frequent)


def _unigrams(continued: Frequent, discounts: np.ndarray, size: int, bos: int) -> np.ndarray:
    """Probabilities behind no context, with the rest uniform over the outcomes: all but BOS."""
    counts = continued.counts.astype(np.int64)
    discount = discounts[np.minimum(counts, 3)]
    unigrams = np.full(size, discount.sum() / counts.sum() / (size - 1))
    unigrams[continued.tokens] += (counts - discount) / counts.sum()
    unigrams[bos] = 0
    return unigrams


def load(directory: Path) -> Estimator:
    """What `Estimator.save` wrote.

    Raises:
        Damaged: there is none, or it cannot be read.
    """
    discounts, unigrams = (
        index.opened(directory / f"{name}.npy") for name in ("discounts", "unigrams")
    )
    unigrams = unigrams / unigrams.sum(dtype=np.float64)  # float64 again, and exact
    frequent = [follows.load(directory, depth) for depth in range(len(discounts) - 1)]
    return Estimator(index.load(directory), discounts, unigrams, frequent)
