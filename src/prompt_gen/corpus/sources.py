"""Which files a corpus is read from.

A source is a file, a directory (all files of a known kind in it), a pattern such as `notes/*.txt`,
or `-` for the standard input.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from glob import glob, has_magic
from pathlib import Path

from prompt_gen.corpus.readers import KINDS, kind_of
from prompt_gen.errors import BadText, NotFound
from prompt_gen.run import is_run
from prompt_gen.storage import file_hash

STDIN = "-"
PACKED = (".gz", ".zst")
_TYPICAL_RATIO = 3  # of packed text


@dataclass(frozen=True)
class Source:
    """A file to read: where it is, what it is called, and the reader for its kind."""

    path: Path
    name: str
    kind: str

    @cached_property
    def sha256(self) -> str:
        """Hash of the file's bytes, hex."""
        return file_hash(self.path)

    @property
    def n_bytes_unpacked(self) -> int:
        """About how many bytes there are to read."""
        return self.path.stat().st_size * (_TYPICAL_RATIO if self.path.suffix in PACKED else 1)


def find(paths: Iterable[str | Path], kind: str, directory: Path) -> list[Source]:
    """The sources that the given names stand for, each once, in a stable order.

    Args:
        paths: files, directories, patterns, or `-`.
        kind: a row of the table of readers for all of them; `auto`: by the file's name.
        directory: where the standard input is kept while it is read.

    Raises:
        NotFound: a path that is not there, or a pattern that fits nothing.
        BadText: a directory without readable files in it, or a file of a kind that is not read.
    """
    found: dict[Path, Source] = {}  # by their real places
    for path in paths:
        if str(path) == STDIN:
            saved = _standard_input(directory)
            found[saved] = Source(saved, "stdin", "text" if kind == "auto" else kind)
        else:
            for file in _files(str(path)):
                found.setdefault(file.resolve(), Source(file, str(file), _kind(file, kind)))
    if not found:
        raise NotFound("no file was given", f"Give {known_kinds()} or a directory of them")
    return list(found.values())


def _files(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        inside = sorted(p for p in _walk(path) if kind_of(_unpacked_name(p)))
        if not inside:
            raise BadText(f"no text in the directory '{path}'", f"Looked for {known_kinds()}")
        return inside
    if path.exists():
        if not path.is_file():
            raise BadText(f"'{path}' is not a regular file", f"Give {known_kinds()}")
        return [path]
    if has_magic(name):
        names = sorted(glob(name, recursive=True))  # noqa: PTH207 - Path.glob takes none from /
        fitting = [path for path in map(Path, names) if path.is_file()]
        if not fitting:
            raise NotFound(f"no file fits the pattern '{name}'", "Check the pattern")
        return fitting
    raise NotFound(f"no such file: '{path}'", "Check the path")


def _walk(directory: Path) -> Iterator[Path]:
    """Files below a directory; not what is hidden, and not what a run of ours has made."""
    for path in directory.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not is_run(path):
            yield from _walk(path)


def _kind(path: Path, kind: str) -> str:
    if kind != "auto":
        return kind
    name = _unpacked_name(path)
    by_name = kind_of(name) or ("" if Path(name).suffix else "text")
    if not by_name:
        raise BadText(
            f"'{path}' is not of a kind that is read",
            f"Give {known_kinds()}, or say what it is with --format {', '.join(KINDS)}",
        )
    return by_name


def _unpacked_name(path: Path) -> str:
    return path.stem if path.suffix in PACKED else path.name


def known_kinds() -> str:
    """The file names that are read, for messages."""
    suffixes = [suffix for reader in KINDS.values() for suffix in reader]
    return f"{', '.join(suffixes)} (each also {' and '.join(PACKED)})"


def _standard_input(directory: Path) -> Path:
    path = directory / "stdin"
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
