"""The store: record what happened, once for each id; forget; let go of what is old."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from prompt_gen.config import FeedbackConfig
from prompt_gen.feedback.database import Database
from prompt_gen.feedback.event import Event, Model, Outcome
from prompt_gen.feedback.tables import (
    Base,
    CompletionRow,
    EventRow,
    ModelRow,
    OffRecordRow,
    SessionRow,
    UserRow,
)

_DAY_MS = 86_400_000
_AT_A_TIME = 500  # names in one question

Column = InstrumentedAttribute[Any]


@dataclass(frozen=True)
class Filter:
    """Which events: all that fit every field that is given."""

    user: str | None = None
    session: str | None = None
    before_ms: int | None = None  # since 1970

    def narrow(self, statement: Any) -> Any:
        """The statement, over these events alone."""
        if self.user is not None:
            of_user = select(UserRow.id).where(UserRow.name == self.user)
            statement = statement.where(EventRow.user_id.in_(of_user))
        if self.session is not None:
            of_session = select(SessionRow.id).where(SessionRow.name == self.session)
            statement = statement.where(EventRow.session_id.in_(of_session))
        if self.before_ms is not None:
            statement = statement.where(EventRow.at_ms < self.before_ms)
        return statement


class Store:
    """What was shown, accepted, dismissed and kept; for one thread.

    It is made where there is none, upgraded where it is old, and what is older than may be kept is
    deleted on opening. `clock` gives seconds since 1970.

    Raises:
        PromptGenError: it cannot be opened (see `database.Database`).
    """

    def __init__(
        self,
        config: FeedbackConfig,
        directory: Path,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config, self._clock = config, clock
        self._database = Database(config, directory)
        self.place = self._database.place
        self.reading = self._database.reading
        try:
            self.expire()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._database.close()

    def record(self, events: Sequence[Event]) -> Outcome:
        """Commit events; those of the outcome are on the disk now.

        Of one that was sent before, the first stays. Nothing of a session that is off the record is
        stored.

        Raises:
            StorageError, StoreUnavailable: nothing of them is stored.
        """
        with self._database.writing() as connection:
            names = {event.session for event in events}
            silent = _found(connection, OffRecordRow.session, OffRecordRow.session, names)
            rest = [e.limited(self._config.texts) for e in events if e.session not in silent]
            stored = _recorded(connection, rest) if rest else set()
        return Outcome(stored, {event.id for event in events if event.session in silent})

    def silence(self, sessions: Iterable[str]) -> None:
        """Put sessions off the record, from now on and for what is stored of them.

        Raises:
            StorageError, StoreUnavailable: they are on the record.
        """
        rows = [{"session": name, "at_ms": self._now_ms()} for name in sessions]
        with self._database.writing() as connection:
            connection.execute(_new(connection, OffRecordRow), rows)
            for row in rows:
                _forgotten(connection, Filter(session=row["session"]))
        self._database.tidy()

    def forget(self, which: Filter) -> int:
        """Delete events, and what only they named; how many they were.

        Raises:
            StorageError, StoreUnavailable: they are all there still.
        """
        with self._database.writing() as connection:
            n_events = _forgotten(connection, which)
        self._database.tidy()
        return n_events

    def expire(self) -> int:
        """Delete what is older than may be kept; how many events that were.

        Raises:
            StorageError, StoreUnavailable: they are all there still.
        """
        if not self._config.retention_days:
            return 0
        before_ms = self._now_ms() - self._config.retention_days * _DAY_MS
        old = select(exists().where(EventRow.at_ms < before_ms))
        silent = select(exists().where(OffRecordRow.at_ms < before_ms))
        with self._database.reading() as connection:
            if not (connection.scalar(old) or connection.scalar(silent)):
                return 0
        with self._database.writing() as connection:
            connection.execute(delete(OffRecordRow).where(OffRecordRow.at_ms < before_ms))
            n_events = _forgotten(connection, Filter(before_ms=before_ms))
        self._database.tidy()
        return n_events

    def n_bytes(self) -> int:
        """Room that the store takes, bytes."""
        return self._database.n_bytes()

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _recorded(connection: Connection, events: Sequence[Event]) -> set[UUID]:
    models = _models(connection, dict.fromkeys(event.model for event in events))
    sessions = _named(connection, SessionRow, {event.session: {} for event in events})
    users = _named(connection, UserRow, {e.user: {} for e in events if e.user is not None})
    completions = _named(
        connection, CompletionRow, {e.completion: {"model_id": models[e.model]} for e in events}
    )
    rows = [
        {
            "uuid": event.id,
            "kind": event.kind.value,
            "at_ms": event.at_ms,
            "completion_id": completions[event.completion],
            "session_id": sessions[event.session],
            "user_id": None if event.user is None else users[event.user],
            "choice": event.choice,
            "n_choices": event.n_choices,
            "elapsed_ms": event.elapsed_ms,
            "accepted_chars": event.accepted_chars,
            "retained_chars": event.retained_chars,
            "prompt": event.prompt,
            "text": event.text,
        }
        for event in events
    ]
    return set(connection.scalars(_new(connection, EventRow).returning(EventRow.uuid), rows))


def _models(connection: Connection, models: Iterable[Model]) -> dict[Model, int]:
    rows = [{"name": model.name, "digest": model.digest} for model in models]
    connection.execute(_new(connection, ModelRow), rows)
    known = connection.execute(select(ModelRow.name, ModelRow.digest, ModelRow.id))
    return {Model(name, digest): number for name, digest, number in known}


def _named(
    connection: Connection,
    table: type[UserRow | SessionRow | CompletionRow],
    rows: dict[str, dict[str, Any]],
) -> dict[str, int]:
    """The numbers of names, each of which has a row now; `rows` has what else is in it."""
    if not rows:
        return {}
    # In one order, so that two servers of one database do not wait for each other.
    new = [{"name": name, **rows[name]} for name in sorted(rows)]
    connection.execute(_new(connection, table), new)
    return _found(connection, table.name, table.id, rows)


def _found(
    connection: Connection, key: Column, value: Column, names: Iterable[str]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    left = iter(names)
    while some := list(islice(left, _AT_A_TIME)):
        rows = connection.execute(select(key, value).where(key.in_(some)))
        found.update((name, of_it) for name, of_it in rows)
    return found


def _new(connection: Connection, table: type[Base]) -> Any:
    """An INSERT that leaves out rows which are there."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table).on_conflict_do_nothing()


def _forgotten(connection: Connection, which: Filter) -> int:
    n_events = connection.execute(which.narrow(delete(EventRow))).rowcount
    for table, column in (
        (CompletionRow, EventRow.completion_id),
        (SessionRow, EventRow.session_id),
        (UserRow, EventRow.user_id),
    ):
        connection.execute(delete(table).where(~exists().where(column == table.id)))
    unused = ~exists().where(CompletionRow.model_id == ModelRow.id)
    connection.execute(delete(ModelRow).where(unused))
    return n_events
