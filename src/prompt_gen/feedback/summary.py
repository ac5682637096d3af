"""What users did with what they were shown, in numbers.

A list is an answer that was shown. Keys saved are those of the evaluation: the characters that a
candidate gave, less one key to take it and one for each rank that it stood below the first.
"""

import math
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, case, func, literal_column, select
from sqlalchemy.orm import aliased

from prompt_gen.feedback.event import Kind
from prompt_gen.feedback.store import Store
from prompt_gen.feedback.tables import CompletionRow, EventRow, ModelRow, SessionRow, UserRow

_DAY_MS = 86_400_000
_SHOWN, _ACCEPTED, _DISMISSED, _KEPT = (kind.value for kind in Kind)
_N_LISTS = func.count(EventRow.completion_id.distinct())
_DAY = EventRow.at_ms // literal_column(str(_DAY_MS))  # PostgreSQL wants the same text twice
_COST = 1 + func.coalesce(EventRow.choice, 0)
_CHARS = func.coalesce(EventRow.accepted_chars, 0)
_SAVED = func.sum(case((_CHARS > _COST, _CHARS - _COST), else_=0))


def summarised(store: Store) -> dict[str, Any]:
    """Counts, shares and the same by day (UTC), rank and model.

    `acceptance` is the share of shown lists of which something was accepted; `retained` the share
    of accepted characters that still stood when it was looked last. None: nothing to divide by.
    """
    with store.reading() as connection:
        days = _days(connection)
        first, last = connection.execute(
            select(func.min(EventRow.at_ms), func.max(EventRow.at_ms))
        ).one()
        shown, accepted = _shown(connection), _accepted_of_shown(connection)
        return {
            "events": _events(connection),
            "users": connection.scalar(select(func.count(UserRow.id))),
            "sessions": connection.scalar(select(func.count(SessionRow.id))),
            "first": _iso(first),
            "last": _iso(last),
            "shown": shown,
            "acceptance": _share(accepted, shown),
            "acceptance_interval": _wilson(accepted, shown),
            "accepted": sum(day["accepted"] for day in days),
            "accepted_chars": sum(day["accepted_chars"] for day in days),
            "saved_keys": sum(day["saved_keys"] for day in days),
            "retained": _share(
                sum(day["retained_chars"] for day in days),
                sum(day["looked_at_chars"] for day in days),
            ),
            "median_ms": _median_ms(connection),
            "days": days,
            "ranks": _ranks(connection),
            "models": _models(connection),
        }


def _events(connection: Connection) -> dict[str, int]:
    counted = select(EventRow.kind, func.count()).group_by(EventRow.kind)
    found = {kind: n for kind, (n,) in _by(connection, counted).items()}
    return {kind.name.lower(): found.get(kind.value, 0) for kind in Kind}


def _shown(connection: Connection) -> int:
    return connection.scalar(select(_N_LISTS).where(EventRow.kind == _SHOWN)) or 0


def _accepted_of_shown(connection: Connection) -> int:
    """Lists that were shown and of which something was accepted."""
    statement = select(_N_LISTS).where(EventRow.kind == _ACCEPTED, _was_shown())
    return connection.scalar(statement) or 0


def _was_shown() -> Any:
    shown = aliased(EventRow)
    return EventRow.completion_id.in_(select(shown.completion_id).where(shown.kind == _SHOWN))


def _days(connection: Connection) -> list[dict[str, Any]]:
    """One row for each day on which something happened."""
    shown = _by(connection, select(_DAY, _N_LISTS).where(EventRow.kind == _SHOWN).group_by(_DAY))
    taken = _by(
        connection,
        select(_DAY, _N_LISTS).where(EventRow.kind == _ACCEPTED, _was_shown()).group_by(_DAY),
    )
    accepted = _by(
        connection,
        select(_DAY, func.count(), func.sum(_CHARS), _SAVED)
        .where(EventRow.kind == _ACCEPTED)
        .group_by(_DAY),
    )
    kept = _by(connection, _kept())
    rows = []
    for day in sorted(shown.keys() | accepted.keys() | kept.keys()):
        (n_shown,), (n_taken,) = shown.get(day, (0,)), taken.get(day, (0,))
        n_accepted, chars, saved = accepted.get(day, (0, 0, 0))
        retained, looked_at = kept.get(day, (0, 0))
        rows.append(
            {
                "day": _iso(day * _DAY_MS)[:10],
                "shown": n_shown,
                "accepted": n_accepted,
                "acceptance": _share(n_taken, n_shown),
                "accepted_chars": int(chars),
                "saved_keys": int(saved),
                "retained_chars": int(retained),
                "looked_at_chars": int(looked_at),
            }
        )
    return rows


