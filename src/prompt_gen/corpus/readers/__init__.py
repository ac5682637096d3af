"""Files to lines: one file per kind, one row each.

A reader takes a source and what is wanted of it, and gives its `Line`s in order. It reads on behind
what is broken: what cannot be used becomes a line with the reason in `bad`, so that every line of
the file is accounted for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from prompt_gen.choices import Choice, Choices
from prompt_gen.corpus.encoding import BadBytes

READERS = Choices(
    "format",
    {
        "text": Choice("prompt_gen.corpus.readers.text", "one document per line"),
        "json": Choice("prompt_gen.corpus.readers.json", "an array of strings or objects", "train"),
        "jsonl": Choice("prompt_gen.corpus.readers.jsonl", "a string or an object per line"),
        "csv": Choice("prompt_gen.corpus.readers.csv", "a table, cells quoted where needed"),
        "tsv": Choice("prompt_gen.corpus.readers.tsv", "a table, cells between tabs"),
        "parquet": Choice("prompt_gen.corpus.readers.parquet", "a table in columns", "train"),
    },
)

KINDS = {
    "text": (".txt", ".text", ".md"),
    "json": (".json",),
    "jsonl": (".jsonl", ".ndjson"),
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "parquet": (".parquet",),
}


EMPTY = ("blank", "header", "no text in the record")  # `bad` of lines that can be read


class Line(NamedTuple):
    """One text of a line; a record with several fields gives several with the same number."""

    number: int  # of the line in a text file, the record in an array or a column file; from 1
    text: str
    block: int  # equal for lines that belong together
    bad: str = ""  # why it cannot be used


@dataclass
class Reading:
    """What is wanted of a file, and what was found out while it was read."""

    path: Path
    name: str
    encoding: str = "auto"
    fields: tuple[str, ...] = ()
    max_together: int | None = 8  # lines between blank ones that belong together; None: any number
    found_encoding: str = ""
    found_fields: tuple[str, ...] = ()
    bad_bytes: BadBytes = field(default_factory=BadBytes)
    damage: str = ""  # why the file could not be read to its end
    n_bytes: int = 0  # of the file on disk, read so far


def kind_of(name: str) -> str:
    """The row that reads files of this name, or an empty string."""
    return next((kind for kind, ends in KINDS.items() if name.lower().endswith(ends)), "")


def read(kind: str, reading: Reading) -> Iterator[Line]:
    """A file's lines; afterwards `reading` says what was found.

    Raises:
        BadText: a binary file, or one with no column to choose.
        StorageError: it cannot be read.
    """
    yield from READERS.load(kind).read(reading)
