"""Files to lines: which files, in which encoding, and where the lines end.

Strict decoding only: UTF-8 first (with or without a byte order mark), UTF-16 by its mark, then
GB18030. Nothing is replaced or skipped in silence; what cannot be read is an error that names the
byte.
"""

import codecs
import gzip
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prompt_gen.errors import BadText, NotFound, from_os_error

TEXT_SUFFIXES = (".txt", ".text", ".md")
_LINE_END = re.compile(r"\r\n|\r|\n")
_ALLOWED_CONTROLS = set(b"\t\n\r\f\v\b\x1b\x1a\x00")


@dataclass(frozen=True)
class Source:
    """One file as it was read: its lines in order, without their ends."""

    path: Path
    encoding: str
    lines: list[str]


def find(paths: Iterable[str | Path]) -> list[Path]:
    """The files that the given files and directories stand for, each once, in a stable order.

    Raises:
        NotFound: a path that is not there.
        BadText: a directory without text files in it, or a file of a kind that is not read.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _is_text_name(p))
            if not inside:
                raise BadText(f"no text in the directory '{path}'", f"Looked for {_read_kinds()}")
            files += inside
        elif not path.exists():
            raise NotFound(f"no such file: '{path}'", "Check the path")
        elif not path.is_file():
            raise BadText(f"'{path}' is not a regular file", f"Give {_read_kinds()}")
        elif path.suffix and not _is_text_name(path):
            raise BadText(
                f"'{path}' is not of a kind that is read",
                f"Give {_read_kinds()}; turn other formats into one line of text per document",
            )
        else:
            files.append(path)
    if not files:
        raise NotFound("no file was given", f"Give {_read_kinds()} or a directory of them")
    return list(dict.fromkeys(files))


def _is_text_name(path: Path) -> bool:
    name = path.name.removesuffix(".gz")
    return name.endswith(TEXT_SUFFIXES)


def _read_kinds() -> str:
    return ", ".join(TEXT_SUFFIXES) + " (each also .gz)"


def read(path: Path) -> Source:
    """A file's lines.

    Raises:
        BadText: empty, binary, a broken .gz, or bytes in no known encoding.
        StorageError: it cannot be read.
    """
    data = _bytes(path)
    if not data.strip():
        raise BadText(f"'{path}' is empty", "Give a file with one document per line")
    encoding, text = decode(data, path)
    lines = _LINE_END.split(text)
    if lines[-1] == "":
        lines.pop()  # what follows the last line end is not a line
    return Source(path, encoding, lines)


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BadText(f"'{path}' is not a whole .gz file ({error})", "Pack it again") from error
    except OSError as error:
        raise from_os_error(error) from error


def decode(data: bytes, path: Path) -> tuple[str, str]:
    """The name of the encoding and the text.

    Raises:
        BadText: binary, or no known encoding; names the byte where each one failed.
    """
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):  # begins as UTF-16's does
        attempts = ["utf-32"]
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        attempts = ["utf-16"]
    else:
        _refuse_binary(data, path)
        attempts = ["utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8", "gb18030"]
    failures = []
    for encoding in attempts:
        try:
            return encoding, data.decode(encoding)
        except UnicodeDecodeError as error:
            failures.append((error.start, encoding))
    offset, nearest = max(failures)
    others = "".join(f", as {name} at byte {start}" for start, name in failures if name != nearest)
    line = data.count(b"\n", 0, offset) + 1
    raise BadText(
        f"'{path}' is in no known encoding: as {nearest} it fails at byte {offset} "
        f"(0x{data[offset]:02x}, line {line}){others}",
        "Read are UTF-8, UTF-16 with a byte order mark, and GB18030; "
        "mend that byte or convert the file to UTF-8",
    )


def _refuse_binary(data: bytes, path: Path) -> None:
    head = data[:65_536]
    n_odd = sum(head.count(bytes([b])) for b in range(32) if b not in _ALLOWED_CONTROLS)
    if head.count(0) * 100 > len(head) or n_odd * 20 > len(head):
        raise BadText(f"'{path}' is a binary file, not text", f"Give {_read_kinds()}")
