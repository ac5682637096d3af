"""What the text says of the next token: modified Kneser-Ney, and the longest match.

Kneser-Ney is that of `ngrams.kneser_ney`, to the last digits of a float, read off the index. Behind
the longest match h that the text holds, of whatever length,  p(w | h) = n(h w) / n(h), by lines.

B rows, D tokens of a context and 0, K contexts, S tokens that followed them, V vocabulary
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prompt_gen import ngrams
from prompt_gen.memory import follows, index
from prompt_gen.memory.follows import MAX_PLACES, Continuations, Frequent
from prompt_gen.memory.index import Index, Matches
from prompt_gen.storage import save_array


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


@dataclass(frozen=True)
class Estimate:
    """Two distributions for each row, and how long the match is that one of them stands on."""

    counted: Shares  # Kneser-Ney, but for the rest
    rest_B: np.ndarray  # of it, that is shared out as behind no context
    matched: Shares  # behind the longest match; nothing for a row without one that is read
    depth_B: np.ndarray  # tokens of the longest match
    n_lines_B: np.ndarray  # that it stands in; 0 where it stands at too many places to be read

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
        n_rows, depth_B = len(matches.low_BD), matches.longest_B
        contexts = _contexts(matches, self.order)
        longest = _longest(matches, depth_B)
        counted, rest_B, matched = self._shared(contexts, longest, n_rows)
        n_lines_B = np.bincount(matched.row_S, matched.share_S, n_rows)
        share_S = matched.share_S / n_lines_B[matched.row_S]
        return Estimate(
            counted, rest_B, Shares(matched.row_S, matched.token_S, share_S), depth_B, n_lines_B
        )

    def _shared(
        self, contexts: "_Contexts", longest: "_Contexts", n_rows: int
    ) -> tuple[Shares, np.ndarray, Shares]:
        """Kneser-Ney's shares and rest, and the counts behind the longest matches."""
        is_read_K = contexts.sizes_K <= MAX_PLACES
        short, of_short = contexts.take(is_read_K), np.flatnonzero(is_read_K)
        is_first_K = self.index.text[self.index.places(short.low_K)] == self.index.bos
        is_by_line_K = is_first_K | (short.depth_K == self.order - 1)
        both = short.joined(longest)
        by_line = np.concatenate([is_by_line_K, np.ones(len(longest.row_K), bool)])
        found = follows.read(self.index, both.depth_K, both.low_K, both.high_K, by_line)
        cut = int(found.context_S.searchsorted(len(of_short)))
        matched = Shares(
            longest.row_K[found.context_S[cut:] - len(of_short)],
            found.token_S[cut:],
            found.count_S[cut:],
        )
        pieces = [(of_short[found.context_S[:cut]], found.token_S[:cut], found.count_S[:cut])]
        pieces += self._kept(contexts, is_read_K)
        counted, rest_B = self._discounted(contexts, pieces, n_rows)
        return counted, rest_B, matched

    def _kept(
        self, contexts: "_Contexts", is_read_K: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """What follows the contexts that are too frequent to be read."""
        pieces = []
        for depth in range(1, self.order):
            of_depth = np.flatnonzero(~is_read_K & (contexts.depth_K == depth))
            if len(of_depth):
                kept: Continuations = self.frequent[depth].behind(contexts.low_K[of_depth])
                pieces.append((of_depth[kept.context_S], kept.token_S, kept.count_S))
        return pieces

    def _discounted(
        self,
        contexts: "_Contexts",
        pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
        n_rows: int,
    ) -> tuple[Shares, np.ndarray]:
        """Counts to shares: each context leaves a part of its own to the next shorter one."""
        context_S, token_S, count_S = (np.concatenate(c) for c in zip(*pieces, strict=True))
        n_contexts = len(contexts.row_K)
        discount_S = self.discounts[contexts.depth_K[context_S] + 1, np.minimum(count_S, 3)]
        total_K = np.bincount(context_S, count_S, n_contexts)
        gamma_BD = np.ones((n_rows, self.order + 1))
        gammas_K = np.bincount(context_S, discount_S, n_contexts) / np.maximum(total_K, 1)
        gamma_BD[contexts.row_K, contexts.depth_K] = gammas_K
        left_BD = np.cumprod(gamma_BD[:, ::-1], axis=1)[:, ::-1]  # by contexts of d tokens and more
        weight_K = left_BD[contexts.row_K, contexts.depth_K + 1] / np.maximum(total_K, 1)
        share_S = (count_S - discount_S) * weight_K[context_S]
        return Shares(contexts.row_K[context_S], token_S, share_S), left_BD[:, 1]

    def save(self, directory: Path) -> None:
        """Write the index and the counts."""
        self.index.save(directory)
        save_array(directory / "discounts.npy", self.discounts)
        save_array(directory / "unigrams.npy", self.unigrams.astype(np.float32))
        for depth, frequent in enumerate(self.frequent):
            frequent.save(directory, depth)


@dataclass(frozen=True)
class _Contexts:
    """Contexts of rows: the last `depth` tokens of each stand at suffixes[low:high]."""

    row_K: np.ndarray
    depth_K: np.ndarray
    low_K: np.ndarray
    high_K: np.ndarray

    @property
    def sizes_K(self) -> np.ndarray:
        return self.high_K - self.low_K

    def take(self, which_K: np.ndarray) -> "_Contexts":
        columns = (self.row_K, self.depth_K, self.low_K, self.high_K)
        return _Contexts(*(column[which_K] for column in columns))

    def joined(self, other: "_Contexts") -> "_Contexts":
        ours = (self.row_K, self.depth_K, self.low_K, self.high_K)
        theirs = (other.row_K, other.depth_K, other.low_K, other.high_K)
        return _Contexts(*map(np.concatenate, zip(ours, theirs, strict=True)))


def _contexts(matches: Matches, order: int) -> _Contexts:
    """All contexts that Kneser-Ney looks at."""
    low_BD, high_BD = matches.low_BD[:, 1:order], matches.high_BD[:, 1:order]
    row_K, column_K = np.nonzero(low_BD < high_BD)
    return _Contexts(row_K, column_K + 1, low_BD[row_K, column_K], high_BD[row_K, column_K])


def _longest(matches: Matches, depth_B: np.ndarray) -> _Contexts:
    """The longest match of each row that has one at not too many places."""
    rows_B = np.arange(len(depth_B))
    low_B, high_B = matches.low_BD[rows_B, depth_B], matches.high_BD[rows_B, depth_B]
    is_read_B = (depth_B > 0) & (high_B - low_B <= MAX_PLACES)
    return _Contexts(rows_B, depth_B, low_B, high_B).take(is_read_B)


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
