"""Finds of the user's own words."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from prompt_gen.errors import BadText, from_os_error

Span = tuple[int, int]


class Words:
    """Finds the given words, letter case aside, the longest at each place.

    A word that begins or ends with a Latin letter or digit is not found inside a longer one.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {folded(word.strip()) for word in words} - {""}
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        self._first = re.compile(f"[{re.escape(''.join(lengths))}]") if lengths else None

    def __call__(self, text: str) -> Iterator[Span]:
        """Where words stand, without overlap."""
        line, at = folded(text), 0
        while self._first and (first := self._first.search(line, at)):
            start = first.start()
            end = next((e for e in self._ends(line, start) if _is_whole(line, start, e)), None)
            if end is not None:
                yield start, end
            at = end or start + 1

    def _ends(self, line: str, at: int) -> Iterator[int]:
        for n in self._lengths.get(line[at], ()):
            if line[at : at + n] in self._words:
                yield at + n


def folded(text: str) -> str:
    """The text without letter case, character by character, so that places stay the same."""
    whole = text.casefold()
    if len(whole) == len(text):
        return whole
    return "".join(f if len(f := c.casefold()) == 1 else c for c in text)


def _is_whole(line: str, start: int, end: int) -> bool:
    before, after = line[start - 1 : start], line[end : end + 1]
    return not (_joins(before, line[start]) or _joins(line[end - 1], after))


def _joins(left: str, right: str) -> bool:
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


def read_words(path: str) -> list[str]:
    """The words of a file, one on each line; none without a path.

    Raises:
        NotFound, StorageError: the file cannot be read.
        BadText: it is not UTF-8.
    """
    if not path:
        return []
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise from_os_error(error) from error
    except UnicodeDecodeError as error:
        raise BadText(f"'{path}' is not UTF-8: {error}", "Convert it to UTF-8") from error
    return [word for line in text.splitlines() if (word := line.strip())]
