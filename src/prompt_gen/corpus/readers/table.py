"""Rows of cells to lines: is there a header, and which columns are text."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from statistics import multimode

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.readers.fields import N_LOOKED_AT, USUAL, Chooser, Numbered

MAX_NAME_CHARS = 32
Row = tuple[int, list[str], str]  # number, cells, and the sign that separated them


def rows_to_lines(rows: Iterable[Row], reading: Reading) -> Iterator[Line]:
    """Lines of the chosen columns; without a header columns are called 1, 2, 3."""
    rows = iter(rows)
    first = list(islice(rows, N_LOOKED_AT))
    if not first:
        return
    cells = [row for _, row, _ in first]
    has_header = _has_header(cells, reading.fields)
    head = [cell.strip() for cell in cells[0]]
    if not has_header:
        head = [str(i + 1) for i in range(multimode(map(len, cells))[0])]
    names = [name if head.index(name) == i else f"{name} {i + 1}" for i, name in enumerate(head)]
    if has_header:
        number = first.pop(0)[0]
        yield Line(number, "", number, "header")
    yield from Chooser(reading).texts(_records(chain(first, rows), names, has_header))


def _records(rows: Iterable[Row], names: list[str], has_header: bool) -> Iterator[Numbered]:
    n = len(names)
    for number, row, sign in rows:
        if not any(cell.strip() for cell in row):
            yield number, None, "blank"
            continue
        if has_header and [cell.strip() for cell in row] == names:
            yield number, None, "header"
            continue
        if len(row) > n:  # the sign is a letter of the last cell
            row = [*row[: n - 1], sign.join(row[n - 1 :])]
        yield number, dict(zip(names, row, strict=False)), ""


def _has_header(rows: list[list[str]], fields: tuple[str, ...]) -> bool:
    """The first row is names, not values: short, different, no numbers, not found again below."""
    head = [cell.strip() for cell in rows[0]]
    if set(fields) & set(head):
        return True
    if len(set(head)) < len(head) or not all(head) or max(map(len, head)) > MAX_NAME_CHARS:
        return False
    if any(_is_number(cell) or cell[-1] in "。！？.!?" for cell in head):
        return False
    if fields and all(name.isdecimal() for name in fields):
        return False
    if len(rows) < 2:
        return True
    below = [row for row in rows if row != rows[0]]  # tables put together repeat it
    if len(head) == 1:
        return head[0].lower() in (*USUAL, "title", "question", "answer", "标题", "问题", "回答")
    return not any(cell in {row[i] for row in below if i < len(row)} for i, cell in enumerate(head))


def _is_number(cell: str) -> bool:
    try:
        float(cell.rstrip("%"))
    except ValueError:
        return False
    return True
