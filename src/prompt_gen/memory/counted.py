"""What followed what in some lines: few enough to be counted again whenever they change.

    p(w | h) = (n(h, w) + c(h) p(w | h')) / (n(h) + c(h)),    from the shortest h to the longest

h' is h without its first token; before the shortest, of one token, stands a distribution from
elsewhere. So p sums to one as that does.

    c(h) = CONCENTRATION * different w behind h * (wrong / right) ** STEEPNESS

What was followed by many things says little of the next. Nor do counts of somebody who does not
repeat himself: right is the share of tokens that the other counts behind as many tokens foretell in
these same lines. It mostly rises with the length of h, and c falls. Sources: MacKay and Peto 1995,
"A hierarchical Dirichlet language model"; Witten and Bell 1991 for the different followers; Jelinek
and Mercer 1980 for judging counts by what was left out of them.

T tokens of all lines, P places, S tokens that followed a context, V vocabulary
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

LONGEST = 4  # tokens of a context that are looked at
# Chosen by bits, and then by keystrokes, of lines in the order they were written: of authors that
# the model had never read, and of such as it was trained on, for whom nothing must get worse.
CONCENTRATION, STEEPNESS = 5.0, 1.5
_RIGHT, _N_BEFORE = 0.3, 50  # what is believed of unknown lines, as if so many tokens had shown it
_JUDGED = 20_000  # newest tokens that counts are judged by
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd: names of contexts for 64 bits


@dataclass(frozen=True)
class Counted:
    """Lines, each from BOS to EOS, one behind the other; their weights are those at `when`."""

    text_T: np.ndarray
    weight_T: np.ndarray  # what each place counts
    sender_T: np.ndarray | None  # who sent it, if each counts an n-gram once; none: all count
    when: float  # seconds
    concentrations: tuple[float, ...]  # for each different follower, by tokens of the context
    places_P: np.ndarray  # that something follows, in the order of their tokens
    token_P: np.ndarray  # at those places

    def applied(self, context: Sequence[int], share: float, row_V: np.ndarray) -> np.ndarray | None:
        """The distribution behind a context, from another one; none where the context is new.

        `share` is what is left by now of a count.
        """
        left, pieces = 1.0, []
        followers = list(self._followers(context))
        for per_token, (token_S, count_S) in reversed(
            list(zip(self.concentrations, followers, strict=False))
        ):
            count_S = count_S * share
            # A count below one is an old one, whose token is no whole different token any more.
            prior = per_token * max(1.0, float(np.minimum(count_S, 1).sum()))
            total = float(count_S.sum()) + prior
            pieces.append((token_S, count_S * (left / total)))
            left *= prior / total
        if not pieces:
            return None
        adjusted_V = row_V * left
        for token_S, share_S in pieces:
            adjusted_V[token_S] += share_S
        return adjusted_V

    def _followers(self, context: Sequence[int]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """What followed the last token, the last two, and so on, and what that counts."""
        if not context:
            return
        low, high = self.token_P.searchsorted([context[-1], context[-1] + 1])
        places_P = self.places_P[low:high]
        for depth in range(1, min(LONGEST, len(context)) + 1):
            # Before the first line stands the end of the last one, which is in no context.
            places_P = places_P[self.text_T[places_P - depth + 1] == context[-depth]]
            if not len(places_P):
                return
            yield self._counts(places_P)

    def _counts(self, places_P: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        token_P, weight_P = self.text_T[places_P + 1], self.weight_T[places_P]
        if len(places_P) == 1:  # as it is with most of the longer contexts
            return token_P, weight_P
        if self.sender_T is not None:
            heaviest_P = np.argsort(-weight_P, kind="stable")
            pair_P = np.stack([token_P, self.sender_T[places_P]])[:, heaviest_P]
            first = heaviest_P[np.unique(pair_P, axis=1, return_index=True)[1]]
            token_P, weight_P = token_P[first], weight_P[first]
        token_S, row_P = np.unique(token_P, return_inverse=True)
        return token_S, np.bincount(row_P, weight_P)


def of_one(
    lines: Sequence[np.ndarray], weights: Sequence[float], n_times: Sequence[int], when: float
) -> Counted:
    """Counts of one writer's lines (ids from BOS to EOS), oldest first.

    `weights` is what each line counts, `n_times` how often it was written.
    """
    text_T, lengths = _joined(lines)
    concentrations = _concentrations(text_T, np.repeat(n_times, lengths))
    weight_T = np.repeat(np.array(weights, float), lengths)
    return Counted(text_T, weight_T, None, when, concentrations, *_places(text_T))


def of_many(
    lines: Sequence[np.ndarray], weights: Sequence[float], senders: Sequence[int], when: float
) -> Counted:
    """Counts of lines that several writers have sent, of which each counts an n-gram once.

    That they have sent the same says nothing of how well it foretells others: that is not judged.
    """
    text_T, lengths = _joined(lines)
    weight_T = np.repeat(np.array(weights, float), lengths)
    sender_T = np.repeat(np.array(senders, np.int64), lengths)
    concentrations = (_concentration(0, 0),) * LONGEST
    return Counted(text_T, weight_T, sender_T, when, concentrations, *_places(text_T))


def _joined(lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(lines), np.array([len(line) for line in lines])


def _places(text_T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places that something of the same line follows, in the order of their tokens, and those."""
    places_P = np.flatnonzero(text_T != text_T[-1])
    places_P = places_P[np.argsort(text_T[places_P], kind="stable")]
    return places_P, text_T[places_P]


def _concentrations(text_T: np.ndarray, n_times_T: np.ndarray) -> tuple[float, ...]:
    """How little counts are believed, by tokens of the context, from how well they foretell."""
    text_T, n_times_T = text_T[-_JUDGED:].astype(np.uint64), n_times_T[-_JUDGED:]
    place_P = np.flatnonzero(text_T[:-1] != text_T[-1])
    context_P, found = np.zeros(len(place_P), np.uint64), []
    for depth in range(1, LONGEST + 1):
        before_P = text_T[place_P - depth + 1]  # round the end of the text lies an end of a line
        is_inside_P = before_P != text_T[-1]
        place_P, context_P = place_P[is_inside_P], context_P[is_inside_P]
        context_P = (context_P + before_P[is_inside_P] + np.uint64(1)) * _SPREAD
        gram_P = (context_P + text_T[place_P + 1] + np.uint64(1)) * _SPREAD
        found.append(_concentration(*_foretold(context_P, gram_P, n_times_T[place_P])))
    return tuple(found)


def _foretold(
    context_P: np.ndarray, gram_P: np.ndarray, n_times_P: np.ndarray
) -> tuple[float, float]:
    """Tokens whose context stands elsewhere too, and of them what the others say rightly."""
    n_context_P, n_gram_P = (
        np.bincount(name_P, n_times_P)[name_P]
        for name_P in (np.unique(p, return_inverse=True)[1] for p in (context_P, gram_P))
    )
    is_again_P = n_context_P > 1
    right_P = (n_gram_P - 1) / np.maximum(n_context_P - 1, 1)
    return float(n_times_P[is_again_P].sum()), float((n_times_P * right_P)[is_again_P].sum())


def _concentration(n: float, n_right: float) -> float:
    right = (n_right + _RIGHT * _N_BEFORE) / (n + _N_BEFORE)
    return CONCENTRATION * ((1 - right) / right) ** STEEPNESS
