"""What users typed and accepted, on top of the model: it counts from the next key on.

A user's lines are counted for him (see `counted`). Below that lies one level for all: lines that
enough different users have sent, in which a user counts an n-gram once, however often he sends it.
So nobody changes alone what others are shown, and nobody is shown what one user has written.
Counts halve with age. Lines are kept as text, which outlives a vocabulary.

B rows, V vocabulary
"""

import json
import logging
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from errno import ENOSPC
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen import lock
from prompt_gen.config import PersonalConfig
from prompt_gen.errors import (
    Damaged,
    InvalidRequest,
    PromptGenError,
    TextTooLong,
    from_os_error,
)
from prompt_gen.memory import counted
from prompt_gen.memory.counted import Counted
from prompt_gen.storage import write_atomic
from prompt_gen.text import check_text
from prompt_gen.vocab import Tokenizer

MAX_USER_CHARS, MAX_LINE_CHARS = 200, 2000
_MAX_TIMES = 100  # of one line that are kept: with more its weight is the same in effect
_MAX_STALE = 1000  # rows of the file that are no longer kept, before it is written anew
_DAY_S = 86_400
_BEGINNING = b'{"user": "'  # of every row
_log = logging.getLogger(__name__)


@dataclass
class _Kept:
    """A line of a user."""

    ids: np.ndarray  # from BOS to EOS
    times: list[float] = field(default_factory=list)  # when it was sent, seconds since 1970


@dataclass(frozen=True)
class _Sent:
    """A row of the file."""

    user: str
    line: str
    when: float  # seconds since 1970

    @property
    def row(self) -> str:
        return json.dumps(vars(self), ensure_ascii=False) + "\n"


