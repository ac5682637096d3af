"""The corpus station's work, step by step, with everything large kept on disk."""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import duplicates, readers
from prompt_gen.corpus.documents import Writer
from prompt_gen.corpus.encoding import check_encoding
from prompt_gen.corpus.ledger import Ledger, Places
from prompt_gen.corpus.prefixes import seen_chars
from prompt_gen.corpus.prepare import Chunk, Preparer, Tally, chunks, joined
from prompt_gen.corpus.readers import Reading
from prompt_gen.corpus.sources import Source
from prompt_gen.corpus.split import PARTS, TRAIN, split
from prompt_gen.corpus.spool import DOCUMENT, ROW, Spool
from prompt_gen.corpus.workers import Workers
from prompt_gen.errors import BadText, UsageError
from prompt_gen.run import Event, Watch

N_GROUPS = 12  # groups of near-duplicates that the report shows
N_SHOWN = 20  # offsets of bad bytes that are noted for each file


@dataclass
class Found:
    """What was found while reading."""

    n_lines: int = 0
    n_bytes: int = 0
    files: list[dict[str, Any]] = field(default_factory=list)
    refused: list[BadText] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def make(
    found: Sequence[Source], config: CorpusConfig, directory: Path, watch: Watch
) -> dict[str, Any]:
    """Read the sources into a corpus in `directory`; the facts about it.

    Raises:
        BadText, StorageError, SettingError, UnknownChoice, MissingExtra: see `corpus.read`.
    """
    if config.encoding != "auto":
        check_encoding(config.encoding)
    preparer = Preparer(config)
    n_bytes = sum(source.n_bytes_unpacked for source in found)
    spool = Spool(directory / ".spool")
    with Workers(config.workers, n_bytes) as workers:
        what = _spool_lines(found, config, preparer, spool, workers, watch)
        first, counts = duplicates.exact(spool)
        is_chosen = counts > 0
        groups, together = _groups(spool, first, is_chosen, config, workers, watch)
    parts = split(duplicates.keys_of(spool, is_chosen), together, config)
    seen = _write_parts(spool, is_chosen, parts, counts[is_chosen], groups, directory, watch)
    fates = _write_ledger(spool, what, first, is_chosen, parts, directory / "ledger.parquet")
    facts = _facts(what, fates, parts, counts[is_chosen], groups)
    report = facts | {
        "config": config.model_dump(),
        **_tallied(what.tally),
        "counts": _histogram(counts[is_chosen]),
        "near_groups": _near_examples(spool, is_chosen, groups),
        "seen_chars": _histogram(seen),
    }
    (directory / "report.json").write_text(json.dumps(report, ensure_ascii=False), "utf-8")
    shutil.rmtree(spool.directory)
    return facts


def _spool_lines(
    found: Sequence[Source],
    config: CorpusConfig,
    preparer: Preparer,
    spool: Spool,
    workers: Workers,
    watch: Watch,
) -> Found:
    """Read and prepare every line; texts and rows are on disk afterwards."""
    watch(Event("corpus", "start", total=len(found)))
    what, n_blocks, began = Found(), 0, time.monotonic()
    total = sum(source.path.stat().st_size for source in found)
    held = np.empty(0, ROW)  # the last row; its line may go on in the next chunk
    for prepared in workers.map(preparer, _chunks(found, config, what)):
        codes = [0, *(what.reasons.setdefault(r, len(what.reasons) + 1) for r in prepared.reasons)]
        rows, documents = prepared.rows, prepared.documents
        rows["reason"] = np.array(codes)[rows["reason"]]
        rows["first"] += spool.n_documents
        documents["block"] += n_blocks
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
        raise UsageError(
            f"--field {config.fields[0]} was given, but no file has fields",
            "Leave it out, or say what the file is with --format csv (or tsv, json, jsonl)",
        )
    if not spool.n_documents:
        raise (
            what.refused[0]
            if what.refused
            else BadText("no line with text in it was found", "Give one document per line")
        )
    return what


