"""Chinese health lines: tables of fillers, patterns, and lines written one by one."""

from __future__ import annotations

from collections.abc import Iterator

from ..grammar import Row, Source, labelled, shuffled
from . import (
    everywhere,
    single_advice,
    single_notes,
    single_questions,
    topic_airway,
    topic_bones,
    topic_clinic,
    topic_digest,
    topic_fever,
    topic_living,
    topic_longer,
    topic_medicine,
    topic_mind,
    topic_pressure,
    topic_replies,
    topic_sugar,
    topic_surface,
    topic_women,
)
from .conditions_airway import AIRWAY
from .conditions_belly import BELLY
from .conditions_heart import HEART
from .conditions_metabolism import METABOLISM
from .conditions_motion import MOTION
from .conditions_surface import SURFACE

TOPICS = (
    topic_pressure,
    topic_sugar,
    topic_fever,
    topic_airway,
    topic_digest,
    topic_surface,
    topic_bones,
    topic_mind,
    topic_women,
    topic_medicine,
    topic_living,
    topic_clinic,
)
LONGER = (topic_longer, topic_replies)
ONE_BY_ONE = (single_advice, single_questions, single_notes)
TOPIC_MOST = 16
LONGER_MOST = 12
EVERYWHERE_MOST = 16


def rows() -> tuple[Row, ...]:
    """Give the filler rows of all conditions; ``n`` is the name."""
    tables = HEART | METABOLISM | AIRWAY | BELLY | SURFACE | MOTION
    return tuple({"n": name} | row for name, row in tables.items())


def sources() -> tuple[Source, ...]:
    """All patterns of the health corpus with their bounds."""
    return (
        *(Source(module.LINES) for module in ONE_BY_ONE),
        *(Source(module.PATTERNS, TOPIC_MOST) for module in TOPICS),
        *(Source(module.PATTERNS, LONGER_MOST, spread=4) for module in LONGER),
        Source(everywhere.PATTERNS, EVERYWHERE_MOST, rows()),
    )


def health_labelled() -> Iterator[tuple[str, str]]:
    """Give (pattern, line) for every line."""
    return labelled(sources(), "zh")


def health_lines() -> list[str]:
    """All health lines, shuffled with a fixed seed."""
    return shuffled(sources(), "zh")