class Personal:
    """What users typed and accepted, on top of a model. Safe to call from several threads.

    With a `path` all of it is in that file, a row for each line that was sent. One process holds
    the file until `close`: two would not know of each other's lines. `clock` gives seconds since
    1970.

    Raises:
        Damaged: the file holds what this class did not write; a torn last row is left out.
        OutputExists: another process has the file.
        NotFound, StorageError: it cannot be opened.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        config: PersonalConfig,
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokenizer, self._config, self._path, self._clock = tokenizer, config, path, clock
        self._users: dict[str, dict[str, _Kept]] = {}  # lines in the order they were sent last
        self._senders: dict[str, set[str]] = {}  # of each line
        # By user; None: of all, for whom there may be nothing to count.
        self._counted: dict[str | None, Counted | None] = {}
        self._n_stale = 0  # rows of the file that are no longer kept
        self._versions: dict[str | None, int] = {}  # changes by user; None: of the shared level
        self._lock = threading.Lock()
        self._held = ExitStack()
        if path is not None:
            try:
                self._open(path)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Let go of the file, for other processes to use it."""
        self._held.close()

    def learn(self, user: str, line: str) -> bool:
        """Count a whole line that a user typed or accepted; False: it is blank, or sent too often.

        Raises:
            InvalidRequest: the user's name or the line is none.
            StorageError: it could not be written; then it does not count either.
        """
        _check_user(user)
        line = _checked(line)
        with self._lock:
            now = self._clock()
            if not line or self._n_today(user, line, now) >= self._config.daily_lines:
                return False
            sent = _Sent(user, line, now)
            if self._path is not None:
                _append(self._path, sent.row.encode())
            self._keep(sent, self._ids([line])[0])
            if self._n_stale > _MAX_STALE:
                with suppress(PromptGenError):  # the line is written; this is tried again
                    self._rewrite()
            return True

    def forget(self, user: str, line: str | None = None) -> int:
        """Remove a line of a user, or all of them, here and in the file; how many they were.

        Raises:
            InvalidRequest: the user's name or the line is none.
            StorageError: the file could not be written; call it again.
        """
        _check_user(user)
        line = None if line is None else _checked(line)
        with self._lock:
            lines = [known for known in self._users.get(user, {}) if line in (None, known)]
            for known in lines:
                self._drop(user, known)
            if self._n_stale:
                self._rewrite()
            return len(lines)

    def export(self, user: str) -> list[dict[str, Any]]:
        """What is kept of a user, oldest first: line, when it was sent last, how many times.

        Raises:
            InvalidRequest: the user's name is none.
        """
        _check_user(user)
        with self._lock:
            return [
                {
                    "line": line,
                    "when": datetime.fromtimestamp(kept.times[-1], UTC).isoformat(),
                    "times": len(kept.times),
                }
                for line, kept in self._users.get(user, {}).items()
            ]

    def adjusted(
        self, user: str, contexts: Sequence[Sequence[int]], probability_BV: np.ndarray
    ) -> np.ndarray:
        """Distributions [B, V] of the next token with what all, and then this user, have taught.

        `contexts` are the tokens before each, from BOS on or the last few. The array itself comes
        back if nothing is known of any of them.
        """
        with self._lock:
            now = self._clock()
            levels = [level for level in (self._shared(now), self._own(user, now)) if level]
        adjusted_BV = probability_BV
        for level in levels:
            share = self._share(now - level.when)
            for row, context in enumerate(contexts):
                found_V = level.applied(context, share, adjusted_BV[row])
                if found_V is None:
                    continue
                if adjusted_BV is probability_BV:
                    adjusted_BV = probability_BV.copy()
                adjusted_BV[row] = found_V
        return adjusted_BV

    def version(self, user: str) -> tuple[int, int]:
        """Another one whenever what is known of a user, or of all, has changed."""
        with self._lock:
            return self._versions.get(user, 0), self._versions.get(None, 0)

    # -- counts --------------------------------------------------------------------------------

    def _own(self, user: str, now: float) -> Counted | None:
        kept = self._users.get(user)
        if not kept:
            return None
        if user not in self._counted:
            lines = [each.ids for each in kept.values()]
            weights = [sum(self._share(now - t) for t in each.times) for each in kept.values()]
            n_times = [len(each.times) for each in kept.values()]
            self._counted[user] = counted.of_one(lines, weights, n_times, now)
        return self._counted[user]

    def _shared(self, now: float) -> Counted | None:
        if None not in self._counted:
            enough, numbers = self._config.shared_users, {u: i for i, u in enumerate(self._users)}
            sent = [
                (self._users[user][line], numbers[user])
                for line, users in self._senders.items()
                if len(users) >= enough
                for user in users
            ]
            lines = [kept.ids for kept, _ in sent]
            weights = [self._share(now - kept.times[-1]) for kept, _ in sent]
            senders = [number for _, number in sent]
            self._counted[None] = counted.of_many(lines, weights, senders, now) if sent else None
        return self._counted[None]

    def _share(self, age_s: float) -> float:
        """What is left of a count; a clock that was put back makes none larger."""
        return 0.5 ** (max(0.0, age_s) / _DAY_S / self._config.half_life_days)

    # -- lines ---------------------------------------------------------------------------------

    def _ids(self, lines: Sequence[str]) -> list[np.ndarray]:
        bos, eos = self._tokenizer.bos_id, self._tokenizer.eos_id
        return [np.array([bos, *ids, eos]) for ids in self._tokenizer.encode_batch(lines)]

    def _n_today(self, user: str, line: str, now: float) -> int:
        kept = self._users.get(user, {}).get(line)
        return sum(t // _DAY_S == now // _DAY_S for t in kept.times) if kept else 0

    def _keep(self, sent: _Sent, ids: np.ndarray) -> None:
        lines = self._users.setdefault(sent.user, {})
        kept = lines[sent.line] = lines.pop(sent.line, None) or _Kept(ids)
        kept.times.append(sent.when)
        self._n_stale += len(kept.times[:-_MAX_TIMES])
        del kept.times[:-_MAX_TIMES]
        self._senders.setdefault(sent.line, set()).add(sent.user)
        self._changed(sent.user, sent.line)
        if len(lines) > self._config.max_lines:
            self._drop(sent.user, next(iter(lines)))

    def _drop(self, user: str, line: str) -> None:
        self._changed(user, line)
        self._n_stale += len(self._users[user].pop(line).times)
        self._senders[line].discard(user)
        if not self._senders[line]:
            del self._senders[line]
        if not self._users[user]:
            del self._users[user]

    def _changed(self, user: str, line: str) -> None:
        """Have counts made again that a line of a user is, or was, part of."""
        self._versions[user] = self._versions.get(user, 0) + 1
        self._counted.pop(user, None)
        if len(self._senders[line]) >= self._config.shared_users:
            self._counted.pop(None, None)
            self._versions[None] = self._versions.get(None, 0) + 1

    # -- the file ------------------------------------------------------------------------------

    def _open(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(lock.hold(path.with_name(f".{path.name}.lock"), f"'{path}'"))
            path.touch(mode=0o600)
            data = path.read_bytes()
        except OSError as error:
            raise from_os_error(error) from error
        *whole, torn = data.split(b"\n")
        if not torn.startswith(_BEGINNING[: len(torn)]):
            whole.append(torn)  # nothing of ours that was torn: it is refused below
        rows = [_sent(path, i, row) for i, row in enumerate(whole, 1)]
        for sent, ids in zip(rows, self._ids([sent.line for sent in rows]), strict=True):
            self._keep(sent, ids)
        if torn:
            _log.warning("'%s': the last row was not written whole and is left out", path)
        if torn or self._n_stale:
            self._rewrite()

    def _rows(self) -> Iterator[str]:
        for user, lines in self._users.items():
            for line, kept in lines.items():
                yield from (_Sent(user, line, when).row for when in kept.times)

    def _rewrite(self) -> None:
        """Have the file hold what is kept, and nothing else."""
        if self._path is not None:
            try:
                write_atomic(self._path, "".join(self._rows()))
                self._path.chmod(0o600)
            except OSError as error:
                raise from_os_error(error) from error
        self._n_stale = 0


def _sent(path: Path, number: int, row: bytes) -> _Sent:
    try:
        found = json.loads(row)
        sent = _Sent(str(found["user"]), str(found["line"]), float(found["when"]))
        check_text(sent.line)
        datetime.fromtimestamp(sent.when, UTC)
    except (ValueError, LookupError, TypeError, ArithmeticError, OSError, InvalidRequest) as error:
        raise Damaged(
            f"row {number} of '{path}' is no line that a user sent: {error!r}",
            "Take the file from a copy, remove the row, or choose another file",
        ) from error
    return sent


def _append(path: Path, row: bytes) -> None:
    """Write a row at the end of the file, or leave the file as it was."""
    try:
        with path.open("ab", buffering=0) as file:
            end = file.tell()
            if file.write(row) != len(row):
                file.truncate(end)
                raise OSError(ENOSPC, os.strerror(ENOSPC), str(path))
    except OSError as error:
        raise from_os_error(error) from error


def _check_user(user: str) -> None:
    check_text(user, "user")
    if not 0 < len(user) <= MAX_USER_CHARS:
        raise InvalidRequest(
            f"field 'user' has {len(user):,} characters",
            f"Name the user with 1 to {MAX_USER_CHARS} characters",
            "user",
        )
    for at, character in enumerate(user):
        if unicodedata.category(character) == "Cc":
            raise InvalidRequest(
                f"field 'user' holds the control character {character!r} at {at}",
                "Name the user without it",
                "user",
            )


def _checked(line: str) -> str:
    """A line without the blanks around it.

    Raises:
        InvalidRequest: it is no text, too long, or several lines.
    """
    check_text(line, "line")
    line = line.strip()
    if len(line) > MAX_LINE_CHARS:
        raise TextTooLong(
            f"field 'line' has {len(line):,} characters",
            f"Send at most {MAX_LINE_CHARS:,}",
            "line",
        )
    if len(line.splitlines()) > 1:
        raise InvalidRequest("field 'line' holds several lines", "Send each by itself", "line")
    return line
