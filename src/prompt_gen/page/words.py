"""Text of the page: two languages side by side, numbers, tables, and foreign text made harmless."""

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def shown(text: str) -> str:
    """Foreign text as markup: nothing in it acts, and what cannot be seen is shown by its number.

    No control, format (zero-width, direction), private, unassigned or surrogate character is left;
    a line end stays one, behind a sign.
    """
    return "".join(map(_character, text))


def _character(c: str) -> str:
    if c == "\n":
        return '<span class="code">↵</span>\n'
    if unicodedata.category(c) in _INVISIBLE:
        return f'<span class="code">U+{ord(c):04X}</span>'
    return escape(c)


def plain(text: str) -> str:
    """Foreign text for where no markup can be, not escaped: what cannot be seen becomes U+FFFD."""
    return "".join("\ufffd" if unicodedata.category(c) in _INVISIBLE else c for c in text)


def both(english: str, chinese: str) -> str:
    """A heading or label in English, the Chinese one beside it; markup, not foreign text."""
    return f'{english} <span class="zh" lang="zh">{chinese}</span>' if chinese else english


def paragraph(english: str, chinese: str, name: str = "note") -> str:
    """A sentence or two in English, the same in Chinese below."""
    return f'<p class="{name}">{english}</p>\n<p class="{name} zh" lang="zh">{chinese}</p>'


def grouped(n: int) -> str:
    """A number with its thousands set apart."""
    return f"{n:,}"


def count(n: int, what: str) -> str:
    """A number and what there is that many of."""
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def percent(n: float, total: float) -> str:
    """A share as people write it; never 0 % for what there is, or 100 % for what is not all."""
    if not total:
        return "–"
    value = 100 * n / total
    if 0 < value < 0.1:
        return "&lt; 0.1 %"
    return "&gt; 99.9 %" if 99.9 < value < 100 else f"{value:.1f} %"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], name: str = "") -> str:
    """A table of markup whose first cells head their rows; cells from the third on are numbers.

    A row may be shorter than the heads; `caption` is read out but not seen.
    """
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<div class="wide"><table class="{name}"><caption>{caption}</caption>'
        f"<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{c}</td>" for c in others) + "</tr>"
