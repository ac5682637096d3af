"""Files to documents: read, clean, find duplicates, split, and account for every line.

A document is one line unless told otherwise. The station's directory holds the parts (see
`documents`), `ledger.parquet` with the fate of every line, and `report.json` with what was seen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import readers, sources
from prompt_gen.corpus.documents import Documents
from prompt_gen.corpus.encoding import BAD_BYTES, SURROGATES
from prompt_gen.corpus.privacy.words import read_words
from prompt_gen.corpus.readers import EMPTY, Line, Reading
from prompt_gen.corpus.split import PARTS
from prompt_gen.errors import BadText, UsageError
from prompt_gen.run import Event, Run, Watch, fingerprint, silent

__all__ = ["PARTS", "Corpus", "Documents", "load", "read", "texts"]

VERSION = 3


@dataclass(frozen=True)
class Corpus:
    """Distinct documents by part, and the fingerprint of all of it."""

    train: Documents
    validation: Documents
    test: Documents
    fingerprint: str
    facts: dict[str, Any] = field(default_factory=dict)


def read(
    paths: Iterable[str | Path], config: CorpusConfig, run: Run, watch: Watch = silent
) -> Corpus:
    """Read files into the run's corpus station, or load it when nothing has changed.

    Raises:
        NotFound, BadText, StorageError: see `sources` and `readers`.
        BadText: no line with text in any file.
        SettingError, UnknownChoice, MissingExtra: a setting that cannot be followed.
    """
    with TemporaryDirectory() as kept_input:
        found = sources.find(paths, config.format, Path(kept_input))
        settings = config.model_dump(exclude={"workers"})
        files = [(source.name, source.kind, source.sha256) for source in found]
        print_ = fingerprint(VERSION, settings, read_words(config.privacy_words), files)
        if run.fingerprint("corpus") == print_:
            watch(Event("corpus", "skipped"))
            return load(run)
        from prompt_gen.corpus.make import make  # pyarrow is for those who build a corpus

        facts: dict[str, Any] = {}
        with run.write_station("corpus", print_, facts) as staged:
            facts |= make(found, config, staged, watch)
    watch(Event("corpus", "done", facts=facts))
    return load(run)


def texts(paths: Iterable[str | Path], config: CorpusConfig) -> Iterator[str]:
    """The texts of files as they are, one for each line that has any: not cleaned, not merged.

    Raises:
        NotFound, BadText, StorageError: see `read`; every line must be readable.
    """
    with TemporaryDirectory() as kept_input:
        for source in sources.find(paths, config.format, Path(kept_input)):
            reading = Reading(source.path, source.name, config.encoding, config.fields)
            for line in readers.read(source.kind, reading):
                if why := _unreadable(line):
                    raise BadText(f"'{source.name}', line {line.number:,}: {why}", "Mend that line")
                if text := line.text.strip():
                    yield text
            if reading.damage:
                raise BadText(f"'{source.name}': {reading.damage}", "Make the file anew")


def _unreadable(line: Line) -> str:
    """Why a line cannot be read, if it cannot."""
    if line.bad and line.bad not in EMPTY:
        return line.bad
    return BAD_BYTES if SURROGATES.search(line.text) else ""


def load(run: Run) -> Corpus:
    """The corpus of a run.

    Raises:
        UsageError: the run has none.
        Damaged: its files are not what they were.
    """
    print_ = run.fingerprint("corpus")
    if print_ is None:
        raise UsageError(
            f"'{run.path}' has no corpus",
            f"Make one first: prompt-gen corpus FILE --out {run.path}",
        )
    where = run.station("corpus")
    parts = {part: Documents(where, part) for part in PARTS}
    for part in parts.values():
        _ = part.counts  # a damaged station is refused here, not in the middle of training
    return Corpus(**parts, fingerprint=print_, facts=run.facts("corpus"))
