"""What followed what in some lines: few enough to be counted again whenever they change.

    p(w | h) = (n(h, w) + c(h) p(w | h')) / (n(h) + c(h)),    from the shortest h to the longest

h' is h without its first token; behind the shortest stands a distribution from elsewhere. So p sums
to one as that does. c(h) is CONCENTRATION for each different w behind h: what was followed by many
things says little of the next. Source: MacKay and Peto 1995, "A hierarchical Dirichlet language
model", with the different followers of Witten and Bell 1991 in place of a constant.

T tokens of all lines, P places, S tokens that followed a context, V vocabulary
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# By tokens of the context, from 1 on. Chosen by bits of lines in the order they were written, of
# writers that the model had never read and of such as it was trained on (benchmarks/personal.py).
CONCENTRATION = (9.0, 8.0, 8.0, 5.0)
LONGEST = len(CONCENTRATION)  # tokens of a context that are looked at


@dataclass(frozen=True)
class Counted:
    """Lines, each from BOS to EOS, one behind the other; counts were what they are at `when`."""

    text_T: np.ndarray
    weight_T: np.ndarray  # what each place counts
    sender_T: np.ndarray | None  # who sent it, if each counts an n-gram once; none: all count
    when: float  # seconds
    places_P: np.ndarray  # that something follows, in the order of their tokens
    token_P: np.ndarray  # at those places

    def applied(self, context: Sequence[int], share: float, row_V: np.ndarray) -> np.ndarray | None:
        """The distribution behind a context, from another one; none where the context is new.

        `share` is what is left by now of a count.
        """
        left, found = 1.0, list(self._followers(context))
        if not found:
            return None
        pieces = []
        for concentration, (token_S, count_S) in reversed(
            list(zip(CONCENTRATION, found, strict=False))
        ):
            count_S = count_S * share
            # A count below one is an old one, whose token is no longer a whole different token.
            prior = concentration * max(1.0, float(np.minimum(count_S, 1).sum()))
            total = float(count_S.sum()) + prior
            pieces.append((token_S, count_S * (left / total)))
            left *= prior / total
        adjusted_V = row_V * left
        for token_S, share_S in pieces:
            adjusted_V[token_S] += share_S
        return adjusted_V

    def _followers(self, context: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """What followed the last token, the last two, and so on, and what that counts."""
        places_P = self.places_P[slice(*self.token_P.searchsorted([context[-1], context[-1] + 1]))]
        for depth in range(1, min(LONGEST, len(context)) + 1):
            # Before the first line stands the end of the last one, which is in no context.
            places_P = places_P[self.text_T[places_P - depth + 1] == context[-depth]]
            if not len(places_P):
                return
            yield self._counts(places_P)

    def _counts(self, places_P: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        token_P, weight_P = self.text_T[places_P + 1], self.weight_T[places_P]
        if self.sender_T is not None:
            heaviest_P = np.argsort(-weight_P, kind="stable")
            pair_P = np.stack([token_P, self.sender_T[places_P]])[:, heaviest_P]
            first = heaviest_P[np.unique(pair_P, axis=1, return_index=True)[1]]
            token_P, weight_P = token_P[first], weight_P[first]
        token_S, row_P = np.unique(token_P, return_inverse=True)
        return token_S, np.bincount(row_P, weight_P)


def count(
    lines: Sequence[np.ndarray],
    weights: Sequence[float],
    when: float,
    senders: Sequence[int] | None = None,
) -> Counted:
    """Counts of lines (ids from BOS to EOS), of which each weighs so much and is someone's."""
    lengths = [len(line) for line in lines]
    text_T = np.concatenate([np.zeros(0, np.int64), *lines])
    ends = np.cumsum(lengths, dtype=np.int64) - 1
    places_P = np.delete(np.arange(len(text_T)), ends)
    places_P = places_P[np.argsort(text_T[places_P], kind="stable")]
    return Counted(
        text_T,
        np.repeat(np.array(weights, float), lengths),
        None if senders is None else np.repeat(np.array(senders, np.int64), lengths),
        when,
        places_P,
        text_T[places_P],
    )
