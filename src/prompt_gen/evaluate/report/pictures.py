"""Pictures of several predictors: lines with their names at the end, bars with intervals."""

import math
from collections.abc import Sequence

from prompt_gen.page import lines as page_lines
from prompt_gen.page.lines import ABOVE, BELOW, FLOOR, Line, Scale, grid, panels
from prompt_gen.page.pictures import Mark, base, below, picture
from prompt_gen.page.words import both

_TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)


def round_top(largest: float) -> float:
    """A round share that is not below the largest."""
    return next((top for top in _TOPS if top >= largest), 1.0)


def lines(series: Sequence[Line], ticks: Sequence[Mark], description: str) -> str:
    """Shares as lines; each line's name and last value stand behind its end."""
    values = [y for line in series for _, y in line.points if y is not None]
    return page_lines.lines(series, ticks, shares(round_top(max(values, default=1))), description)


def shares(top: float) -> Scale:
    """An axis of shares from none to a top."""
    ticks = [(share, f"{100 * share:g} %") for share in (top, top / 2)]
    return Scale(0.0, top, ticks, lambda share: f"{100 * share:.0f} %")


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
    scale = shares(1.0)
    drawn, labels = grid(scale)
    drawn.append(f'<line class="mark" x1="0" x2="100%" y1="{FLOOR}" y2="{ABOVE}"/>')
    for score, right, n in bins:
        x, y = f"{100 * score:.2f}%", scale.height(right)
        radius = 2 + 6 * math.sqrt(n / most)
        drawn.append(
            f'<line class="stem" x1="{x}" x2="{x}" y1="{scale.height(score):.1f}" y2="{y:.1f}"/>'
        )
        drawn.append(f'<circle class="dot {colour}" cx="{x}" cy="{y:.1f}" r="{radius:.1f}"/>')
    ticks = [(share, f"{100 * share:g} %") for share in (0.0, 0.5, 1.0)]
    drawn += [*labels, base(FLOOR), *below(ticks, FLOOR)]
    return picture(FLOOR + BELOW, drawn, description)


def first_of(drawn: Sequence[str]) -> str:
    """The first picture, the model's, large; the others folded below."""
    first, *others = drawn
    if not others:
        return first
    summary = f"<summary>{both('The others', '其他预测器')}</summary>"
    return f"{first}<details>{summary}{panels(others)}</details>"
