"""Events to store, and a PostgreSQL of our own to store them in."""

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prompt_gen.feedback import Event, Kind, Model

MODEL = Model("clinic", "0123456789abcdef")
NOW_MS = 1_790_000_000_000


def event(kind: Kind = Kind.ACCEPTED, **fields: Any) -> Event:
    """An event as a user of a box makes them."""
    usual: dict[str, Any] = {
        "id": uuid.uuid4(),
        "completion": f"cmpl-{uuid.uuid4().hex}",
        "session": "note-1",
        "model": MODEL,
        "at_ms": NOW_MS,
    }
    if kind in (Kind.ACCEPTED, Kind.KEPT):
        usual |= {"choice": 0, "prompt": "高血压患者", "text": "要注意饮食"}
        usual |= {"accepted_chars": 5} if kind is Kind.ACCEPTED else {"retained_chars": 5}
    return Event(kind=kind, **(usual | fields))


def programs() -> Path | None:
    """The directory of PostgreSQL's programs: where Debian puts them, or on the path."""
    if found := max(Path("/usr/lib/postgresql").glob("*/bin"), default=None):
        return found
    on_path = shutil.which("postgres")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgres(directory: Path) -> Iterator["Postgres"]:
    """A server with its own data, on loopback, stopped at the end. It refuses to run as root."""
    server = Postgres(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Postgres:
    """A server of our own. `kill` and `start` are for those who see what becomes of others."""

    def __init__(self, directory: Path) -> None:
        found = programs()
        assert found is not None
        self._programs, self._data = found, directory / "data"
        self._user = "nobody" if os.getuid() == 0 else None
        directory.chmod(0o755)
        self._data.mkdir(mode=0o700)
        if self._user:
            shutil.chown(self._data, self._user)
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "clinic", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def url(self, database: str) -> str:
        """An empty database, made now."""
        import psycopg

        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[arg-type]
        return self._address(database)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._programs / "postgres", "-D", self._data, "-p", str(self.port),
             "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
            user=self._user, stderr=subprocess.DEVNULL, cwd=self._data, start_new_session=True,
        )  # fmt: skip
        ready = [self._programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("PostgreSQL did not start")

    def kill(self) -> None:
        """As a power cut would: none of its processes ends by itself."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, 9)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(2)  # fast: it does not wait for clients
            self._process.wait(30)

    def _address(self, database: str) -> str:
        return f"postgresql://clinic@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *args: object) -> None:
        command = [self._programs / program, *map(str, args)]
        subprocess.run(command, user=self._user, check=True, capture_output=True, cwd="/")
