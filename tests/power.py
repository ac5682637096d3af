"""What a power cut can leave of a directory: writes, syncs and renames recorded and replayed.

The model is that of a journaling file system: what happens to names is kept in order, and is safe
once a directory or a later name is synced; what is in a file is safe once the file is synced, and
may be cut, zeros or missing before.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

Damage = Callable[[bytes], bytes]  # what becomes of content that was not synced
DAMAGES: tuple[Damage, ...] = (
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: bytes(len(data)),
    lambda data: data,
)


@dataclass
class Recorder:
    """What happened below `root`, in order: (what, path, ..., content where a file was synced)."""

    root: Path
    log: list[tuple] = field(default_factory=list)

    def note(self, what: str, *paths: str | os.PathLike) -> None:
        inside = [Path(os.fspath(path)) for path in paths]
        if all(path.is_relative_to(self.root) for path in inside):
            content = inside[0].read_bytes() if what == "sync" and inside[0].is_file() else None
            self.log.append((what, *(path.relative_to(self.root) for path in inside), content))


_recorder: Recorder | None = None


def _heard(event: str, args: tuple) -> None:
    """An audit hook: it cannot be removed, so there is one, which listens when it should."""
    if _recorder is None:
        return
    if event == "open" and isinstance(args[0], str) and (args[2] or 0) & os.O_CREAT:
        _recorder.note("make", args[0])
    elif event == "os.mkdir":
        _recorder.note("dir", args[0])
    elif event == "os.rename":
        _recorder.note("rename", args[0], args[1])
    elif event == "shutil.rmtree" or (event == "os.remove" and args[1] == -1):
        _recorder.note("remove", args[0])


sys.addaudithook(_heard)


@contextmanager
def recorded(root: Path, monkeypatch) -> Iterator[list[tuple]]:
    """The log of what happens below a directory in the block."""
    global _recorder
    _recorder = recorder = Recorder(root)
    true_fsync = os.fsync

    def fsync(descriptor: int) -> None:
        recorder.note("sync", Path(f"/proc/self/fd/{descriptor}").readlink())
        true_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    try:
        yield recorder.log
    finally:
        _recorder = None
        monkeypatch.setattr(os, "fsync", true_fsync)


def after_a_cut(
    before: dict[Path, bytes], log: list[tuple], n_done: int, n_named: int, damage: Damage
) -> dict[Path, bytes]:
    """The files (path to content) after `n_done` of the log, of which `n_named` names were kept.

    Names are kept at least up to the last sync of a directory.
    """
    done = log[:n_done]
    synced = [i for i, (what, *_, content) in enumerate(done) if what == "sync" and content is None]
    n_kept = max([n_named, *(i + 1 for i in synced)])
    files = dict(before)
    for number, (what, *paths, content) in enumerate(done):
        if what == "sync":
            if content is not None and paths[0] in files:
                files[paths[0]] = content
        elif number < n_kept:
            if what == "make":
                files[paths[0]] = damage(_meant(log, number, paths[0]))
            elif what in ("rename", "remove"):
                moved = {path: files.pop(path) for path in list(files) if _below(path, paths[0])}
                if what == "rename":
                    gone = [path for path in files if _below(path, paths[1])]
                    for path in gone:
                        del files[path]
                    files |= {
                        paths[1] / path.relative_to(paths[0]): data for path, data in moved.items()
                    }
    return files


def _below(path: Path, directory: Path) -> bool:
    return path == directory or path.is_relative_to(directory)


def _meant(log: list[tuple], start: int, path: Path) -> bytes:
    """What a file that is made here held when it was synced."""
    for what, *paths, content in log[start:]:
        if what == "sync" and paths == [path] and content is not None:
            return content
    return b""


def contents(root: Path) -> dict[Path, bytes]:
    return {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def lay_out(root: Path, files: dict[Path, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
