"""Pieces of a text that are something, such as names of drugs: BIO tags, an entity at a time.

A file has a piece (a character, or a word) and its tag on each line, and a blank line between
sentences; of more columns the first and the last count, as in CoNLL's files.

N texts, K types
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from prompt_gen.config import TuneConfig
from prompt_gen.corpus import sources
from prompt_gen.corpus.readers import Reading
from prompt_gen.corpus.readers.text import lines, numbered
from prompt_gen.errors import BadText
from prompt_gen.tasks.counting import Counts, Number
from prompt_gen.tasks.labelled import Labelled
from prompt_gen.tasks.tables import check_whole

HEAD = "ForTokenClassification"
SCORE = "micro_f1"
Entity = tuple[str, int, int]  # type, first piece, the piece behind the last


def read(paths: Sequence[str | Path], config: TuneConfig) -> list[Labelled]:
    """The sentences of files.

    Raises:
        BadText: a line without a tag, or a tag that is none of BIO.
    """
    found: list[Labelled] = []
    with TemporaryDirectory() as kept_input:
        for source in sources.find(paths, "text", Path(kept_input)):
            reading = Reading(source.path, source.name)
            found += _sentences(reading)
            check_whole(reading)
    return found


def _sentences(reading: Reading) -> Iterator[Labelled]:
    pieces, tags = list[str](), list[str]()
    for number, line in numbered(lines(reading)):
        cells = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or cells[0] == "-DOCSTART-":
            if pieces:
                yield Labelled((*pieces,), (*tags,))
                pieces, tags = [], []
            continue
        if len(cells) < 2:
            raise BadText(
                f"'{reading.name}', line {number:,}: {line[:20]!r} has no tag",
                "Write a piece, a tab and its tag on each line, a blank line between sentences",
            )
        pieces.append(cells[0] or " ")
        tags.append(_tag(cells[-1].strip(), reading, number))
    if pieces:
        yield Labelled((*pieces,), (*tags,))


def _tag(written: str, reading: Reading, number: int) -> str:
    """The tag in BIO: `B_x` is `B-x`, and marks of BIOES and BILOU are those of BIO."""
    prefix, kind = written[:1], written[2:]
    if written == "O":
        return written
    if prefix in "BIESUL" and written[1:2] in ("-", "_") and kind:
        return f"{'B' if prefix in 'BSU' else 'I'}-{kind}"
    raise BadText(
        f"'{reading.name}', line {number:,}: {written!r} is no tag",
        "Tags are O, B-TYPE for the first piece of something and I-TYPE for those behind it",
    )


def entities(tags: Sequence[str]) -> list[Entity]:
    """What tags mark: an I that goes on from nothing of its type begins something, too.

    Source: conlleval of the shared task CoNLL-2000, as in seqeval's default mode.
    """
    found: list[Entity] = []
    kind, start = "", 0
    for at, tag in enumerate([*tags, "O"]):
        prefix, _, here = tag.partition("-")
        if kind and not (prefix == "I" and here == kind):
            found.append((kind, start, at))
            kind = ""
        if prefix != "O" and not kind:
            kind, start = here, at
    return found


def counts(gold: Sequence[Labelled], found: Sequence[Sequence[str]]) -> Counts:
    """How many entities of each type are right, there and said."""
    there = [set(entities(each.labels)) for each in gold]
    said = [set(entities(tags)) for tags in found]
    names = sorted({kind for row in (*there, *said) for kind, _, _ in row})
    right = [one & other for one, other in zip(there, said, strict=True)]
    return Counts(names, *(_by_type(names, rows) for rows in (right, there, said)))


def _by_type(names: list[str], rows: Sequence[set[Entity]]) -> np.ndarray:
    each = [Counter(kind for kind, _, _ in row) for row in rows]
    return np.array([[row[name] for name in names] for row in each]).reshape(len(rows), len(names))


def numbers(gold: Sequence[Labelled], found: Sequence[Sequence[str]]) -> dict[str, Number]:
    """Micro and macro precision, recall and F1 of entities: type and both ends must be right."""
    return counts(gold, found).numbers()


def joiner(texts: Sequence[Labelled]) -> str:
    """What stands between pieces: nothing where most of them are single characters."""
    pieces = [piece for each in texts for piece in each.pieces]
    return "" if 2 * sum(len(piece) == 1 for piece in pieces) > len(pieces) else " "
