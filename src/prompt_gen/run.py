"""The run directory: where each artefact lives, who writes to it, fingerprints, progress events.

    runs/clinic/
      run.json       marks the directory as ours; the newest settings, and what was asked for
      .lock          held by the process that writes
      corpus/        train.json  validation.json  test.json  ledger.parquet
      vocab/         tokenizer.json  vocab.txt
      shards/        train-00000.shard  train-00001.shard  train.weights  validation-...
      memory/        text.npy  suffixes.npy  ...  memory.json
      training/      forecast.json  metrics.jsonl  checkpoints/  best/  tensorboard/  report.html
      bundle/        the artefact that completes and serves, with its evaluation

Every station directory holds `station.json` with the fingerprint of its settings and inputs. A
station whose fingerprint is unchanged is not run again.
"""

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from prompt_gen import lock
from prompt_gen.errors import Damaged, OutputExists, PromptGenError, StorageError, UsageError
from prompt_gen.storage import (
    clear_leftovers,
    put_back,
    staged_directory,
    stepped_aside,
    write_atomic,
)

STATIONS = ("corpus", "vocab", "shards", "memory", "training", "bundle")
LOCK = ".lock"


@dataclass(frozen=True)
class Event:
    """What a station tells whoever watches: where it is and what it found."""

    station: str
    state: str  # "start", "progress", "note", "done", "skipped", or a station's own
    done: float = 0.0
    total: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What a training is asked to do."""

    settings: dict[str, Any]  # of all sections
    files: Sequence[str]  # still to be read into the corpus; none: it is there
    directory: str  # where their names were given

    @classmethod
    def of(cls, settings: dict[str, Any], paths: Sequence[str | Path]) -> "Request":
        """The request for files that are named from the current directory."""
        return cls(settings, [str(path) for path in paths], str(Path.cwd()))

    @property
    def paths(self) -> list[str]:
        """The files under the names that they have from the current directory.

        Raises:
            UsageError: the standard input is among them.
        """
        if "-" in self.files:
            raise UsageError(
                "the run was stopped while it read standard input, which cannot be read again",
                "Start over: the same command with --force in place of --resume",
            )
        is_here = self.directory == str(Path.cwd())
        return [name if is_here else str(Path(self.directory, name)) for name in self.files]


Watch = Callable[[Event], None]


def silent(event: Event) -> None:
    """A watcher that looks away."""


def fingerprint(*parts: Any) -> str:
    """Sixteen hex digits that change when any part (settings, hashes, text) changes."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
        if self.path.is_dir() and self._is_foreign():
            raise OutputExists(
                f"'{self.path}' exists and was not made by prompt-gen",
                "Choose another --out, or an empty directory",
            )
        if any(True for each in self._renaming() for _ in stepped_aside(each)):
            with suppress(PromptGenError, OSError), self.claim():
                pass  # a crash left it; whoever writes just now will do it himself

    def _is_foreign(self) -> bool:
        names = {each.name for each in self.path.iterdir()}
        return bool(names - {LOCK}) and not self._marker.exists()

    def _renaming(self) -> tuple[Path, ...]:
        """Where directories take the place of others."""
        training = self.station("training")
        return self.path, training, training / "checkpoints"

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Nobody else writes to the directory while the block runs; it may be nested.

        What a crash left half done is put right first. After an error nothing is left behind of a
        run in which no station was made.

        Raises:
            OutputExists: another process is writing; says which one.
            StorageError: the directory cannot be made.
        """
        is_new = not self._marker.exists()
        made = self._make()
        with lock.hold(self.path / LOCK, f"'{self.path}'"):
            self._mend()
            try:
                yield
            except BaseException:
                if is_new and not any(self.station(name).exists() for name in STATIONS):
                    self._remove(made)
                raise

    def _make(self) -> list[Path]:
        """Make the directory; the directories that were not there, innermost first."""
        made = [path for path in (self.path, *self.path.parents) if not path.exists()]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise self._unusable(error) from error
        return made

    def _unusable(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot make the run directory '{self.path}': {error.strerror}", "Choose another --out"
        )

    def _mend(self) -> None:
        """Put right what a crash left half done."""
        for directory in self._renaming():
            put_back(directory)
        kept = self.path / "evaluation"
        others = (self.station("bundle"), kept, kept / "baselines")
        for directory in (*self._renaming(), *others):
            clear_leftovers(directory)

    def _remove(self, made: list[Path]) -> None:
        with suppress(OSError):  # others have put something into it, or still hold the lock
            for file in (self._marker, self.path / LOCK):
                file.unlink(missing_ok=True)
            for directory in made:
                directory.rmdir()

    def begin(self) -> None:
        """Make the directory and mark it, if that has not been done: something will be written.

        Raises:
            StorageError: it cannot be made.
        """
        if not self._marker.exists():
            self._make()
            self._record({})

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
        return self._recorded().get("settings", {})

    @property
    def request(self) -> "Request | None":
        """What the newest training was asked to do, if any was."""
        row = self._recorded().get("request")
        return Request(**row) if row else None

    def record_settings(self, sections: dict[str, Any]) -> None:
        """Keep sections of settings beside the artefacts that they made."""
        with self.claim():
            self._record({"settings": self.settings | sections})

    def record_request(self, request: "Request") -> None:
        """Keep what is to be done, so that it can be resumed from any point on."""
        with self.claim():
            self._record({"request": asdict(request)})

    def _recorded(self) -> dict[str, Any]:
        try:
            if not self._marker.exists():
                return {}
            return dict(json.loads(self._marker.read_text("utf-8")))
        except (ValueError, TypeError) as error:
            raise Damaged(
                f"'{self._marker}' cannot be read: {error}",
                "Remove it and start over in a new directory",
            ) from error

    def _record(self, more: dict[str, Any]) -> None:
        try:
            text = json.dumps({"format": 1} | self._recorded() | more, indent=1)
            write_atomic(self._marker, text + "\n")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            raise self._unusable(error) from error

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
        with self.claim():
            self.begin()
            with staged_directory(self.station(name)) as staged:
                yield staged
                record = {"fingerprint": print_, **facts}
                text = json.dumps(record, ensure_ascii=False, indent=1)
                (staged / "station.json").write_text(text + "\n", "utf-8")

    def facts(self, name: str) -> dict[str, Any]:
        """What a finished station wrote about itself."""
        return json.loads((self.station(name) / "station.json").read_text("utf-8"))

    def forget(self, *names: str) -> None:
        """Remove stations' directories, so that they are made anew."""
        with self.claim():
            for name in names:
                shutil.rmtree(self.station(name), ignore_errors=True)