def _left(began: float, done: float, total: float) -> float:
    """Seconds that the rest will take."""
    return (time.monotonic() - began) * (total - done) / done if done else 0.0


def _chunks(found: Sequence[Source], config: CorpusConfig, what: Found) -> Iterator[Chunk]:
    """The lines of all sources; notes about each file are in `what` when it is through."""
    n_bytes = 0
    for number, source in enumerate(found):
        reading = Reading(source.path, source.name, config.encoding, config.fields)
        before = what.n_lines
        lines = readers.read(source.kind, reading)
        try:
            for chunk in chunks(number, lines, config.document == "file"):
                _refuse_bad_bytes(reading, config)
                what.n_lines += chunk.n_lines
                yield chunk
                what.n_bytes = n_bytes + reading.n_bytes
        except BadText as error:
            if config.on_bad_bytes == "fail" or len(found) == 1:
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
    if reading.bad_offsets:
        raise BadText(
            f"'{reading.name}' has bytes that fit no character at offset "
            f"{reading.bad_offsets[0]:,} and {len(reading.bad_offsets) - 1:,} further places",
            "Mend them, or go on with --on-bad-bytes skip-line or replace",
        )
    if reading.damage:
        raise BadText(f"'{reading.name}': {reading.damage}", "Make the file anew")


