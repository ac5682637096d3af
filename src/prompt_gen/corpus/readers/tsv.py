"""Tab-separated values: no cell holds a line end, and a quote is a letter.

A cell that is quoted as a whole, as spreadsheets write it, is taken out of its quotes.
"""

from collections.abc import Iterator

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.table import Row, rows_to_lines
from prompt_gen.corpus.readers.text import lines, numbered

_MAX_LINE_CHARS = 1 << 26


def read(reading: Reading) -> Iterator[Line]:
    """The texts of every line's cells."""
    yield from rows_to_lines(rows(reading), reading)


def rows(reading: Reading) -> Iterator[Row]:
    """Every line: its number, its cells, and the sign between them."""
    for number, text in numbered(lines(reading, _MAX_LINE_CHARS)):
        yield number, [_unquoted(cell) for cell in text.split("\t")], "\t"


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        inner = cell[1:-1].replace('""', "\0")
        if '"' not in inner:
            return inner.replace("\0", '"')
    return cell
