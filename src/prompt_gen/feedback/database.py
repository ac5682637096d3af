"""Where the tables are: a file of SQLite, or PostgreSQL; who may write; errors in our words.

SQLite runs in WAL mode with `synchronous = FULL`: what is committed is on the disk. Before 3.51.3
two connections that write or checkpoint at once can damage such a file. So whoever writes, opens or
closes holds a lock of the system beside it; those who only read need none.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool

from prompt_gen.choices import missing
from prompt_gen.config import FeedbackConfig
from prompt_gen.errors import (
    Damaged,
    Mismatch,
    PromptGenError,
    SettingError,
    StorageError,
    StoreUnavailable,
    from_os_error,
)
from prompt_gen.feedback.place import file_of
from prompt_gen.lock import seize

_MIGRATIONS = Path(__file__).with_name("migrations")
_PATIENCE_S = 5.0  # for another writer, and for a server that does not answer
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",  # what is forgotten is overwritten
    f"busy_timeout = {_PATIENCE_S * 1000:.0f}",
)
_UPGRADING = 0x70_67_66_62  # PostgreSQL's lock for those who upgrade the tables


class Database:
    """An open store. Upgraded when it is older than the program; one connection, for one thread.

    Raises:
        SettingError: the URL is none.
        MissingExtra: there is no driver for it.
        Mismatch: the tables are newer than the program.
        Damaged: the file is not SQLite's, or broken.
        StorageError, StoreUnavailable: the disk, or the server, does not let us.
    """

    def __init__(self, config: FeedbackConfig, directory: Path) -> None:
        self.path = file_of(config, directory)
        self._engine = _to_server(config.url) if self.path is None else _to_file(self.path)
        self.place = f"'{self.path}'" if self.path else f"'{self._engine.url}'"  # no password
        try:
            with self.writing() as connection:
                if self.path is None:
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADING})"))
                self._upgrade(connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: all of it is on the disk behind the block, or nothing."""
        with self._alone(), self._told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A view of one moment, which keeps nobody from writing."""
        how = {"isolation_level": "REPEATABLE READ"} if self.path is None else {"reads": True}
        with self._told(), self._engine.connect() as connection:
            yield connection.execution_options(**how)

    def tidy(self) -> None:
        """Have nothing of what was deleted stay in the files of SQLite."""
        if self.path is not None:
            with self._alone(), self._told():
                connection = self._engine.raw_connection()
                try:
                    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()

    def n_bytes(self) -> int:
        """Room that it takes, bytes."""
        size = (
            text("SELECT pg_database_size(current_database())")
            if self.path is None
            else text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        )
        with self.reading() as connection:
            return connection.scalar(size) or 0

    def close(self) -> None:
        """Let go of it; SQLite puts its files together."""
        with self._alone():
            self._engine.dispose()

    # ------------------------------------------------------------------------------------------

    def _upgrade(self, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        steps = ScriptDirectory.from_config(config)
        known = {step.revision for step in steps.walk_revisions()}
        for found in MigrationContext.configure(connection).get_current_heads():
            if found not in known:
                raise Mismatch(
                    f"the tables of {self.place} are of version {found}, this program knows up to "
                    f"{steps.get_current_head()}",
                    "Use the newer prompt-gen that made them, or choose another store",
                )
        command.upgrade(config, "head")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes to the file, checkpoints it, or opens or closes it for that."""
        if self.path is None:
            yield
            return
        try:
            descriptor = os.open(_lock_file(self.path), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise from_os_error(error) from error
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while not seize(descriptor):
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"another process has been writing to {self.place} for {_PATIENCE_S:.0f} s",
                        "Try again in a moment",
                    )
                time.sleep(0.002)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database in our words."""
        try:
            yield
        except DBAPIError as error:
            raise _in_our_words(error.orig, self.place, error) from error
        except sqlite3.Error as error:
            raise _in_our_words(error, self.place, error) from error


def _lock_file(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _to_file(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise from_os_error(error) from error
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(path, isolation_level=None, check_same_thread=False),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that begins as a reader's cannot always become a writer's.
        reads = connection.get_execution_options().get("reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _to_server(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingError("setting 'feedback.url' is no URL", _URL_HINT) from error
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise SettingError(f"setting 'feedback.url' names '{parsed.drivername}'", _URL_HINT)
    try:
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": int(_PATIENCE_S)},
        )
    except ModuleNotFoundError as error:
        raise missing(error.name, "a store in PostgreSQL", "postgres") from error


_URL_HINT = "Write it as postgresql://user@host/name, or leave it empty for a file of SQLite"
_SPACE = "Nothing that was acknowledged is lost. Free some space"


def _in_our_words(cause: BaseException | None, place: str, error: Exception) -> Exception:
    """The deliberate error for one of a driver; one that blames the program stays as it is."""
    if isinstance(cause, PromptGenError):
        return cause
    name = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    if name in ("SQLITE_FULL", "53100") or name.startswith("SQLITE_IOERR"):
        return StorageError(f"the disk of {place} is full or cannot be written ({cause})", _SPACE)
    if name in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return Damaged(
            f"{place} is damaged, or no file of SQLite ({cause})",
            "Take it from a copy, or choose another with feedback.path",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StorageError(f"{place} cannot be written ({cause})", "Change its owner or place")
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        reason = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        return StoreUnavailable(f"{place} does not answer ({reason})", "Try again in a moment")
    return error
