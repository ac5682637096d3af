"""A file's bytes in blocks, unpacked as they are read."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from prompt_gen.errors import from_os_error

GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # how the content begins
BLOCK_BYTES = 1 << 20
MAX_RATIO = 100  # a file that unpacks to more than this many times its size ...
MAX_UNPACKED = 1 << 30  # ... and to more bytes than this is taken for a bomb


class Stream:
    """A file's bytes, unpacked, in blocks; what stopped it before its end is in `damage`.

    `told` is called with the number of bytes of the file that have been used.

    Raises:
        StorageError: it cannot be read.
    """

    def __init__(self, path: Path, told: Callable[[int], None] | None = None) -> None:
        self.path = path
        self.damage = ""
        self._told = told or (lambda n_bytes: None)

    def __iter__(self) -> Iterator[bytes]:
        n_packed, n_unpacked = self.path.stat().st_size, 0
        try:
            with self.path.open("rb") as file:
                for block in _gathered(_unpack(file, BLOCK_BYTES), BLOCK_BYTES):
                    n_unpacked += len(block)
                    if n_unpacked > max(MAX_UNPACKED, MAX_RATIO * n_packed):
                        self.damage = f"it unpacks to more than {MAX_RATIO} times its size"
                        return
                    self._told(file.tell())
                    yield block
        except _NOT_WHOLE as error:
            self.damage = f"it is not whole: {error}"
        except OSError as error:
            raise from_os_error(error) from error


class _BadZst(Exception):
    """What is packed with Zstandard cannot be unpacked further."""


_NOT_WHOLE = (gzip.BadGzipFile, EOFError, zlib.error, _BadZst)


def _gathered(pieces: Iterator[bytes], n_bytes: int) -> Iterator[bytes]:
    """The same bytes in blocks of at least `n_bytes`, also those before an error."""
    waiting: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            if size >= n_bytes:
                yield b"".join(waiting)
                waiting.clear()
                size = 0
    except _NOT_WHOLE:
        if waiting:
            yield b"".join(waiting)
        raise
    if waiting:
        yield b"".join(waiting)


def _unpack(file: IO[bytes], n_bytes: int) -> Iterator[bytes]:
    """Blocks of the file, or of what is packed in it; its first bytes say which, not its name.

    All that can be unpacked is given before an error is raised.
    """
    magic = file.read(4)
    file.seek(0)
    if magic.startswith(GZIP):
        reader = gzip.GzipFile(fileobj=file)
    elif magic == ZSTANDARD:
        yield from _unpack_zst(file)
        return
    else:
        reader = file
    while block := reader.read1(n_bytes):  # type: ignore[attr-defined]
        yield block


def _unpack_zst(file: IO[bytes]) -> Iterator[bytes]:
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    data, begun = b"", False
    while data := data or file.read(1 << 10):  # a small piece can unpack to a large one
        try:
            block = frame.decompress(data)
        except zstandard.ZstdError as error:
            raise _BadZst(str(error)) from error
        if block:
            yield block
        data = b""
        if frame.eof:
            data = frame.unused_data
            frame = zstandard.ZstdDecompressor().decompressobj()
            begun = False
        else:
            begun = True
    if begun:
        raise EOFError("it ends before its end")


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[Path, str]]:
    """A seekable file with the same bytes unpacked, and what damage there was."""
    with path.open("rb") as file:
        magic = file.read(4)
    if not magic.startswith((GZIP, ZSTANDARD)):
        yield path, ""
        return
    with TemporaryDirectory() as directory:
        whole = Path(directory) / path.stem
        stream = Stream(path)
        with whole.open("wb") as file:
            file.writelines(stream)
        yield whole, stream.damage
