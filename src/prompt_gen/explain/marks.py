"""Pieces of SVG that pictures and legends are made of. Lengths are pixels."""

from prompt_gen.explain.layout import BOX

BADGE = 24  # room for a rank


def text(x: float, y: float, markup: str, kind: str) -> str:
    """Text in markup, from x on."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{markup}</text>'


def fitted(x: float, y: float, width: float, markup: str, kind: str) -> str:
    """Text as wide as given, whatever the font."""
    return (
        f'<text class="{kind}" xml:space="preserve" x="{x:.1f}" y="{y:.1f}" '
        f'textLength="{width:.1f}">{markup}</text>'
    )


def rect(x: float, y: float, width: float, kind: str) -> str:
    """A box around the height y."""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y - BOX / 2:.1f}" width="{width:.1f}" '
        f'height="{BOX}" rx="6"/>'
    )


def line(x1: float, x2: float, y: float, kind: str, more: str = "") -> str:
    """A level line."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y:.1f}"{more}/>'


def badge(x: float, y: float, rank: int) -> str:
    """A rank around a point."""
    return (
        f'<circle class="badge" cx="{x:.1f}" cy="{y:.1f}" r="11"/>'
        f"{text(x, y + 4.5, str(rank), 'rank')}"
    )
