"""Interpolated modified Kneser-Ney n-gram models over token ids: exact, dense, memory-mapped.

The probability of a token w behind a context h, with h' the context without its first token:

    p(w | h) = (a(h w) - D(a(h w))) / sum_x a(h x)  +  gamma(h) p(w | h')

where a is how often an n-gram of the highest order occurs, and of a lower order how many different
tokens come before it (how often it occurs, if it begins with BOS, as nothing comes before that).
Behind no context at all the second part is uniform over the outcomes: all ids but BOS.
Source: Chen and Goodman 1998, "An Empirical Study of Smoothing Techniques for Language Modeling",
equations 24 to 27; n-grams with BOS as in Heafield et al. 2013, "Scalable Modified Kneser-Ney
Language Model Estimation".

The n-grams of order k are the rows of level k, sorted by the row of their first k - 1 tokens in
level k - 1 and then by their last token, so that all that was seen behind a context is one range.

T tokens of all lines, n rows of a level, V vocabulary
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged
from prompt_gen.storage import save_array

Line = Sequence[int] | np.ndarray  # token ids
State = tuple[int, int]  # level and row of the longest context that was seen

START: State = (0, 0)
FALLBACK_DISCOUNTS = (0.5, 1.0, 1.5)  # as kenlm's, where counts are too few to tell


@dataclass(frozen=True)
class _Grams:
    """The different n-grams of one order."""

    parents_n: np.ndarray  # row, one level below, without the last token
    suffixes_n: np.ndarray  # row, one level below, without the first token
    tokens_n: np.ndarray  # last token
    counts_n: np.ndarray  # occurrences
    is_first_n: np.ndarray  # bool: begins with BOS


def build(
    lines: Iterable[tuple[Line, int]],
    size: int,
    bos: int,
    eos: int,
    order: int,
    directory: Path,
) -> None:
    """Write the model of lines into a directory.

    A line is its token ids, without BOS and EOS, and how often it occurs; no n-gram reaches over
    its borders. `size` is the number of ids there are, seen or not.
    """
    levels = _counted(_joined(lines, bos, eos), size, bos, order)
    for k, grams in enumerate(levels, start=1):
        behind = levels[k] if k < order else None
        n_parents = len(levels[k - 2].tokens_n) if k > 1 else 1
        probs_n, gammas = _estimated(grams.parents_n, _adjusted(grams, behind), n_parents)
        if k == 1:
            probs_n = probs_n + gammas[0] / (size - 1)
            probs_n[bos] = 0
        else:
            _write(directory, "gammas", k - 1, gammas.astype(np.float32))
            _write(directory, "tokens", k, grams.tokens_n)
        _write(directory, "probs", k, probs_n.astype(np.float32))
        if behind is not None:
            _write(directory, "suffixes", k, grams.suffixes_n)
            borders = np.searchsorted(behind.parents_n, np.arange(len(probs_n) + 1))
            _write(directory, "starts", k, borders.astype(np.int32))


@dataclass(frozen=True)
class _Text:
    """All lines end to end; for each token, where its line ends and how often that occurs."""

    ids_T: np.ndarray
    ends_T: np.ndarray
    counts_T: np.ndarray


def _joined(lines: Iterable[tuple[Line, int]], bos: int, eos: int) -> _Text:
    ids, lengths, counts = array("i"), array("i"), array("q")
    for line, count in lines:
        ids.append(bos)
        ids.extend(line)
        ids.append(eos)
        lengths.append(len(line) + 2)
        counts.append(count)
    ends = np.cumsum(lengths, dtype=np.int64)
    return _Text(np.array(ids, np.int32), np.repeat(ends, lengths), np.repeat(counts, lengths))


def _counted(text: _Text, size: int, bos: int, order: int) -> list[_Grams]:
    """The n-grams of every order; those of order 1 are all ids, in order."""
    all_ids = np.arange(size, dtype=np.int32)
    nothing = np.zeros(size, np.int32)
    counts = np.bincount(text.ids_T, text.counts_T, size).astype(np.int64)
    counts[bos] = 0  # no outcome
    levels = [_Grams(nothing, nothing, all_ids, counts, all_ids == bos)]
    rows_T = text.ids_T  # of the n-gram that begins at each place
    for k in range(2, order + 1):
        places = np.flatnonzero(np.arange(k, len(rows_T) + k) <= text.ends_T)
        keys = rows_T[places].astype(np.int64) * size + text.ids_T[places + k - 1]
        keys_n, rows = np.unique(keys, return_inverse=True)
        counts_n = np.bincount(rows, text.counts_T[places], len(keys_n)).astype(np.int64)
        suffixes_n = np.zeros(len(keys_n), np.int32)
        suffixes_n[rows] = rows_T[places + 1]
        parents_n, tokens_n = (part.astype(np.int32) for part in np.divmod(keys_n, size))
        is_first_n = levels[-1].is_first_n[parents_n]
        levels.append(_Grams(parents_n, suffixes_n, tokens_n, counts_n, is_first_n))
        rows_T = np.zeros_like(rows_T)
        rows_T[places] = rows
    return levels


def _adjusted(grams: _Grams, behind: _Grams | None) -> np.ndarray:
    """The counts a of the formula; `behind` are the n-grams of one order more, if there are any."""
    if behind is None:
        return grams.counts_n
    n_before = np.bincount(behind.suffixes_n, minlength=len(grams.tokens_n))
    return np.where(grams.is_first_n, grams.counts_n, n_before)


def _estimated(
    parents_n: np.ndarray, counts_n: np.ndarray, n_parents: int
) -> tuple[np.ndarray, np.ndarray]:
    """First part of the formula for each n-gram, and gamma for each row one level below."""
    discounts_n = np.array((0, *discounts(counts_n)))[np.minimum(counts_n, 3)]
    totals = np.bincount(parents_n, counts_n, n_parents)
    shared = np.bincount(parents_n, discounts_n, n_parents)
    gammas = np.divide(shared, totals, out=np.ones(n_parents), where=totals > 0)
    return (counts_n - discounts_n) / np.maximum(totals, 1)[parents_n], gammas


def discounts(counts: np.ndarray) -> tuple[float, ...]:
    """What is taken off counts of 1, of 2, and of 3 and more."""
    return discounts_by(np.bincount(np.minimum(counts, 5), minlength=6)[:5])


def discounts_by(n: np.ndarray) -> tuple[float, ...]:
    """The same, from how many n-grams count 0, 1, 2, 3 and 4.

    `FALLBACK_DISCOUNTS` where one of them cannot be told, or would leave nothing to share.
    Source: Chen and Goodman 1998, equation 26.
    """
    if not n[1:4].all():
        return FALLBACK_DISCOUNTS
    y = n[1] / (n[1] + 2 * n[2])
    found = tuple(float(i - (i + 1) * y * n[i + 1] / n[i]) for i in (1, 2, 3))
    usable = all(0 < discount <= i for i, discount in enumerate(found, start=1))
    return found if usable else FALLBACK_DISCOUNTS


def _write(directory: Path, name: str, level: int, values: np.ndarray) -> None:
    save_array(directory / f"{name}-{level}.npy", values)


@dataclass(frozen=True)
class KneserNey:
    """A model on disk; processes that open the same one share its memory.

    Entry k of each list belongs to level k; level 0 is behind no context, its lists have nothing.
    """

    order: int
    probs: list[np.ndarray]  # float32 [n]; of level 1 whole probabilities [V]
    tokens: list[np.ndarray]  # int32 [n]: last tokens, ascending within a context
    starts: list[np.ndarray]  # int32 [n + 1]: range of one level more that goes on from each row
    gammas: list[np.ndarray]  # float32 [n]
    suffixes: list[np.ndarray]  # int32 [n]: row, one level below, without the first token

    @property
    def size(self) -> int:
        """Number of ids."""
        return len(self.probs[1])

    def step(self, state: State, token: int) -> State:
        """The state one token further: the longest context of order - 1 tokens that was seen."""
        level, row = state
        if self.order == 1:
            return START
        if level == self.order - 1:
            level, row = level - 1, int(self.suffixes[level][row])
        while level:
            at = self._row(level, row, token)
            if at is not None:
                return level + 1, at
            level, row = level - 1, int(self.suffixes[level][row])
        return 1, token

    def state(self, context: Sequence[int]) -> State:
        """The state behind a context, BOS included where the line begins in it."""
        state = START
        for token in context[max(0, len(context) - self.order + 1) :]:
            state = self.step(state, int(token))
        return state

    def behind(self, state: State) -> np.ndarray:
        """Probabilities of the next token, float32 [V]; BOS has none."""
        (level, row), weight = state, 1.0
        seen: list[tuple[np.ndarray, np.ndarray]] = []
        while level:
            start, end = self._range(level, row)
            probs = self.probs[level + 1][start:end]
            seen.append((self.tokens[level + 1][start:end], probs * np.float32(weight)))
            weight *= float(self.gammas[level][row])
            level, row = level - 1, int(self.suffixes[level][row])
        probs_V = self.probs[1] * np.float32(weight)
        for tokens, probs in seen:
            probs_V[tokens] += probs
        return probs_V

    def distribution(self, context: Sequence[int]) -> np.ndarray:
        """Probabilities of the next token behind a context, float32 [V]; BOS has none."""
        return self.behind(self.state(context))

    def probability(self, state: State, token: int) -> float:
        """The probability of one token behind a state: an entry of `behind`, found alone."""
        (level, row), weight, found = state, 1.0, 0.0
        while level:
            at = self._row(level, row, token)
            if at is not None:
                found += weight * float(self.probs[level + 1][at])
            weight *= float(self.gammas[level][row])
            level, row = level - 1, int(self.suffixes[level][row])
        return found + weight * float(self.probs[1][token])

    def nats(self, line: Line) -> float:
        """Minus the logarithm of a line's probability; its first token, BOS, is given."""
        state, found = self.step(START, int(line[0])), 0.0
        for token in map(int, line[1:]):
            found -= math.log(self.probability(state, token))
            state = self.step(state, token)
        return found

    def _row(self, level: int, row: int, token: int) -> int | None:
        """The row, one level above, of a context with a token behind it; none: not seen."""
        start, end = self._range(level, row)
        at = start + int(self.tokens[level + 1][start:end].searchsorted(token))
        return at if at < end and self.tokens[level + 1][at] == token else None

    def _range(self, level: int, row: int) -> tuple[int, int]:
        starts = self.starts[level]
        return int(starts[row]), int(starts[row + 1])


def load(directory: Path) -> KneserNey:
    """The model that `build` wrote into a directory.

    Raises:
        Damaged: there is none, or it cannot be read.
    """
    order = max(1, len(list(directory.glob("probs-*.npy"))))
    try:
        return KneserNey(
            order=order,
            probs=_levels(directory, "probs", 1, order),
            tokens=_levels(directory, "tokens", 2, order),
            starts=_levels(directory, "starts", 1, order - 1),
            gammas=_levels(directory, "gammas", 1, order - 1),
            suffixes=_levels(directory, "suffixes", 1, order - 1),
        )
    except (OSError, ValueError) as error:
        raise Damaged(
            f"the n-grams in '{directory}' cannot be read: {error}",
            "Remove the directory, and they are counted again",
        ) from error


def _levels(directory: Path, name: str, first: int, last: int) -> list[np.ndarray]:
    """Mapped arrays by level; a plain array over the map is quicker to index than the map."""
    levels = range(first, last + 1)
    paths = [directory / f"{name}-{level}.npy" for level in levels]
    return [np.empty(0)] * first + [np.asarray(np.load(path, mmap_mode="r")) for path in paths]