def _file_facts(source: Source, reading: Reading, n_lines: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": source.name, "format": source.kind, "lines": n_lines}
    if reading.found_encoding:
        facts["encoding"] = reading.found_encoding
    if reading.found_fields:
        facts["fields"] = list(reading.found_fields)
    if reading.bad_offsets:
        facts["bad_bytes"] = len(reading.bad_offsets)
        facts["bad_offsets"] = reading.bad_offsets[:N_SHOWN]
    if reading.damage:
        facts["damage"] = reading.damage
    return facts


def _groups(
    spool: Spool,
    first: np.ndarray,
    is_chosen: np.ndarray,
    config: CorpusConfig,
    workers: Workers,
    watch: Watch,
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of near-duplicates, and of what stays on one side, by rank among chosen documents."""
    n = int(is_chosen.sum())
    ranks = np.cumsum(is_chosen, dtype=np.int32) - 1
    pairs = np.empty((0, 2), np.int64)
    if config.near_duplicates:

        def tell(done: int) -> None:
            watch(Event("corpus", "progress", done, n, {"looked for near-duplicates": done}))

        pairs = duplicates.near(spool, is_chosen, config.near_duplicates, workers.map, tell)
    groups = duplicates.components(n, pairs)
    edges = [pairs]
    last_block, last_rank, start = -1, 0, 0
    for piece in spool.documents():
        rank = ranks[first[start : start + len(piece)]]
        block = piece["block"]
        before = np.concatenate([[last_block], block[:-1].astype(np.int64)])
        rank_before = np.concatenate([[last_rank], rank[:-1]])
        is_edge = (before == block) & (rank_before != rank)
        edges.append(np.stack([rank_before[is_edge], rank[is_edge]], 1))
        last_block, last_rank, start = int(block[-1]), int(rank[-1]), start + len(piece)
    return groups, duplicates.components(n, np.concatenate(edges))


def _write_parts(
    spool: Spool,
    is_chosen: np.ndarray,
    parts: np.ndarray,
    counts: np.ndarray,
    groups: np.ndarray,
    directory: Path,
    watch: Watch,
) -> np.ndarray:
    """Write every part's texts and arrays; the seen characters of the held-out documents."""
    writers = [Writer(directory, part) for part in PARTS]
    held_out: list[list[str]] = [[] for _ in PARTS]
    for n_done, (text, part) in enumerate(zip(spool.texts(is_chosen), parts, strict=True), 1):
        writers[part].add(text)
        if part != TRAIN:
            held_out[part].append(text)
        if n_done % 100_000 == 0:
            watch(Event("corpus", "progress", n_done, len(parts), {"written": n_done}))
    every = [text for texts in held_out for text in texts]
    is_train = is_chosen.copy()
    is_train[is_train] = parts == TRAIN
    seen = left = seen_chars(every, spool.texts(is_train))
    for number, writer in enumerate(writers):
        here = parts == number
        _, labels = np.unique(groups[here], return_inverse=True)
        arrays = {"counts": counts[here], "groups": labels.astype(np.int32)}
        if number != TRAIN:
            n = len(held_out[number])
            arrays["seen"], left = left[:n], left[n:]
        writer.close(**arrays)
    return seen


def _write_ledger(
    spool: Spool,
    what: Found,
    first: np.ndarray,
    is_chosen: np.ndarray,
    parts: np.ndarray,
    path: Path,
) -> dict[str, int]:
    """One row for each line; lines by fate and reason."""
    part = np.zeros(len(first), np.uint8)
    part[is_chosen] = parts
    index = np.zeros(len(first), np.int32)
    for number in range(len(PARTS)):
        here = is_chosen & (part == number)
        index[here] = np.arange(here.sum(), dtype=np.int32)
    names = [facts["name"] for facts in what.files]
    ledger = Ledger(path, names, list(what.reasons))
    places = Places(first, part, index)
    for rows in spool.rows():
        ledger.add(rows, places)
    return ledger.close(what.n_lines)


def _facts(
    what: Found, fates: dict[str, int], parts: np.ndarray, counts: np.ndarray, groups: np.ndarray
) -> dict[str, Any]:
    """What the command line prints and the bundle's card says."""
    sizes = np.bincount(groups)
    is_near = sizes[groups] > 1
    return {
        "files": what.files,
        "encodings": dict(Counter(f.get("encoding", "") for f in what.files)),
        "lines": what.n_lines,
        "fates": fates,
        "documents": {name: int((parts == i).sum()) for i, name in enumerate(PARTS)},
        "chars": what.tally.n_chars(),
        "near_duplicates": {
            "groups": int((sizes > 1).sum()),
            "documents": int(is_near.sum()),
        },
        "merged_lines": int(counts.sum() - len(counts)),
        "rules": dict(what.tally.changes),
        "private": dict(what.tally.private),
    }


def _tallied(tally: Tally) -> dict[str, Any]:
    """What only the report shows."""
    return {
        "characters": _by_frequency(tally.characters),
        "lengths": sorted(tally.lengths.items()),
        "examples": tally.examples,
        "samples": [sample[1:] for sample in tally.samples],
    }


def _by_frequency(characters: np.ndarray) -> list[tuple[str, int]]:
    """Characters and how often they occur, the most frequent first."""
    codes = np.flatnonzero(characters)
    order = np.argsort(-characters[codes], kind="stable")
    return [(chr(code), int(characters[code])) for code in codes[order].tolist()]


def _histogram(values: np.ndarray) -> list[list[int]]:
    """Pairs of a value and how often it occurs."""
    return np.stack(np.unique(values, return_counts=True), 1).tolist()


def _near_examples(spool: Spool, is_chosen: np.ndarray, groups: np.ndarray) -> list[list[str]]:
    """Some groups of near-duplicates, spread over the corpus."""
    sizes = np.bincount(groups)
    several = np.flatnonzero(sizes > 1)
    shown = several[:: max(1, len(several) // N_GROUPS)][:N_GROUPS]
    members = np.flatnonzero(np.isin(groups, shown))
    wanted = np.zeros_like(is_chosen)
    wanted[np.flatnonzero(is_chosen)[members]] = True
    texts: dict[int, list[str]] = {int(group): [] for group in shown}
    for member, text in zip(members, spool.texts(wanted), strict=True):
        texts[int(groups[member])].append(text[:400])
    return [group[:5] for group in texts.values()]
