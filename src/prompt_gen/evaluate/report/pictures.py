"""Pictures of several predictors: lines with their names at the end, bars with intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from prompt_gen.page.pictures import PLOT, Mark, base, below, picture
from prompt_gen.page.words import both

_ABOVE = 24  # room above the plot for the label of its highest line, pixels
_BELOW = 24  # room below it for the labels of the axis
_FEW = 15  # points that are drawn one by one
_APART = 20  # pixels between the names of two lines
_TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
FLOOR = _ABOVE + PLOT

Point = tuple[float, float | None]  # 0 to 1 across; the value, absent where nothing was counted


@dataclass(frozen=True)
class Line:
    """One predictor's: class of colour and dash, name (markup), points from left to right."""

    colour: str
    name: str
    points: Sequence[Point]


def round_top(largest: float) -> float:
    """A round share that is not below the largest."""
    return next((top for top in _TOPS if top >= largest), 1.0)


def lines(series: Sequence[Line], ticks: Sequence[Mark], description: str) -> str:
    """Shares as lines; each line's name and last value stand behind its end."""
    values = [y for line in series for _, y in line.points if y is not None]
    top = round_top(max(values, default=1))
    grid, labels = _grid(top)
    drawn = grid
    for line in reversed(series):  # the first, the model's, over the others
        drawn += [_path(line, top), *_dots(line, top)]
    drawn += [*labels, base(FLOOR), *below(ticks, FLOOR)]
    plot = picture(FLOOR + _BELOW, drawn, description)
    return f'<div class="lines">{plot}<ul class="ends">{_ends(series, top)}</ul></div>'


def _grid(top: float) -> tuple[list[str], list[str]]:
    """Two lines across, and what they say, to be drawn over all else."""
    places = [(share, _at(share, top)) for share in (top, top / 2)]
    return (
        [f'<line class="grid" x2="100%" y1="{y:g}" y2="{y:g}"/>' for _, y in places],
        [f'<text class="over" y="{y - 6:g}">{100 * share:g} %</text>' for share, y in places],
    )


def _at(share: float, top: float) -> float:
    return _ABOVE + PLOT * (1 - share / top)


def _path(line: Line, top: float) -> str:
    steps, is_open = [], False
    for x, y in line.points:
        if y is not None:
            steps.append(f"{'L' if is_open else 'M'}{100 * x:.2f} {100 * (1 - y / top):.2f}")
        is_open = y is not None
    return (
        f'<svg y="{_ABOVE}" width="100%" height="{PLOT}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none" overflow="visible">'
        f'<path class="line {line.colour}" d="{"".join(steps)}"/></svg>'
    )


def _dots(line: Line, top: float) -> list[str]:
    if len(line.points) > _FEW:
        return []
    return [
        f'<circle class="dot {line.colour}" cx="{100 * x:.2f}%" cy="{_at(y, top):.1f}" r="3.5"/>'
        for x, y in line.points
        if y is not None
    ]


def _ends(series: Sequence[Line], top: float) -> str:
    last = [(line, [y for _, y in line.points if y is not None]) for line in series]
    ends = sorted(
        ((_at(ys[-1], top), line, ys[-1]) for line, ys in last if ys), key=lambda end: end[0]
    )
    places = spread([y for y, _, _ in ends], FLOOR)
    return "".join(
        f'<li style="top: {place:.0f}px">{dash(line.colour)}<b>{100 * y:.0f} %</b> {line.name}</li>'
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


def bar_with_interval(
    value: float, low: float | None, high: float | None, top: float, colour: str
) -> str:
    """A bar from 0 with its interval over it, beside numbers that say the same."""
    scale = 100 / top if top else 0
    drawn = (
        f'<rect class="{colour}" width="{max(value * scale, 0):.2f}%" y="2" height="10" rx="1"/>'
    )
    if low is not None and high is not None:
        a, b = (f"{max(end, 0) * scale:.2f}%" for end in (low, high))
        drawn += (
            f'<line class="halo" x1="{a}" x2="{b}" y1="7" y2="7"/>'
            f'<line class="whisker" x1="{a}" x2="{b}" y1="7" y2="7"/>'
            f'<line class="whisker" x1="{a}" x2="{a}" y1="3.5" y2="10.5"/>'
            f'<line class="whisker" x1="{b}" x2="{b}" y1="3.5" y2="10.5"/>'
        )
    return f'<svg class="bar" width="100%" height="14" aria-hidden="true">{drawn}</svg>'


def reliability(bins: Sequence[tuple[float, float, int]], colour: str, description: str) -> str:
    """Score across, how often right upwards; a stem from each point to where it should be."""
    most = max((n for _, _, n in bins), default=1) or 1
    drawn, labels = _grid(1.0)
    drawn.append(f'<line class="mark" x1="0" x2="100%" y1="{FLOOR}" y2="{_ABOVE}"/>')
    for score, right, n in bins:
        x, y = f"{100 * score:.2f}%", _at(right, 1.0)
        radius = 2 + 6 * math.sqrt(n / most)
        drawn.append(
            f'<line class="stem" x1="{x}" x2="{x}" y1="{_at(score, 1.0):.1f}" y2="{y:.1f}"/>'
        )
        drawn.append(f'<circle class="dot {colour}" cx="{x}" cy="{y:.1f}" r="{radius:.1f}"/>')
    ticks = [(share, f"{100 * share:g} %") for share in (0.0, 0.5, 1.0)]
    drawn += [*labels, base(FLOOR), *below(ticks, FLOOR)]
    return picture(FLOOR + _BELOW, drawn, description)


def panel(caption: str, drawn: str) -> str:
    """A picture with its name above, to stand beside others."""
    return f"<figure><figcaption>{caption}</figcaption>{drawn}</figure>"


def panels(drawn: Sequence[str], name: str = "") -> str:
    """Pictures side by side where there is room."""
    return f'<div class="panels {name}">{"".join(drawn)}</div>'


def first_of(drawn: Sequence[str]) -> str:
    """The first picture, the model's, large; the others folded below."""
    first, *others = drawn
    if not others:
        return first
    summary = f"<summary>{both('The others', '其他预测器')}</summary>"
    return f"{first}<details>{summary}{panels(others)}</details>"
