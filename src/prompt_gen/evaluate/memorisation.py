"""How much of what is offered stands in the training text as it is, and whether any is private.

A text is what was typed and the candidate behind it. Short ones are found in any text, and what the
user typed is no merit or fault of a predictor: those of 20 characters and more are looked up of
which 10 and more lie behind the caret, and a piece counts as shared when all of it does.

T texts, C candidates, N lines
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_gen.corpus.prefixes import MAX_CHARS, Seen, everywhere, in_batches
from prompt_gen.corpus.privacy import Privacy
from prompt_gen.evaluate.numbers import Median, Number, Ratio, Total
from prompt_gen.evaluate.typed import Typed

MIN_CHARS, MIN_NEW = 20, 10  # of a text that is looked up: in all, and behind the caret
MAX_TEXTS = 10_000  # candidates of a predictor that are looked up; of more, a sample
N_EXAMPLES = 20
_Row = tuple[int, int, str]  # line, characters typed, text


@dataclass(frozen=True)
class Shared:
    """What texts share with training lines."""

    chars: np.ndarray  # int64: of the longest piece from each character of all texts on, up to 64
    start_T: np.ndarray  # where each text begins in `chars`
    is_found_T: np.ndarray  # bool: it is in one as a whole; beyond 64 characters: all 64 in a row
    is_line_T: np.ndarray  # bool: it is a training line

    def common(self, text: int, first: int) -> int:
        """Characters of the longest shared piece of a text behind its first characters."""
        return int(self.chars[self.start_T[text] + first : self.start_T[text + 1]].max())


@dataclass(frozen=True)
class Memorisation:
    """Numbers of the table of metrics, how long common pieces are, and the longest."""

    numbers: dict[str, Number]
    common: list[dict[str, int]]  # chars, candidates
    examples: list[dict[str, Any]]  # typed, text, common, whole_line


def measure(offered: Sequence[Typed], train: Iterable[str], privacy: Privacy) -> list[Memorisation]:
    """What each predictor offered against the training lines, in one pass over them."""
    rows = [_rows(typed) for typed in offered]
    looked_up = [_looked_up(of_one) for of_one in rows]
    texts = list(dict.fromkeys(text for of_one in looked_up for _, _, text in of_one))
    found = shared(texts, train)
    numbers = {text: number for number, text in enumerate(texts)}
    return [
        _of(len(typed.lines), long, numbers, found, _private(of_one, len(typed.lines), privacy))
        for typed, of_one, long in zip(offered, rows, looked_up, strict=True)
    ]


def _rows(typed: Typed) -> list[_Row]:
    return [
        (i, j, typed.lines[i][:j] + candidate.completion)
        for i, j, offer in typed
        for candidate in offer.candidates
    ]


def _looked_up(rows: Sequence[_Row]) -> list[_Row]:
    """The long ones, or a sample of them."""
    long = [row for row in rows if len(row[2]) >= MIN_CHARS and len(row[2]) - row[1] >= MIN_NEW]
    return long if len(long) <= MAX_TEXTS else random.Random(0).sample(long, MAX_TEXTS)


def _of(
    n_lines: int,
    rows: Sequence[_Row],
    numbers: dict[str, int],
    found: Shared,
    private_N: np.ndarray,
) -> Memorisation:
    line_C = np.array([line for line, _, _ in rows], np.int64)
    text_C = np.array([numbers[text] for _, _, text in rows], np.int64)
    common_C = np.array([found.common(numbers[text], j) for _, j, text in rows], np.int64)
    all_N = np.bincount(line_C, minlength=n_lines)
    counts_NV = np.zeros((n_lines, MAX_CHARS + 1), np.int64)
    np.add.at(counts_NV, (line_C, common_C), 1)
    return Memorisation(
        {
            "recited_lines": Ratio(np.bincount(line_C, found.is_line_T[text_C], n_lines), all_N),
            "recited": Ratio(np.bincount(line_C, found.is_found_T[text_C], n_lines), all_N),
            "common_chars": Median(counts_NV),
            "private": Total(private_N),
        },
        [
            {"chars": chars, "candidates": n}
            for chars, n in enumerate(counts_NV.sum(axis=0).tolist())
            if n
        ],
        _examples(rows, common_C.tolist(), found.is_line_T[text_C].tolist()),
    )


def shared(texts: Sequence[str], train: Iterable[str]) -> Shared:
    """What each text shares with training lines, in one pass over them."""
    seen, is_line_T = Seen(texts, everywhere), np.zeros(len(texts), bool)
    numbers = {text: number for number, text in enumerate(texts)}

    def looked_up() -> Iterable[str]:
        for line in train:
            if (number := numbers.get(line)) is not None:
                is_line_T[number] = True
            yield line

    for batch in in_batches(looked_up()):
        seen.add(batch)
    chars = seen.chars().astype(np.int64)  # of what begins at each character of all texts
    sizes_T = np.array([len(text) for text in texts], np.int64)
    start_T = np.concatenate([[0], np.cumsum(sizes_T)])
    text = np.repeat(np.arange(len(texts)), sizes_T)
    left = start_T[1:][text] - np.arange(len(text))
    is_found_T = np.ones(len(texts), bool)
    is_found_T[text[chars < np.minimum(left, MAX_CHARS)]] = False
    return Shared(chars, start_T, is_found_T, is_line_T)


def _private(rows: Sequence[_Row], n_lines: int, privacy: Privacy) -> np.ndarray:
    """Candidates of each line with private data that does not end before the caret [N]."""
    distinct = {text for _, _, text in rows}
    ends = {text: max((f.end for f in privacy.find(text)), default=0) for text in distinct}
    lines = [line for line, n_typed, text in rows if ends[text] > n_typed]
    return np.bincount(np.array(lines, np.int64), minlength=n_lines)


def _examples(
    rows: Sequence[_Row], common: Sequence[int], is_line: Sequence[bool]
) -> list[dict[str, Any]]:
    """The texts with the longest shared pieces, each behind the fewest characters that gave it."""
    best: dict[str, dict[str, Any]] = {}
    order = sorted(range(len(rows)), key=lambda at: (-common[at], rows[at][1], rows[at][2]))
    for at in order:
        if common[at] < MIN_NEW or len(best) == N_EXAMPLES:
            break
        _, n_typed, text = rows[at]
        best.setdefault(
            text,
            {
                "typed": text[:n_typed],
                "text": text[n_typed:],
                "common": common[at],
                "whole_line": bool(is_line[at]),
            },
        )
    return list(best.values())
