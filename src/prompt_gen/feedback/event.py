"""What happened to a list of candidates, and what of it may be stored."""

import unicodedata
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Literal
from uuid import UUID

MAX_TEXT_CHARS = 2000  # of a line and of what was accepted, that are stored

Texts = Literal["none", "accepted", "all"]


class Kind(IntEnum):
    """What happened; the numbers are those in the store."""

    SHOWN = 0
    ACCEPTED = 1
    DISMISSED = 2
    KEPT = 3  # what was accepted is still in the text, or some of it


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was served: its name, and the beginning of its manifest's SHA-256."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one list. Two with the same id are one, sent twice."""

    id: UUID
    kind: Kind
    completion: str  # the answer that held the list
    session: str
    model: Model
    at_ms: int  # by the server's clock, since 1970
    user: str | None = None
    choice: int | None = None  # which candidate, from 0
    n_choices: int | None = None  # how many were shown
    elapsed_ms: int | None = None  # by the client's clock, since the list was shown
    accepted_chars: int | None = None
    retained_chars: int | None = None
    prompt: str | None = None  # what stood left of the caret
    text: str | None = None  # what was inserted, or what of it still stands

    def limited(self, texts: Texts) -> "Event":
        """The event with no other texts than may be stored; of a long one, what is at the caret."""
        may = texts == "all" or (texts == "accepted" and self.kind in (Kind.ACCEPTED, Kind.KEPT))
        if not may:
            return replace(self, prompt=None, text=None)
        prompt = self.prompt
        if prompt is not None:
            prompt = prompt if texts == "all" else last_line(prompt)
            prompt = prompt[-MAX_TEXT_CHARS:]
        return replace(self, prompt=prompt, text=self.text and self.text[:MAX_TEXT_CHARS])


def last_line(text: str) -> str:
    """What stands behind the last line end, as `str.splitlines` has it."""
    return f"{text}|".splitlines()[-1][:-1]


@dataclass(frozen=True)
class Outcome:
    """The ids of events that are stored now and were not before, and of those off the record."""

    stored: set[UUID]
    off_record: set[UUID]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of events that were sent."""

    stored: int = 0
    known: int = 0  # sent before, with the same id
    off_record: int = 0  # nothing of them was stored


def accepted_line(prompt: str | None, text: str | None) -> str | None:
    """The line that holds what was accepted, up to its end; None: that is not known.

    A text of several lines gives the first of them. Control characters and byte order marks are
    left out: a file with many of them is no text file.
    """
    if prompt is None or text is None:
        return None
    line = last_line(prompt) + (text.splitlines() or [""])[0]
    return "".join(c for c in line if c == "\t" or not _is_no_text(c)).strip() or None


def _is_no_text(character: str) -> bool:
    return character == "\ufeff" or unicodedata.category(character) == "Cc"
