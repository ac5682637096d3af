"""What a predictor offered behind every beginning of every line, as columns.

P beginnings (of all lines, in order), K ranks, N lines
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prompt_gen.engine.candidates import Candidate, family, stop
from prompt_gen.evaluate.numbers import Ratio
from prompt_gen.text import SENTENCE_ENDS

_CLAUSE_ENDS = SENTENCE_ENDS + "，,、：:.)）"


@dataclass(frozen=True)
class Offer:
    """What was shown at one key, best first, and what it took."""

    candidates: tuple[Candidate, ...]
    ms: float
    n_passes: int


def target(line: str, typed: int, max_chars: int) -> str:
    """The continuation that a perfect predictor would offer first behind `typed` characters.

    It ends as candidates do: at a sentence's end, the line's, or after `max_chars`.
    """
    found = stop(line[typed:], line[:typed], max_chars, ended=True)
    return found.completion if found is not None else ""


@dataclass(frozen=True)
class Typed:
    """Lines typed key by key: `offers[i][j]` is what was shown behind j + 1 characters of line i.

    Nothing is shown before the first key, nor behind the last one.
    """

    lines: Sequence[str]
    offers: Sequence[Sequence[Offer]]
    max_chars: int  # longest candidate
    n_ranks: int  # candidates asked for

    def __iter__(self) -> Iterator[tuple[int, int, Offer]]:
        """Line, characters typed and offer, for all P beginnings."""
        for i, row in enumerate(self.offers):
            for j, offer in enumerate(row, 1):
                yield i, j, offer

    @cached_property
    def line_P(self) -> np.ndarray:
        """Number of the line."""
        return np.repeat(np.arange(len(self.lines)), [len(row) for row in self.offers])

    @cached_property
    def length_P(self) -> np.ndarray:
        """Characters typed."""
        return np.array([j for _, j, _ in self], np.int64)

    @cached_property
    def target_P(self) -> list[str]:
        """What a perfect predictor would have offered."""
        return [target(self.lines[i], j, self.max_chars) for i, j, _ in self]

    @cached_property
    def size_PK(self) -> np.ndarray:
        """Characters of each candidate behind the caret; 0 where there is none."""
        return self._columns(lambda line, j, candidate: len(candidate.completion))

    @cached_property
    def right_PK(self) -> np.ndarray:
        """Leading characters of each candidate that are those of the line."""
        return self._columns(lambda line, j, candidate: n_right(line, j, candidate.completion))

    @cached_property
    def is_right_PK(self) -> np.ndarray:
        """Whether the candidate is right up to its end."""
        return (self.right_PK == self.size_PK) & (self.size_PK > 0)

    @cached_property
    def is_target_PK(self) -> np.ndarray:
        """Whether each candidate is the target, but for final marks."""
        families = [family(text) for text in self.target_P]
        found = np.zeros(self.size_PK.shape, bool)
        for row, (_, _, offer) in enumerate(self):
            for rank, candidate in enumerate(offer.candidates):
                found[row, rank] = family(candidate.completion) == families[row]
        return found

    @cached_property
    def is_clause_PK(self) -> np.ndarray:
        """Whether each candidate is the target, or right and ends with a clause or a word."""
        found = self.is_right_PK.copy()
        for row, rank in np.argwhere(found).tolist():
            end = int(self.length_P[row] + self.size_PK[row, rank])
            found[row, rank] = at_border(self.lines[int(self.line_P[row])], end)
        return found | self.is_target_PK

    @cached_property
    def score_PK(self) -> np.ndarray:
        """Probability that the predictor gave each candidate; 0 where there is none."""
        return self._columns(lambda line, j, candidate: candidate.score, np.float64)

    @cached_property
    def ms_P(self) -> np.ndarray:
        """Wall time of each key, milliseconds."""
        return np.array([offer.ms for _, _, offer in self])

    @cached_property
    def n_passes_P(self) -> np.ndarray:
        """Calls of the language model for each key."""
        return np.array([offer.n_passes for _, _, offer in self])

    def mean(self, values_P: np.ndarray, where_P: np.ndarray | None = None) -> Ratio:
        """The mean over beginnings, those where `where_P` is true only, as a number over lines."""
        where_P = np.ones(len(values_P), bool) if where_P is None else where_P
        return Ratio(self.total(values_P * where_P), self.total(where_P))

    def total(self, values_P: np.ndarray) -> np.ndarray:
        """Sums over the beginnings of each line [N]."""
        return np.bincount(self.line_P, np.asarray(values_P, float), len(self.lines))

    def _columns(
        self, of: Callable[[str, int, Candidate], float], dtype: type = np.int64
    ) -> np.ndarray:
        found = np.zeros((len(self.length_P), self.n_ranks), dtype)
        for row, (i, j, offer) in enumerate(self):
            for rank, candidate in enumerate(offer.candidates):
                found[row, rank] = of(self.lines[i], j, candidate)
        return found


def n_right(line: str, typed: int, completion: str) -> int:
    """Leading characters of a completion that the line goes on with behind `typed` characters."""
    if line.startswith(completion, typed):
        return len(completion)
    rest = line[typed : typed + len(completion)]
    pairs = zip(rest, completion, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(rest))


def at_border(line: str, at: int) -> bool:
    """Whether a clause, a word or the line ends before a character's place."""
    if at >= len(line):
        return True
    return (
        line[at - 1] in _CLAUSE_ENDS
        or line[at] in _CLAUSE_ENDS
        or line[at - 1].isspace()
        or line[at].isspace()
    )
