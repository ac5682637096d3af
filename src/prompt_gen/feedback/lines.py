"""Accepted lines, as a corpus to train on.

A line goes into it once for each user who accepted it, however often he did, and only if enough
different users did: nobody teaches alone what others are shown. All who gave no name count as one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from prompt_gen.errors import UsageError
from prompt_gen.feedback.event import Kind, accepted_line
from prompt_gen.feedback.store import Store
from prompt_gen.feedback.tables import EventRow
from prompt_gen.storage import write_atomic

FORMATS = (".txt", ".jsonl")


@dataclass(frozen=True)
class Lines:
    """What users have accepted and did not delete."""

    users: Counter[str]  # of each line, how many different ones

    def of_enough(self, min_users: int) -> Iterator[str]:
        """Lines of so many users at least, once for each of them."""
        for line, n_users in sorted(self.users.items()):
            if n_users >= min_users:
                yield from [line] * n_users

    def n_below(self, min_users: int) -> int:
        """How many different lines fewer users have accepted."""
        return sum(n_users < min_users for n_users in self.users.values())


def accepted(store: Store) -> Lines:
    """The lines of a store, up to the end of what was accepted.

    What did not stay in the text is left out, and so is what the same text field went on from: of
    a line that grew by several candidates the last state counts.
    """
    with store.reading() as connection:
        found = _last_states(connection)
    users: defaultdict[str, set[int | None]] = defaultdict(set)
    for (_, user), lines in found.items():
        for line in _ends(lines):
            users[line].add(user)
    return Lines(Counter({line: len(who) for line, who in users.items()}))


def _last_states(connection: Connection) -> dict[tuple[int, int | None], list[str]]:
    """Of each session and user, the lines with what was accepted, in the order of their time."""
    rows = connection.execute(
        select(
            EventRow.completion_id,
            EventRow.choice,
            EventRow.session_id,
            EventRow.user_id,
            EventRow.prompt,
            EventRow.text,
            EventRow.retained_chars,
        )
        .where(EventRow.kind.in_([Kind.ACCEPTED.value, Kind.KEPT.value]))
        .order_by(EventRow.at_ms, EventRow.id)
    )
    states: dict[tuple[Any, ...], tuple[str | None, str | None]] = {}
    for row in rows:
        whose = (row.session_id, row.user_id, row.completion_id, row.choice)
        prompt, text = states.get(whose, (None, None))
        if row.retained_chars == 0:
            states[whose] = (None, None)
        else:  # an event that says less leaves what is known
            states[whose] = (row.prompt or prompt, row.text or text)
    found: defaultdict[tuple[int, int | None], list[str]] = defaultdict(list)
    for (session, user, *_), (prompt, text) in states.items():
        line = accepted_line(prompt or "", text)
        if line is not None:
            found[session, user].append(line)
    return found


def _ends(lines: Iterable[str]) -> list[str]:
    """Lines that no other one goes on from."""
    ends: list[str] = []
    for line in sorted(set(lines)):  # a beginning comes right before what goes on from it
        if ends and line.startswith(ends[-1]):
            ends.pop()
        ends.append(line)
    return ends


def write(lines: Iterable[str], path: Path) -> int:
    """Write a corpus that training accepts, a line for each; how many they were.

    Raises:
        UsageError: the name ends like no format that can be written.
        OSError: it cannot be written.
    """
    check_format(path)
    rows = [
        json.dumps({"text": line}, ensure_ascii=False) if path.suffix == ".jsonl" else line
        for line in lines
    ]
    write_atomic(path, "".join(f"{row}\n" for row in rows))
    return len(rows)


def check_format(path: Path) -> None:
    """Refuse a file whose name ends like no format that can be written.

    Raises:
        UsageError: with those that can.
    """
    if path.suffix not in FORMATS:
        raise UsageError(
            f"'{path}' is no format that lines can be written in", f"Write {' or '.join(FORMATS)}"
        )
