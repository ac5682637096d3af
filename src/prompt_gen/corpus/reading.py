"""Sources to a spool: every line read, prepared, and noted, with a word on each file."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import readers
from prompt_gen.corpus.prepare import Chunk, Preparer, Tally, chunks, joined
from prompt_gen.corpus.readers import Reading
from prompt_gen.corpus.sources import Source
from prompt_gen.corpus.spool import DOCUMENT, ROW, Spool
from prompt_gen.errors import BadText, UsageError
from prompt_gen.run import Event, Watch
from prompt_gen.workers import Workers


@dataclass
class Found:
    """What was found while reading."""

    n_lines: int = 0
    n_bytes: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    refused: list[BadText] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def read_lines(
    sources: Sequence[Source],
    config: CorpusConfig,
    preparer: Preparer,
    spool: Spool,
    workers: Workers,
    watch: Watch,
) -> Found:
    """Read and prepare every line; texts and rows are on disk afterwards."""
    watch(Event("corpus", "start", total=len(sources)))
    what, n_blocks, began = Found(), 0, time.monotonic()
    total = sum(source.path.stat().st_size for source in sources)
    held = np.empty(0, ROW)  # the last row; its line may go on in the next chunk
    for prepared in workers.map(preparer, _chunks(sources, config, what)):
        codes = [0, *(what.reasons.setdefault(r, len(what.reasons) + 1) for r in prepared.reasons)]
        rows, documents = prepared.rows, prepared.documents
        rows["reason"] = np.array(codes)[rows["reason"]]
        rows["first"] += spool.n_documents
        documents["block"] += n_blocks - (prepared.goes_on and n_blocks > 0)
        n_blocks = int(documents["block"][-1]) + 1 if len(documents) else n_blocks
        rows = joined(held, rows)
        held = rows[-1:]
        spool.add(rows[:-1], documents, prepared.texts)
        what.tally.add(prepared.tally)
        facts = {"lines": what.n_lines, "left_s": _left(began, what.n_bytes, total)}
        watch(Event("corpus", "progress", min(what.n_bytes, total), total, facts))
    spool.add(held, np.empty(0, DOCUMENT), [])
    spool.close()
    if config.fields and not any("fields" in facts for facts in what.files):
        raise _refused(what) or _no_fields(config.fields[0])
    if not spool.n_documents:
        raise _refused(what) or _nothing(spool, what)
    return what


def _refused(what: Found) -> BadText | None:
    """What was wrong with the first file that could not be read, which says more than the rest."""
    return next(iter(what.refused), None)


def _no_fields(name: str) -> UsageError:
    return UsageError(
        f"--field {name} was given, but no file has fields",
        "Leave it out, or say what the file is with --format csv (or tsv, json, jsonl)",
    )


def _nothing(spool: Spool, what: Found) -> BadText:
    """The error for a corpus without any text, with what became of its lines."""
    counts = sum((Counter(rows["reason"].tolist()) for rows in spool.rows()), Counter[int]())
    reasons = ["", *what.reasons]
    fates = ", ".join(f"{n:,} {reasons[code]}" for code, n in counts.most_common())
    return BadText(
        f"no line with text in it was found{f' ({fates})' if fates else ''}",
        "Give one document per line, or say what the file is with --format or --field",
    )


def _left(began: float, done: float, total: float) -> float:
    """Seconds that the rest will take."""
    return (time.monotonic() - began) * (total - done) / done if done else 0.0


def _chunks(sources: Sequence[Source], config: CorpusConfig, what: Found) -> Iterator[Chunk]:
    """The lines of all sources; notes about each file are in `what` when it is through."""
    n_bytes = 0
    for number, source in enumerate(sources):
        reading = Reading(source.path, source.name, config.encoding, config.fields)
        if config.document != "line":
            reading.max_together = None
        before = what.n_lines
        lines = readers.read(source.kind, reading)
        try:
            for chunk in chunks(number, lines, config.document == "file"):
                _refuse_bad_bytes(reading, config)
                what.n_lines += chunk.n_lines
                yield chunk
                what.n_bytes = n_bytes + reading.n_bytes
        except BadText as error:
            if config.on_bad_bytes == "fail" or len(sources) == 1:
                raise
            what.refused.append(error)
            reading.damage = error.message
        _refuse_bad_bytes(reading, config)
        n_bytes += source.path.stat().st_size
        what.n_bytes = n_bytes
        what.files.append(_file_facts(source, reading, what.n_lines - before))


def _refuse_bad_bytes(reading: Reading, config: CorpusConfig) -> None:
    if config.on_bad_bytes != "fail":
        return
    if reading.bad_bytes.n:
        more = f" and {reading.bad_bytes.n - 1:,} further ones" if reading.bad_bytes.n > 1 else ""
        raise BadText(
            f"'{reading.name}' has a byte that fits no character at offset "
            f"{reading.bad_bytes.offsets[0]:,}{more}",
            "Mend them, or go on with --on-bad-bytes skip-line or replace",
        )
    if reading.damage:
        raise BadText(f"'{reading.name}': {reading.damage}", "Make the file anew")


def _file_facts(source: Source, reading: Reading, n_lines: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": source.name, "format": source.kind, "lines": n_lines}
    facts["sha256"] = source.sha256
    if reading.found_encoding:
        facts["encoding"] = reading.found_encoding
    if reading.found_fields:
        facts["fields"] = list(reading.found_fields)
    if reading.bad_bytes.n:
        facts["bad_bytes"] = reading.bad_bytes.n
        facts["bad_offsets"] = reading.bad_bytes.offsets
    if reading.damage:
        facts["damage"] = reading.damage
    return facts
