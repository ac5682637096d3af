"""A JSON array of strings or objects, read element by element.

An element that is broken is accounted for as one record, and reading goes on at the next line that
begins like an element.
"""

import json
import re
from collections.abc import Iterator

from prompt_gen.corpus.encoding import Unfinished
from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.fields import Chooser
from prompt_gen.corpus.readers.text import lines
from prompt_gen.errors import BadText

MAX_ELEMENT_CHARS = 1 << 26
_BETWEEN = re.compile(r"[\s,]*")
_NEXT_OBJECT = re.compile(r"[}\n]\s*,?\s*(?=[{\]])")
_NEXT_STRING = re.compile(r'[,\n]\s*(?=["{\[\]])')
_BATCH_CHARS = 1 << 16


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every element; the first one has the number 1."""
    yield from Chooser(reading).texts(_elements(reading))


def _elements(reading: Reading) -> Iterator[tuple[int, object, str]]:
    window = _Window(reading)
    window.skip(_BETWEEN)
    if window.peek() != "[":
        yield from _one_by_one(window, reading)
        return
    window.at += 1
    number = 1
    while True:
        window.skip(_BETWEEN)
        if not window.peek():
            return
        if window.peek() == "]":
            window.at += 1
            window.skip(_BETWEEN)
            if not window.peek():
                return
            continue  # several arrays one behind the other, or junk behind the last
        yield number, *window.value()
        number += 1


def _one_by_one(window: "_Window", reading: Reading) -> Iterator[tuple[int, object, str]]:
    """What is no array may be values one behind the other, as in JSON lines."""
    number = 0
    while window.peek():
        number += 1
        value, bad = window.value()
        if bad and number == 1:
            raise BadText(
                f"'{reading.name}' is not JSON",
                'Give an array such as ["first line", "second line"], or another --format',
            )
        yield number, value, bad
        window.skip(_BETWEEN)


class _Window:
    """The part of a file that has been read and not yet parsed."""

    def __init__(self, reading: Reading) -> None:
        self._lines = lines(reading, _BATCH_CHARS)
        self._decoder = json.JSONDecoder()
        self._ended = False
        self.text = ""
        self.at = 0

    def peek(self) -> str:
        """The next character, or an empty string at the end."""
        while self.at >= len(self.text) and self._more(_BATCH_CHARS):
            pass
        return self.text[self.at : self.at + 1]

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind all that the pattern matches."""
        while True:
            match = pattern.match(self.text, self.at)
            self.at = match.end() if match else self.at
            if self.at < len(self.text) or not self._more(_BATCH_CHARS):
                return

    def value(self) -> tuple[object, str]:
        """The value that begins here, or why there is none; goes behind it."""
        wanted = _BATCH_CHARS
        while True:
            error: Exception
            try:
                value, end = self._decoder.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as caught:
                error = caught
            else:
                if end < len(self.text) or not self._more(wanted):
                    self.at = end
                    return value, ""
                continue
            is_cut = isinstance(error, json.JSONDecodeError) and self._reached_end(error)
            if not is_cut or wanted > MAX_ELEMENT_CHARS or not self._more(wanted):
                self._go_on()
                return None, "not JSON"
            wanted *= 2  # so that a long element is parsed few times

    def _reached_end(self, error: json.JSONDecodeError) -> bool:
        """An element that is only not all there yet fails at the end, or in its last string."""
        return error.pos >= len(self.text) - 8 or "Unterminated string" in error.msg

    def _go_on(self) -> None:
        """Behind a broken element: where the next one seems to begin."""
        pattern = _NEXT_OBJECT if self.text.startswith("{", self.at) else _NEXT_STRING
        self.at += 1
        while not (match := pattern.search(self.text, self.at)):
            self.at = max(self.at, len(self.text) - 64)  # half of the sign may be at the end
            if not self._more(_BATCH_CHARS):
                self.at = len(self.text)
                return
        self.at = match.end()

    def _more(self, n_chars: int) -> bool:
        """Read on; false at the end of the file."""
        if self._ended:
            return False
        pieces, size = [], 0
        for line in self._lines:
            pieces += [line] if type(line) is Unfinished else [line, "\n"]
            size += len(line) + 1
            if size >= n_chars:
                break
        else:
            self._ended = True
        self.text = self.text[self.at :] + "".join(pieces)
        self.at = 0
        return bool(pieces)
