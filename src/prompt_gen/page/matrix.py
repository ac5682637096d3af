"""Counts of pairs of labels as a square of cells, as SVG that is as wide as there is room."""

from collections.abc import Sequence
from html import escape

from prompt_gen.page.words import plain

_CELL = 10  # units of the picture
_NAMED = 24  # labels at most that are written beside the cells; of more their numbers
_LEFT, _TOP = 90, 16  # room for the names of rows, and for the numbers of columns


def matrix(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A row for each label that is right, a column for each that was said.

    A cell is as dark as its share of its row is large; pointing at it says all of it.
    """
    n, cell = len(labels), _CELL * (2 if len(labels) <= _NAMED else 1)
    drawn = []
    for i, row in enumerate(counts):
        total = sum(row)
        name = plain(labels[i]) if n <= _NAMED else str(i + 1)
        if n <= _NAMED or (i + 1) % 10 == 0:
            y, x = _TOP + (i + 0.7) * cell, _LEFT + (i + 0.5) * cell
            drawn.append(
                f'<text class="end" x="{_LEFT - 4}" y="{y:g}">{escape(_short(name))}</text>'
            )
            drawn.append(f'<text class="middle" x="{x:g}" y="{_TOP - 5}">{i + 1}</text>')
        for j, count in enumerate(row):
            if not count:
                continue
            told = f"{plain(labels[i])} → {plain(labels[j])}: {count}"
            drawn.append(
                f'<rect class="accent" fill-opacity="{0.15 + 0.85 * count / total:.3f}" '
                f'x="{_LEFT + j * cell}" y="{_TOP + i * cell}" width="{cell}" height="{cell}">'
                f"<title>{escape(told)}</title></rect>"
            )
    side = n * cell
    frame = f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{side}" height="{side}"/>'
    right = sum(counts[i][i] for i in range(n))
    told = f"{right} of {sum(map(sum, counts))} texts are on the diagonal: their label is right"
    return (
        f'<svg class="matrix" role="img" viewBox="0 0 {_LEFT + side + 2} {_TOP + side + 2}" '
        f'aria-label="{escape(told)}">'
        f"{frame}{''.join(drawn)}</svg>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"
