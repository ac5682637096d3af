"""How much of what is offered stands in the training text as it is, and whether any is private.

A text is what was typed and the candidate behind it. Short ones are found in any text; those of 20
characters and more are looked up.

T texts, C candidates, N lines
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_gen.corpus.prefixes import MAX_CHARS, Seen, everywhere, in_batches
from prompt_gen.corpus.privacy import Privacy
from prompt_gen.evaluate.numbers import Median, Number, Ratio, Total
from prompt_gen.evaluate.typed import Typed

MIN_CHARS = 20  # of a text that is looked up, and of a piece of one that is shown
N_EXAMPLES = 20
_Row = tuple[int, int, str]  # line, characters typed, text


@dataclass(frozen=True)
class Shared:
    """What texts share with training lines."""

    common_T: np.ndarray  # int64: characters of the longest piece in one training line, up to 64
    is_found_T: np.ndarray  # bool: it is in one as a whole; beyond 64 characters: all 64 in a row
    is_line_T: np.ndarray  # bool: it is a training line


@dataclass(frozen=True)
class Memorisation:
    """Numbers of the table of metrics, how long common pieces are, and the longest."""

    numbers: dict[str, Number]
    common: list[dict[str, int]]  # chars, candidates
    examples: list[dict[str, Any]]  # typed, text, common, whole_line


def measure(typed: Typed, train: Iterable[str], privacy: Privacy) -> Memorisation:
    """What was offered against the training lines, in one pass over them."""
    rows = [
        (i, j, typed.lines[i][:j] + candidate.completion)
        for i, j, offer in typed
        for candidate in offer.candidates
    ]
    long = [row for row in rows if len(row[2]) >= MIN_CHARS]
    numbers = {text: number for number, text in enumerate(dict.fromkeys(row[2] for row in long))}
    found = shared(list(numbers), train)
    line_C = np.array([line for line, _, _ in long], np.int64)
    text_C = np.array([numbers[text] for _, _, text in long], np.int64)
    common_C = found.common_T[text_C]
    n_lines = len(typed.lines)
    all_N = np.bincount(line_C, minlength=n_lines)
    counts_NV = np.zeros((n_lines, MAX_CHARS + 1), np.int64)
    np.add.at(counts_NV, (line_C, common_C), 1)
    return Memorisation(
        {
            "recited_lines": Ratio(np.bincount(line_C, found.is_line_T[text_C], n_lines), all_N),
            "recited": Ratio(np.bincount(line_C, found.is_found_T[text_C], n_lines), all_N),
            "common_chars": Median(counts_NV),
            "private": Total(_private(rows, n_lines, privacy)),
        },
        [
            {"chars": chars, "candidates": n}
            for chars, n in enumerate(counts_NV.sum(axis=0).tolist())
            if n
        ],
        _examples(long, list(numbers), found),
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
    text = np.repeat(np.arange(len(texts)), sizes_T)
    left = np.cumsum(sizes_T)[text] - np.arange(len(text))
    common_T, is_found_T = np.zeros(len(texts), np.int64), np.ones(len(texts), bool)
    np.maximum.at(common_T, text, chars)
    is_found_T[text[chars < np.minimum(left, MAX_CHARS)]] = False
    return Shared(common_T, is_found_T, is_line_T)


def _private(rows: Sequence[_Row], n_lines: int, privacy: Privacy) -> np.ndarray:
    """Candidates of each line with private data that does not end before the caret [N]."""
    distinct = {text for _, _, text in rows}
    ends = {text: max((f.end for f in privacy.find(text)), default=0) for text in distinct}
    lines = [line for line, n_typed, text in rows if ends[text] > n_typed]
    return np.bincount(np.array(lines, np.int64), minlength=n_lines)


def _examples(rows: Sequence[_Row], texts: Sequence[str], found: Shared) -> list[dict[str, Any]]:
    """The texts with the longest common pieces, behind the fewest characters that gave each."""
    fewest: dict[str, int] = {}
    for _, n_typed, text in rows:
        fewest[text] = min(n_typed, fewest.get(text, n_typed))
    known = zip(texts, found.common_T.tolist(), found.is_line_T.tolist(), strict=True)
    examples = [
        {"typed": text[: fewest[text]], "text": text, "common": common, "whole_line": is_line}
        for text, common, is_line in known
        if common >= MIN_CHARS
    ]
    examples.sort(key=lambda one: (-one["common"], not one["whole_line"], one["text"]))
    return examples[:N_EXAMPLES]
