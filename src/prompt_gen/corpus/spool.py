"""What was read, on disk while the corpus is made: rows of lines, documents, their texts.

A corpus may be larger than the memory. Texts lie one behind another in one file; what is known of
each line and each document are records of fixed size, gone through in pieces.
"""

from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path

import numpy as np

from prompt_gen.storage import save_array

ROW = np.dtype(
    [
        ("file", "<i4"),
        ("number", "<i8"),
        ("first", "<i8"),  # its first document
        ("n_documents", "<i4"),
        ("reason", "<i4"),  # why it has none; 0: it has some
        ("changes", "<u4"),  # bits of the cleaning rules that changed it
        ("masked", "<u4"),  # bits of the kinds of private data in it
    ]
)
DOCUMENT = np.dtype(
    [
        ("size", "<u4"),  # bytes of its text
        ("key", "<u8"),  # hash of the normal form
        ("surface", "<u4"),  # checksum of the text itself, to tell spellings of one key apart
        ("block", "<u4"),  # equal for documents that belong together
    ]
)
PIECE = 1 << 18  # records gone through at a time
_COPIED = 1 << 14  # texts in memory while they are copied


class Spool:
    """Append rows and documents, then go through them as often as needed."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self._rows = directory / "rows"
        self._documents = directory / "documents"
        self._texts = directory / "texts"
        self._files = [path.open("wb") for path in (self._rows, self._documents, self._texts)]
        self.directory = directory
        self.n_documents = 0

    def add(self, rows: np.ndarray, documents: np.ndarray, texts: Sequence[bytes]) -> None:
        """Append records of the types ROW and DOCUMENT, and the documents' texts."""
        for file, data in zip(
            self._files, (rows.data, documents.data, b"".join(texts)), strict=True
        ):
            file.write(data)
        self.n_documents += len(documents)

    def close(self) -> None:
        """Nothing is appended any more."""
        for file in self._files:
            file.close()

    def keep(self, **arrays: np.ndarray) -> None:
        """Put arrays aside, with one number for each document, until they are needed."""
        for name, array in arrays.items():
            save_array(self.directory / f"{name}.npy", array)

    def kept(self, name: str) -> np.ndarray:
        """An array that was put aside."""
        return np.load(self.directory / f"{name}.npy")

    def rows(self) -> Iterator[np.ndarray]:
        """All rows, in pieces."""
        return read_pieces(self._rows, ROW)

    def documents(self) -> Iterator[np.ndarray]:
        """All documents, in pieces."""
        return read_pieces(self._documents, DOCUMENT)

    def texts(self) -> Iterator[str]:
        """The documents' texts in order."""
        with self._texts.open("rb") as file:
            for piece in self.documents():
                for size in piece["size"].tolist():
                    yield file.read(size).decode("utf-8")

    def distinct(self, wanted: np.ndarray, directory: Path) -> "Spool":
        """A spool of the documents at which `wanted` is true; this one has no texts any more."""
        made, start = Spool(directory), 0
        with self._texts.open("rb") as file:
            for piece in self.documents():
                here = wanted[start : start + len(piece)]
                start += len(piece)
                for begin in range(0, len(piece), _COPIED):
                    records, kept = piece[begin : begin + _COPIED], here[begin : begin + _COPIED]
                    texts = [file.read(size) for size in records["size"].tolist()]
                    made.add(np.empty(0, ROW), records[kept], list(compress(texts, kept.tolist())))
        made.close()
        self._texts.unlink()
        return made

    def offsets(self, wanted: np.ndarray) -> np.ndarray:
        """Where the texts of some documents (ascending numbers) begin: int64, and their sizes."""
        found = np.empty((len(wanted), 2), np.int64)
        start = at = offset = 0
        for piece in self.documents():
            ends = offset + np.cumsum(piece["size"], dtype=np.int64)
            until = int(np.searchsorted(wanted, start + len(piece)))
            here = wanted[at:until] - start
            sizes = piece["size"][here].astype(np.int64)
            found[at:until, 0], found[at:until, 1] = ends[here] - sizes, sizes
            start, at, offset = start + len(piece), until, int(ends[-1])
        return found

    def open_texts(self) -> "TextFile":
        """For reading single texts by their offsets."""
        return TextFile(self._texts)


class TextFile:
    """Texts by their place."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __call__(self, offset: int, size: int) -> str:
        """The text of `size` bytes at `offset`."""
        self._file.seek(offset)
        return self._file.read(size).decode("utf-8")

    def __enter__(self) -> "TextFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_pieces(path: Path, dtype: np.dtype) -> Iterator[np.ndarray]:
    """The records of a file, in pieces that fit in memory."""
    with path.open("rb") as file:  # not mapped: mapped pages would count as memory of the process
        while len(piece := np.fromfile(file, dtype, PIECE)):
            yield piece
