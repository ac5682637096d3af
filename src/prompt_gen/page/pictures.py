"""Pictures as SVG in markup: as wide as there is room, with letters that keep their size.

Positions along the width are percentages, those along the height pixels; so no picture has to be
scaled, on a phone or elsewhere. Colours are classes of style.css.
"""

import math
from collections.abc import Sequence
from html import escape

from prompt_gen.page.words import plain

PLOT = 168  # height of the plot, pixels
_TOP = 44  # room above it for labels
_BELOW = 24  # room below it for the labels of the axis
_HAIR = 0.4  # per cent; what there is is never thinner than this
_FITS = 14  # per cent from which on a part has room for its name
N_POINTS = 240  # of a curve

Mark = tuple[float, str]  # where, 0 to 1, and what it says
Part = tuple[str, str, float]  # class of its colour, name, share


def bar(share: float, colour: str = "accent") -> str:
    """A thin bar beside a number that says the same."""
    width = max(100 * share, _HAIR) if share else 0
    return (
        '<svg class="bar" width="100%" height="10" aria-hidden="true">'
        f'<rect class="{colour}" width="{width:.2f}%" height="10" rx="1"/></svg>'
    )


def swatch(colour: str) -> str:
    """The colour of a part, beside its name."""
    return (
        '<svg class="swatch" width="12" height="12" aria-hidden="true">'
        f'<rect class="{colour}" width="12" height="12" rx="2"/></svg>'
    )


def stacked(parts: Sequence[Part], description: str) -> str:
    """One bar of parts that make up a whole."""
    widths = [max(100 * share, _HAIR) for _, _, share in parts]
    scale, at, drawn = 100 / sum(widths), 0.0, []
    for (colour, name, share), width in zip(parts, widths, strict=True):
        drawn.append(
            f'<rect class="part {colour}" x="{at:.3f}%" width="{width * scale:.3f}%" height="40"/>'
        )
        if 100 * share >= _FITS:
            drawn.append(f'<text class="on-{colour}" x="{at:.3f}%" dx="10" y="25">{name}</text>')
        at += width * scale
    return picture(40, drawn, description)


def columns(
    heights: Sequence[float],
    ticks: Sequence[Mark],
    description: str,
    marks: Sequence[Mark] = (),
    labels: Sequence[str] = (),
) -> str:
    """Columns of the given heights, the highest as high as the plot; `labels` stand above each."""
    top, step = max(heights), 100 / len(heights)
    gap = step * 0.12 if len(heights) <= 40 else 0
    drawn = []
    for i, height in enumerate(heights):
        tall = PLOT * height / top if top else 0
        y = _TOP + PLOT - tall
        drawn.append(
            f'<rect class="accent" x="{i * step + gap / 2:.3f}%" y="{y:.1f}" '
            f'width="{step - gap:.3f}%" height="{tall:.1f}"/>'
        )
        if labels:
            x = (i + 0.5) * step
            drawn.append(f'<text class="middle" x="{x:.3f}%" y="{y - 6:.1f}">{labels[i]}</text>')
    rows = [14 + 18 * row for row in range(len(marks))]
    drawn += [base(), *below(ticks), *_marks(marks, rows, [y - 11 for y in rows])]
    return picture(_TOP + PLOT + _BELOW, drawn, description)


def curve(
    points: Sequence[tuple[float, float]],
    ticks: Sequence[Mark],
    description: str,
    marks: Sequence[Mark] = (),
) -> str:
    """A curve through points of the unit square that rises to the right; marks stand under it."""
    path = "M" + "L".join(f"{100 * x:.2f} {100 * (1 - y):.2f}" for x, y in points)
    drawn = []
    for y, label in ((1.0, "100 %"), (0.5, "50 %")):
        height = _BELOW + PLOT * (1 - y)
        drawn.append(f'<line class="grid" x2="100%" y1="{height}" y2="{height}"/>')
        drawn.append(f'<text x="0" y="{height - 6}">{label}</text>')
    drawn.append(
        f'<svg y="{_BELOW}" width="100%" height="{PLOT}" viewBox="0 0 100 100" '
        f'preserveAspectRatio="none" overflow="visible"><path class="line" d="{path}"/></svg>'
    )
    floor = _BELOW + PLOT
    rows = [floor - 32 + 20 * row for row in range(len(marks))]
    drawn += [base(floor), *below(ticks, floor)]
    drawn += _marks(marks, rows, [_BELOW] * len(marks), floor)
    return picture(floor + _BELOW, drawn, description)


def round_ticks(largest: int) -> list[int]:
    """Up to seven round numbers, none above the largest."""
    power = 10 ** max(0, math.floor(math.log10(max(largest, 1))) - 1)
    step = next(s * power for s in (1, 2, 5, 10, 20, 50, 100) if s * power * 7 >= largest)
    return list(range(step, largest + 1, step))


def powers(largest: int) -> list[int]:
    """1, 10, 100 and so on, none above the largest."""
    return [10**i for i in range(len(str(max(largest, 1))))]


def below(ticks: Sequence[Mark], floor: int = _TOP + PLOT) -> list[str]:
    """Labels of the axis under the floor."""
    return [
        f'<text class="{_anchor(at)}" x="{100 * at:.2f}%" y="{floor + 17}">{label}</text>'
        for at, label in ticks
    ]


def _anchor(at: float) -> str:
    """Labels at the borders do not stand out over them."""
    return "start" if at < 0.02 else "end" if at > 0.98 else "middle"


def _marks(
    marks: Sequence[Mark], rows: Sequence[int], tops: Sequence[int], floor: int = _TOP + PLOT
) -> list[str]:
    """Upright lines from their tops to the floor; the labels, in rows, are drawn over all lines."""
    lines, labels = [], []
    for (at, label), y, top in zip(marks, rows, tops, strict=True):
        x = f"{100 * at:.2f}%"
        side = 'class="strong end" dx="-7"' if at > 0.6 else 'class="strong" dx="7"'
        lines.append(f'<line class="mark" x1="{x}" x2="{x}" y1="{top}" y2="{floor}"/>')
        labels.append(f'<text {side} x="{x}" y="{y}">{label}</text>')
    return lines + labels


def base(floor: int = _TOP + PLOT) -> str:
    """The line on which a plot stands."""
    return f'<line class="base" x2="100%" y1="{floor}" y2="{floor}"/>'


def picture(height: int, drawn: Sequence[str], description: str) -> str:
    """What was drawn, as wide as there is room; `description` is read out."""
    return (
        f'<svg class="picture" role="img" width="100%" height="{height}" '
        f'aria-label="{escape(plain(description))}">{"".join(drawn)}</svg>'
    )
