"""The corpus station's work, step by step, with everything large kept on disk."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import canaries, duplicates, facts
from prompt_gen.corpus.canaries import Canary
from prompt_gen.corpus.documents import Writer
from prompt_gen.corpus.encoding import check_encoding
from prompt_gen.corpus.ledger import Ledger, Places
from prompt_gen.corpus.prefixes import seen_chars
from prompt_gen.corpus.prepare import Preparer
from prompt_gen.corpus.reading import Found, read_lines
from prompt_gen.corpus.sources import Source
from prompt_gen.corpus.split import PARTS, TRAIN, leads, split
from prompt_gen.corpus.spool import PIECE, Spool
from prompt_gen.run import Event, Watch
from prompt_gen.workers import Workers, n_processes

WORTH_BYTES = 8 << 20  # less input is done before other processes have started


def make(
    sources: Sequence[Source], config: CorpusConfig, directory: Path, watch: Watch
) -> dict[str, Any]:
    """Read the sources into a corpus in `directory`; the facts about it.

    Raises:
        BadText, StorageError, SettingError, UnknownChoice, MissingExtra: see `corpus.read`.
    """
    if config.encoding != "auto":
        check_encoding(config.encoding)
    preparer = Preparer(config)
    n_bytes = sum(source.n_bytes_unpacked for source in sources)
    spool = Spool(directory / ".read")
    n = n_processes(config.workers, n_bytes >= WORTH_BYTES)
    with _workers(n) as workers:
        found = read_lines(sources, config, preparer, spool, workers, watch)
    distinct = _distinct(spool, directory / ".distinct")
    with _workers(n) as workers:
        near = _near(distinct, config, workers, watch)
        groups = duplicates.components(distinct.n_documents, near)
    keys = (piece["key"] for piece in distinct.documents())
    parts = split(keys, _together(spool, groups), config)
    secrets = _secrets(config, watch)
    seen = _write_parts(distinct, parts, groups, secrets, directory, watch)
    fates = _write_ledger(spool, found, parts, directory / "ledger.parquet")
    counts = distinct.kept("counts")
    known = facts.of(found, fates, parts, counts, groups)
    known["canaries"] = list(map(asdict, secrets))
    report = {**known, "config": config.model_dump()}
    report |= facts.for_report(found.tally, distinct, counts, groups, seen)
    (directory / "report.json").write_text(json.dumps(report, ensure_ascii=False), "utf-8")
    for each in (spool, distinct):
        shutil.rmtree(each.directory)
    return known


def _workers(n: int) -> Workers:
    return Workers(n, "cleans the corpus", "corpus.workers")


def _distinct(spool: Spool, directory: Path) -> Spool:
    """A spool of the different documents, each in its most frequent spelling.

    Put aside are `counts` (int32, lines that each stands for), and beside the documents that were
    read `ranks` (number of the different one that stands for it) and `is_chosen` (it does itself).
    """
    first, counts = duplicates.exact(spool)
    is_chosen = counts > 0
    counts = counts[is_chosen]
    ranks = np.cumsum(is_chosen, dtype=np.int32)
    ranks -= 1
    for start in range(0, len(first), PIECE):  # in place: each is as large as all documents
        first[start : start + PIECE] = ranks[first[start : start + PIECE]]
    spool.keep(ranks=first, is_chosen=is_chosen)
    distinct = spool.distinct(is_chosen, directory)
    distinct.keep(counts=counts)
    return distinct


def _near(distinct: Spool, config: CorpusConfig, workers: Workers, watch: Watch) -> np.ndarray:
    """Pairs of ranks of near-duplicates."""
    if not config.near_duplicates:
        return np.empty((0, 2), np.int64)

    def tell(done: int) -> None:
        told = {"looked for near-duplicates": done}
        watch(Event("corpus", "progress", done, distinct.n_documents, told))

    return np.concatenate([*duplicates.near(distinct, config.near_duplicates, workers.map, tell)])


def _together(spool: Spool, groups: np.ndarray) -> np.ndarray:
    """Labels of what stays on one side of the split: near-duplicates and blocks of lines."""
    ranks = spool.kept("ranks")
    edges = [np.empty((0, 2), np.int64)]
    last_block, last_label, start = -1, 0, 0
    for piece in spool.documents():
        label = groups[ranks[start : start + len(piece)]].astype(np.int64)
        block = piece["block"].astype(np.int64)
        pairs = np.stack([np.append(last_label, label[:-1]), label], 1)
        is_edge = (np.append(last_block, block[:-1]) == block) & (pairs[:, 0] != pairs[:, 1])
        edges.append(pairs[is_edge])
        last_block, last_label, start = block[-1], label[-1], start + len(piece)
    pairs = np.concatenate(edges)
    return duplicates.components(len(groups), pairs)[groups] if len(pairs) else groups


def _secrets(config: CorpusConfig, watch: Watch) -> list[Canary]:
    """What is put behind the training documents; no line was read for it."""
    secrets = canaries.make(config.canaries)
    if secrets:
        times = ", ".join(f"{secret.count:,}" for secret in secrets)
        warning = (
            f"{len(secrets)} made-up secrets are put into the training text ({times} times): "
            "for measuring memorisation, never for a model that is used"
        )
        watch(Event("corpus", "note", facts={"warning": warning}))
    return secrets


def _write_parts(
    distinct: Spool,
    parts: np.ndarray,
    groups: np.ndarray,
    secrets: Sequence[Canary],
    directory: Path,
    watch: Watch,
) -> np.ndarray:
    """Write every part's texts and arrays; the seen characters of the held-out documents."""
    writers = [Writer(directory, part) for part in PARTS]
    held_out: list[list[str]] = [[] for _ in PARTS]
    for n_done, (text, part) in enumerate(zip(distinct.texts(), parts, strict=True), 1):
        writers[part].add(text)
        if part != TRAIN:
            held_out[part].append(text)
        if n_done % 100_000 == 0:
            watch(Event("corpus", "progress", n_done, len(parts), {"written": n_done}))
    hidden = [secret.text for secret in secrets]
    for text in hidden:
        writers[TRAIN].add(text)
    read = (text for text, part in zip(distinct.texts(), parts, strict=True) if part == TRAIN)
    wanted = [text for texts in held_out for text in texts]
    seen = left = seen_chars(wanted, chain(read, hidden))
    for number, writer in enumerate(writers):
        here = parts == number
        behind = secrets if number == TRAIN else ()
        writer.keep("counts", _with(distinct.kept("counts")[here], [s.count for s in behind]))
        labels = _relabelled(groups, here)
        first = labels.max(initial=-1) + 1
        writer.keep("groups", _with(labels, range(first, first + len(behind))))
        if number != TRAIN:
            n = len(held_out[number])
            writer.keep("seen", left[:n])
            left = left[n:]
        writer.close()
    return seen


def _with(array: np.ndarray, more: Sequence[int]) -> np.ndarray:
    """More numbers behind those of an array, which is not copied for nothing."""
    return np.concatenate([array, np.array(more, array.dtype)]) if len(more) else array


def _relabelled(groups: np.ndarray, here: np.ndarray) -> np.ndarray:
    """The groups of some documents, counted from 0; one array at a time is as large as all."""
    labels = np.cumsum(leads(groups) & here, dtype=np.int32)
    labels -= 1
    found = groups[here]
    for start in range(0, len(found), PIECE):
        found[start : start + PIECE] = labels[found[start : start + PIECE]]
    return found


def _write_ledger(spool: Spool, found: Found, parts: np.ndarray, path: Path) -> dict[str, int]:
    """One row for each line; lines by fate and reason."""
    index = np.empty(len(parts), np.int32)
    for number in range(len(PARTS)):
        here = parts == number
        index[here] = np.arange(here.sum(), dtype=np.int32)
    names = [file["name"] for file in found.files]
    ledger = Ledger(path, names, list(found.reasons))
    places = Places(spool.kept("ranks"), spool.kept("is_chosen"), parts, index)
    for rows in spool.rows():
        ledger.add(rows, places)
    return ledger.close(found.n_lines)
