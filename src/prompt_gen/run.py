"""The run directory: where each artefact lives, fingerprints, atomic writes, progress events.

    runs/clinic/
      run.json       marks the directory as ours; the newest settings
      corpus/        train.json  validation.json  test.json  ledger.parquet
      vocab/         tokenizer.json  vocab.txt
      shards/        train-00000.shard  train-00001.shard  train.weights  validation-...
      training/      checkpoints/  best/  tensorboard/
      bundle/        the artefact that completes and serves, with its evaluation

Every station directory holds `station.json` with the fingerprint of its settings and inputs. A
station whose fingerprint is unchanged is not run again.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prompt_gen.errors import Damaged, OutputExists, StorageError, UsageError

STATIONS = ("corpus", "vocab", "shards", "training", "bundle")


@dataclass(frozen=True)
class Event:
    """What a station tells whoever watches: where it is and what it found."""

    station: str
    state: str  # "start", "progress", "note", "done", "skipped", or a station's own
    done: float = 0.0
    total: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


Watch = Callable[[Event], None]


def silent(event: Event) -> None:
    """A watcher that looks away."""


def fingerprint(*parts: Any) -> str:
    """Sixteen hex digits that change when any part (settings, hashes, text) changes."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Force a file's or a directory's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never half."""
    data = data.encode("utf-8") if isinstance(data, str) else data
    staged = path.with_name(f".{path.name}.partial")
    try:
        with staged.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def staged_directory(path: Path) -> Iterator[Path]:
    """A new directory beside `path` that takes its place when the block ends well.

    After an error the staged files are removed and `path` is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_name(f".{path.name}.partial")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    try:
        yield staged
        for file in staged.rglob("*"):
            sync(file)
        sync(staged)
        replace_directory(staged, path)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def replace_directory(staged: Path, path: Path) -> None:
    """Move `staged` to `path`; an old `path` steps aside first and is then removed."""
    aside = path.with_name(f".{path.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if path.exists():
        path.rename(aside)
    try:
        staged.rename(path)
    except BaseException:
        put_back(path.parent)
        raise
    sync(path.parent)
    shutil.rmtree(aside, ignore_errors=True)


def put_back(parent: Path) -> None:
    """Give back what stepped aside for a directory that never came."""
    for aside in parent.glob(".*.old"):
        path = parent / aside.name.removeprefix(".").removesuffix(".old")
        if not path.exists():
            aside.rename(path)


def is_run(path: Path) -> bool:
    """Whether a directory is a run directory."""
    return (path / "run.json").is_file()


class Run:
    """A run directory, made when the first thing is written to it.

    Raises:
        OutputExists: the directory holds files that are not a run's.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_dir():
            raise OutputExists(
                f"'{self.path}' is a file, not a run directory", "Choose another --out"
            )
        if self.path.is_dir() and any(self.path.iterdir()) and not self._marker.exists():
            raise OutputExists(
                f"'{self.path}' exists and was not made by prompt-gen",
                "Choose another --out, or an empty directory",
            )
        for parent in (self.path, self.station("training")):
            put_back(parent)

    def begin(self) -> None:
        """Make the directory and mark it, if that has not been done: something will be written.

        Raises:
            StorageError: it cannot be made.
        """
        if self._marker.exists():
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_atomic(self._marker, json.dumps({"format": 1}))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise StorageError(
                f"cannot make the run directory '{self.path}': {error.strerror}",
                "Choose another --out",
            ) from error

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """An existing run directory.

        Raises:
            UsageError: there is none.
        """
        if not is_run(Path(path)):
            raise UsageError(
                f"'{path}' is not a run directory",
                "Make one with: prompt-gen corpus FILE --out DIR (or train in place of corpus)",
            )
        return cls(path)

    @property
    def _marker(self) -> Path:
        return self.path / "run.json"

    def station(self, name: str) -> Path:
        """The directory of a station."""
        return self.path / name

    @property
    def settings(self) -> dict[str, Any]:
        """The settings, by section, that the artefacts here were made with."""
        try:
            if not self._marker.exists():
                return {}
            return json.loads(self._marker.read_text("utf-8")).get("settings", {})
        except (ValueError, AttributeError) as error:
            raise Damaged(
                f"'{self._marker}' cannot be read: {error}",
                "Remove it and start over in a new directory",
            ) from error

    def record_settings(self, sections: dict[str, Any]) -> None:
        """Keep sections of settings beside the artefacts that they made."""
        self.begin()
        settings = self.settings | sections
        write_atomic(self._marker, json.dumps({"format": 1, "settings": settings}, indent=1) + "\n")

    def fingerprint(self, name: str) -> str | None:
        """The fingerprint a station was finished with, or None."""
        try:
            text = (self.station(name) / "station.json").read_text("utf-8")
            return json.loads(text)["fingerprint"]
        except (OSError, ValueError, KeyError):
            return None

    @contextmanager
    def write_station(self, name: str, print_: str, facts: dict[str, Any]) -> Iterator[Path]:
        """A staged directory that becomes the station's; `facts` may be filled in the block."""
        is_new = not self._marker.exists()
        self.begin()
        try:
            with staged_directory(self.station(name)) as staged:
                yield staged
                record = {"fingerprint": print_, **facts}
                text = json.dumps(record, ensure_ascii=False, indent=1)
                (staged / "station.json").write_text(text + "\n", "utf-8")
        except BaseException:
            if is_new:  # leave nothing behind of a run that never was
                self._marker.unlink(missing_ok=True)
                with suppress(OSError):
                    self.path.rmdir()
            raise

    def facts(self, name: str) -> dict[str, Any]:
        """What a finished station wrote about itself."""
        return json.loads((self.station(name) / "station.json").read_text("utf-8"))

    def forget(self, *names: str) -> None:
        """Remove stations' directories, so that they are made anew."""
        for name in names:
            shutil.rmtree(self.station(name), ignore_errors=True)
