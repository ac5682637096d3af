"""English help-desk lines: questions of customers and answers of agents."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar import Source, labelled, shuffled
from . import orders, single, technical

PATTERN_MOST = 7


def sources() -> tuple[Source, ...]:
    """All patterns of the help-desk corpus with their bounds."""
    return (
        Source(single.LINES),
        Source(orders.PATTERNS, PATTERN_MOST),
        Source(technical.PATTERNS, PATTERN_MOST),
    )


def helpdesk_labelled() -> Iterator[tuple[str, str]]:
    """Give (pattern, line) for every line."""
    return labelled(sources(), "en")


def helpdesk_lines() -> list[str]:
    """All help-desk lines, shuffled with a fixed seed."""
    return shuffled(sources(), "en")
