"""Kernel locks: a process holds one until it ends, however it ends; nothing is left to clean up."""

import json
import os
import shlex
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prompt_gen.errors import OutputExists

if sys.platform == "win32":
    import msvcrt

    def seize(descriptor: int) -> bool:
        """Whether the lock of an open file was free: it is held now, until the file is closed.

        Raises:
            OSError: the file system has no locks.
        """
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a locked byte could not be read by others
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def seize(descriptor: int) -> bool:
        """Whether the lock of an open file was free: it is held now, until the file is closed.

        Raises:
            OSError: the file system has no locks.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass
class _Held:
    """A lock of this process."""

    descriptor: int
    thread: int
    depth: int = 1  # blocks of its thread that hold it


_held: dict[Path, _Held] = {}
_guard = threading.Lock()


@contextmanager
def hold(path: Path, what: str) -> Iterator[None]:
    """Keep the lock file at `path` while the block runs; a thread that has it may take it again.

    `what` is what the lock is for, in the message to those who come second.

    Raises:
        OutputExists: another process, or another thread of this one, holds it.
    """
    path = path.resolve()
    with _guard:
        held = _held.get(path)
        if held and held.thread == threading.get_ident():
            held.depth += 1
        else:
            held = _held[path] = _Held(_locked(path, what), threading.get_ident())
    try:
        yield
    finally:
        with _guard:
            held.depth -= 1
            if not held.depth:
                os.close(_held.pop(path).descriptor)


def _locked(path: Path, what: str) -> int:
    """The descriptor of the locked file, in which the holder is written."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        is_free = True
        with suppress(OSError):  # without locks nobody can tell; training goes on all the same
            is_free = seize(descriptor)
        if not is_free:
            holder = os.read(descriptor, 1 << 16)
            os.close(descriptor)
            raise OutputExists(
                f"{what} is in use: {_who(holder)}",
                "Wait until it is done, or stop it (Ctrl-C saves what it has); or choose another "
                "--out",
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                break
        os.close(descriptor)  # it was removed before it could be locked
    os.ftruncate(descriptor, 0)
    os.write(descriptor, _myself())
    return descriptor


def _myself() -> bytes:
    command = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    host = socket.gethostname()
    return json.dumps(
        {"pid": os.getpid(), "host": host, "since": since, "command": command}
    ).encode()


def _who(holder: bytes) -> str:
    """The holder in words, as far as it has written who it is."""
    try:
        row = json.loads(holder)
        where = "" if row["host"] == socket.gethostname() else f" on {row['host']}"
        return (
            f"process {row['pid']}{where} has been writing to it since {row['since']} "
            f"({row['command']})"
        )
    except (ValueError, LookupError, TypeError):
        return "another process is writing to it"


def _forked() -> None:
    """A copy of the process has no locks: it must not keep them when the process is gone."""
    global _guard
    _guard = threading.Lock()
    while _held:
        os.close(_held.popitem()[1].descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
