"""Comma-separated values as in RFC 4180: cells may be quoted and then hold line ends.

A quote that is never closed does not swallow the lines behind it: after `MAX_RECORD_LINES` lines
the first one is read as if its quotes were letters.
"""

import csv
import re
from collections.abc import Iterator

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.table import Row, rows_to_lines
from prompt_gen.corpus.readers.text import lines, numbered

MAX_RECORD_LINES = 100
OUTSIDE, INSIDE, BROKEN = "outside", "inside", "broken"
DELIMITERS = ",;\t|"
_SAID = re.compile(r"sep=(.)")  # how spreadsheets say it, in a line before the header
_MAX_LINE_CHARS = 1 << 26
csv.field_size_limit(MAX_RECORD_LINES * _MAX_LINE_CHARS)


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every record; its number is that of its first line."""
    yield from rows_to_lines(rows(reading), reading)


def rows(reading: Reading) -> Iterator[Row]:
    """Every record: the number of its first line, its cells, and the sign between them."""
    source = numbered(lines(reading, _MAX_LINE_CHARS))
    waiting: list[tuple[int, str]] = []  # read ahead and not yet used
    delimiter = ""
    first = next(source, None)
    if first and (said := _SAID.fullmatch(first[1])):
        delimiter = said[1]
    elif first:
        waiting.append(first)
    while True:
        record: list[str] = []
        number, state, n_used = 0, OUTSIDE, 0
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
            state = _state_at_end(text, state, delimiter)
            if state != INSIDE:
                break
        if not record:
            return
        if state != OUTSIDE:  # never closed
            del waiting[:1]
            yield number, record[0].split(delimiter), delimiter
        else:
            del waiting[:n_used]
            yield number, _cells("\n".join(record), delimiter), delimiter


def _cells(record: str, delimiter: str) -> list[str]:
    if '"' not in record:
        return record.split(delimiter)
    try:
        physical = [f"{line}\n" for line in record.split("\n")]  # other separators are letters
        return next(csv.reader(physical, delimiter=delimiter), [""])
    except csv.Error:  # a cell longer than the module takes
        return record.split(delimiter)


def _state_at_end(text: str, state: str, delimiter: str) -> str:
    """How a line ends: OUTSIDE or INSIDE a quoted cell, or BROKEN by a quote that closes nothing.

    Only a quote that begins a cell opens one; only one before a delimiter or the end closes it.
    """
    at = 0
    if state == OUTSIDE:
        if text.startswith('"'):
            at = 1
        elif found := text.find(delimiter + '"') + 1:
            at = found + 1
        else:
            return OUTSIDE
    while (at := text.find('"', at)) >= 0:
        behind = text[at + 1 : at + 2]
        if behind == '"':
            at += 2
        elif behind and behind != delimiter:
            return BROKEN
        elif found := text.find(delimiter + '"', at) + 1:
            at = found + 1
        else:
            return OUTSIDE
    return INSIDE


def _delimiter(first: str) -> str:
    """The sign that the first line has most of; a comma where it has none."""
    return max(DELIMITERS, key=lambda sign: (first.count(sign), -DELIMITERS.index(sign)))