def _kept() -> Any:
    """By the day of acceptance: characters that still stood at the last look, and all of those."""
    last = (
        select(func.max(EventRow.id))
        .where(EventRow.kind == _KEPT)
        .group_by(EventRow.completion_id, EventRow.choice)
    )
    look = aliased(EventRow)
    stood = func.sum(case((look.retained_chars < _CHARS, look.retained_chars), else_=_CHARS))
    same = (look.completion_id == EventRow.completion_id) & (look.choice == EventRow.choice)
    return (
        select(_DAY, stood, func.sum(_CHARS))
        .join(look, same)
        .where(EventRow.kind == _ACCEPTED, look.id.in_(last))
        .group_by(_DAY)
    )


def _ranks(connection: Connection) -> list[dict[str, Any]]:
    """What was accepted of each rank, and how many lists had one there."""
    accepted = _by(
        connection,
        select(EventRow.choice, func.count(), func.sum(_CHARS), _SAVED)
        .where(EventRow.kind == _ACCEPTED, EventRow.choice.is_not(None))
        .group_by(EventRow.choice),
    )
    lengths = _by(
        connection,
        select(EventRow.n_choices, _N_LISTS)
        .where(EventRow.kind == _SHOWN, EventRow.n_choices.is_not(None))
        .group_by(EventRow.n_choices),
    )
    n_ranks = max([*(rank + 1 for rank in accepted), *lengths], default=0)
    rows = []
    for rank in range(n_ranks):
        n_shown = sum(n for length, (n,) in lengths.items() if length > rank)
        n_accepted, chars, saved = accepted.get(rank, (0, 0, 0))
        rows.append(
            {
                "rank": rank + 1,
                "shown": n_shown,
                "accepted": n_accepted,
                "accepted_chars": int(chars),
                "saved_keys": int(saved),
            }
        )
    return rows


def _models(connection: Connection) -> list[dict[str, Any]]:
    def lists(*where: Any) -> dict[int, tuple[Any, ...]]:
        statement = (
            select(CompletionRow.model_id, _N_LISTS)
            .join(CompletionRow, CompletionRow.id == EventRow.completion_id)
            .where(*where)
            .group_by(CompletionRow.model_id)
        )
        return _by(connection, statement)

    shown = lists(EventRow.kind == _SHOWN)
    accepted = lists(EventRow.kind == _ACCEPTED, _was_shown())
    models = select(ModelRow.id, ModelRow.name, ModelRow.digest).order_by(ModelRow.id)
    return [
        {
            "name": name,
            "digest": digest,
            "shown": shown.get(number, (0,))[0],
            "acceptance": _share(accepted.get(number, (0,))[0], shown.get(number, (0,))[0]),
            "acceptance_interval": _wilson(
                accepted.get(number, (0,))[0], shown.get(number, (0,))[0]
            ),
        }
        for number, name, digest in connection.execute(models)
    ]


def _median_ms(connection: Connection) -> int | None:
    """Between showing and accepting, by the clocks of the clients."""
    known = (EventRow.kind == _ACCEPTED, EventRow.elapsed_ms.is_not(None))
    n = connection.scalar(select(func.count(EventRow.id)).where(*known)) or 0
    middle = select(EventRow.elapsed_ms).where(*known).order_by(EventRow.elapsed_ms)
    return connection.scalar(middle.offset((n - 1) // 2).limit(1)) if n else None


def _by(connection: Connection, statement: Any) -> dict[int, tuple[Any, ...]]:
    return {row[0]: tuple(row[1:]) for row in connection.execute(statement)}


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _wilson(part: int, whole: int, z: float = 1.96) -> tuple[float, float] | None:
    """95 % interval of a share (Wilson 1927); lists of one user are taken to be independent."""
    if not whole:
        return None
    share, square = part / whole, z * z / whole
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / whole + square / whole / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def _iso(at_ms: int | None) -> str:
    """UTC, to the second; empty where there is none."""
    if at_ms is None:
        return ""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
