"""Lines over one axis as SVG, with their names and last values behind their ends."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_gen.page.pictures import PLOT, Mark, base, below, picture

ABOVE = 24  # room above the plot for the label of its highest line, pixels
BELOW = 24  # room below it for the labels of the axis
FLOOR = ABOVE + PLOT
_FEW = 15  # points that are drawn one by one
_APART = 20  # pixels between the names of two lines

Point = tuple[float, float | None]  # 0 to 1 across; the value, absent where nothing was counted


@dataclass(frozen=True)
class Line:
    """Class of colour and dash, name (markup), points from left to right."""

    colour: str
    name: str
    points: Sequence[Point]
    has_dots: bool = True  # where the points are few


@dataclass(frozen=True)
class Scale:
    """An upright axis: its ends, values with a line across, and how all others are written."""

    low: float
    high: float
    ticks: Sequence[Mark]
    written: Callable[[float], str]

    def height(self, value: float) -> float:
        """Where a value is, pixels from the top of the picture."""
        return ABOVE + PLOT * (1 - self.share(value))

    def share(self, value: float) -> float:
        """Where a value is between the ends, 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def round_scale(
    low: float, high: float, written: Callable[[float], str], n_ticks: int = 4
) -> Scale:
    """An axis over all values from low to high, whose ends and ticks are round numbers."""
    rough = (high - low or abs(high) or 1.0) / n_ticks
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    last = max(last, first + 1)
    ticks = [(i * step, f"{i * step:,.10g}") for i in range(first + 1, last + 1)]
    return Scale(first * step, last * step, ticks, written)


def lines(series: Sequence[Line], ticks: Sequence[Mark], scale: Scale, description: str) -> str:
    """The first line is drawn over the others; each name and last value stand behind its end."""
    plot = plain_lines(series, ticks, scale, description)
    return f'<div class="lines">{plot}<ul class="ends">{_ends(series, scale)}</ul></div>'


def plain_lines(
    series: Sequence[Line], ticks: Sequence[Mark], scale: Scale, description: str
) -> str:
    """Lines that something else names."""
    drawn, labels = grid(scale)
    for line in reversed(series):
        drawn += [_path(line, scale), *_dots(line, scale)]
    drawn += [*labels, base(FLOOR), *below(ticks, FLOOR)]
    return picture(FLOOR + BELOW, drawn, description)


def grid(scale: Scale) -> tuple[list[str], list[str]]:
    """Lines across, and what they say, to be drawn over all else."""
    places = [(label, scale.height(value)) for value, label in scale.ticks]
    return (
        [f'<line class="grid" x2="100%" y1="{y:g}" y2="{y:g}"/>' for _, y in places],
        [f'<text class="over" y="{y - 6:g}">{label}</text>' for label, y in places],
    )


def _path(line: Line, scale: Scale) -> str:
    steps, is_open = [], False
    for x, y in line.points:
        if y is not None:
            height = 100 * (1 - scale.share(y))
            steps.append(f"{'L' if is_open else 'M'}{100 * x:.2f} {height:.2f}")
        is_open = y is not None
    return (
        f'<svg y="{ABOVE}" width="100%" height="{PLOT}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none" overflow="visible">'
        f'<path class="line {line.colour}" d="{"".join(steps)}"/></svg>'
    )


def _dots(line: Line, scale: Scale) -> list[str]:
    if len(line.points) > _FEW or not line.has_dots:
        return []
    return [
        f'<circle class="dot {line.colour}" cx="{100 * x:.2f}%" '
        f'cy="{scale.height(y):.1f}" r="3.5"/>'
        for x, y in line.points
        if y is not None
    ]


def _ends(series: Sequence[Line], scale: Scale) -> str:
    last = [(line, [y for _, y in line.points if y is not None]) for line in series]
    ends = sorted(
        ((scale.height(ys[-1]), line, ys[-1]) for line, ys in last if ys), key=lambda end: end[0]
    )
    places = spread([y for y, _, _ in ends], FLOOR)
    return "".join(
        f'<li style="top: {place:.0f}px">{dash(line.colour)}<b>{scale.written(y)}</b> '
        f"{line.name}</li>"
        for place, (_, line, y) in zip(places, ends, strict=True)
    )


def spread(places: Sequence[float], lowest: float) -> list[float]:
    """Rising places moved until names do not overlap, the last at the lowest at most."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + _APART) if moved else place)
    for i in reversed(range(len(moved))):
        limit = moved[i + 1] - _APART if i + 1 < len(moved) else lowest
        moved[i] = min(moved[i], limit)
    return moved


def dash(colour: str) -> str:
    """A piece of a line, before its name."""
    return (
        '<svg class="dash" width="20" height="10" aria-hidden="true">'
        f'<line class="line {colour}" x1="1" x2="19" y1="5" y2="5"/></svg>'
    )


def panel(caption: str, drawn: str) -> str:
    """A picture with its name above, to stand beside others."""
    return f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>"


def panels(drawn: Sequence[str], name: str = "") -> str:
    """Pictures side by side where there is room."""
    return f'<div class="panels {name}">{"".join(drawn)}</div>'
