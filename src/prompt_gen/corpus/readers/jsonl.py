"""JSON lines: a string or an object on each line."""

import json
from collections.abc import Iterator

from prompt_gen.corpus.encoding import Unfinished
from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.fields import Chooser
from prompt_gen.corpus.readers.text import lines

MAX_LINE_CHARS = 1 << 26


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every line's value."""
    yield from Chooser(reading).texts(values(reading))


def values(reading: Reading) -> Iterator[tuple[int, object, str]]:
    """Every line: its number, its value, and why there is none."""
    number, is_too_long = 1, False
    for text in lines(reading, MAX_LINE_CHARS):
        if type(text) is Unfinished:
            is_too_long = True
            continue
        if is_too_long:
            yield number, None, f"longer than {MAX_LINE_CHARS:,} characters"
        elif not text or text.isspace():
            yield number, None, "blank"
        else:
            try:
                yield number, json.loads(text), ""
            except (ValueError, RecursionError):
                yield number, None, "not JSON"
        is_too_long = False
        number += 1
