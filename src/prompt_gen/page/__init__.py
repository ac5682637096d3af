"""The shell of a report: one HTML file, no script, nothing loaded, English and Chinese."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from prompt_gen.page.words import both, plain, shown

COLOURS = Path(__file__).with_name("colours.css")
STYLE = Path(__file__).with_name("style.css")
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
{header}
</header>
<main>
{main}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Section:
    """One row: the address within the page, the headings, and how it is written."""

    anchor: str
    english: str
    chinese: str
    write: Callable[[dict[str, Any]], str]

    @property
    def heading(self) -> str:
        """In both languages, markup."""
        return both(self.english, self.chinese)


def whole(title: str, header: str, main: str, style: str = "") -> str:
    """A page to be kept in a file and opened without a network.

    `title` is foreign text, `header` and `main` are markup; `style` comes behind the shared one.
    """
    style = COLOURS.read_text("utf-8") + STYLE.read_text("utf-8") + style
    return _PAGE.format(title=escape(plain(title)), style=style, header=header, main=main)


def written(sections: Iterable[Section], report: dict[str, Any]) -> str:
    """All sections of a report with their headings."""
    return "\n".join(
        f'<section id="{section.anchor}" aria-labelledby="{section.anchor}-title">\n'
        f'<h2 id="{section.anchor}-title">{section.heading}</h2>\n'
        f"{section.write(report)}\n</section>"
        for section in sections
    )


def brand(english: str, chinese: str, name: str) -> str:
    """What kind of report it is, and the (foreign) name of what it is about."""
    return f'<p class="brand">{both(english, chinese)} <span class="name">{shown(name)}</span></p>'


def numbers(facts: Iterable[tuple[str, str, str]]) -> str:
    """The few numbers that matter most, large: English and Chinese names, and what they are."""
    rows = "".join(
        f"<div><dt>{both(english, chinese)}</dt><dd>{value}</dd></div>"
        for english, chinese, value in facts
    )
    return f'<dl class="numbers">{rows}</dl>'


def contents(sections: Sequence[Section]) -> str:
    """Links to all sections."""
    links = "".join(
        f'<li><a href="#{section.anchor}">{section.heading}</a></li>' for section in sections
    )
    return f'<nav aria-label="Sections 目录"><ul>{links}</ul></nav>'
