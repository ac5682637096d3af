"""Comma-separated values as in RFC 4180: cells may be quoted and then hold line ends.

A quote that is never closed does not swallow the lines behind it: after `MAX_RECORD_LINES` lines
the first one is read as if its quotes were letters.
"""

import csv
from collections.abc import Iterator

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.table import Row, rows_to_lines
from prompt_gen.corpus.readers.text import lines

MAX_RECORD_LINES = 100
DELIMITERS = ",;\t|"
_MAX_LINE_CHARS = 1 << 26


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every record; its number is that of its first line."""
    yield from rows_to_lines(_rows(reading), reading)


def _rows(reading: Reading) -> Iterator[Row]:
    source = enumerate(lines(reading, _MAX_LINE_CHARS), 1)
    waiting: list[tuple[int, str]] = []  # read ahead and not yet used
    delimiter = ""
    while True:
        record: list[str] = []
        number, inside, n_used = 0, False, 0
        while n_used < MAX_RECORD_LINES:
            if n_used == len(waiting):
                item = next(source, None)
                if item is None:
                    break
                waiting.append(item)
            n, text = waiting[n_used]
            delimiter = delimiter or _delimiter(text)
            number = number or n
            record.append(text)
            n_used += 1
            inside = _inside_at_end(text, inside, delimiter)
            if not inside:
                break
        if not record:
            return
        if inside:  # never closed
            del waiting[:1]
            yield number, record[0].split(delimiter), delimiter
        else:
            del waiting[:n_used]
            yield number, _cells("\n".join(record), delimiter), delimiter


def _cells(record: str, delimiter: str) -> list[str]:
    if '"' not in record:
        return record.split(delimiter)
    try:
        return next(csv.reader(iter(record.splitlines(keepends=True)), delimiter=delimiter), [""])
    except csv.Error:  # a cell longer than the module takes
        return record.split(delimiter)


def _inside_at_end(text: str, inside: bool, delimiter: str) -> bool:
    """Whether a line ends inside a quoted cell; only a quote that begins a cell opens one."""
    at = 0
    if not inside:
        if not text.startswith('"'):
            at = text.find(delimiter + '"')
            if at < 0:
                return False
            at += 1
        at, inside = at + 1, True
    while inside:
        at = text.find('"', at)
        if at < 0:
            return True
        if text.startswith('"', at + 1):
            at += 2
            continue
        at = text.find(delimiter + '"', at)
        if at < 0:
            return False
        at += 2
    return False


def _delimiter(first: str) -> str:
    """The sign that the first line has most of; a comma where it has none."""
    return max(DELIMITERS, key=lambda sign: (first.count(sign), -DELIMITERS.index(sign)))
