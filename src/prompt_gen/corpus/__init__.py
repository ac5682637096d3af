"""Files to documents: read, account for every line, count duplicates, split.

A document is one line without the white space around it. The parts are JSON arrays of lines, as in
the book; beside each, `PART.counts.json` says how often each of its lines occurred.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import documents, readers
from prompt_gen.corpus.documents import Documents
from prompt_gen.corpus.split import PARTS, split
from prompt_gen.errors import BadText, UsageError
from prompt_gen.run import Event, Run, Watch, file_hash, fingerprint, silent

VERSION = 2


@dataclass(frozen=True)
class Corpus:
    """Distinct documents by part, and the fingerprint of all of it."""

    train: Documents
    validation: Documents
    test: Documents
    fingerprint: str
    facts: dict = field(default_factory=dict)


def read(
    paths: Iterable[str | Path], config: CorpusConfig, run: Run, watch: Watch = silent
) -> Corpus:
    """Read files into the run's corpus station, or load it when nothing has changed.

    Raises:
        NotFound, BadText, StorageError: see `readers`.
        BadText: no line with text in any file.
    """
    files = readers.find(paths)
    print_ = fingerprint(VERSION, config.model_dump(), [file_hash(f) for f in files])
    if run.fingerprint("corpus") == print_:
        watch(Event("corpus", "skipped"))
        return load(run)
    watch(Event("corpus", "start", total=len(files)))
    from prompt_gen.corpus.ledger import Ledger  # pyarrow is for those who build a corpus

    ledger, counts, encodings, n_lines = Ledger(), Counter[str](), Counter[str](), 0
    ids: dict[str, int] = {}
    for n_done, file in enumerate(files, 1):
        source = readers.read(file)
        encodings[source.encoding] += 1
        n_lines += len(source.lines)
        for number, line in enumerate(source.lines, 1):
            text = line.strip()
            if not text:
                ledger.add(str(file), number, "dropped", "blank", None)
                continue
            known = text in ids
            text_id = ids.setdefault(text, len(ids))
            counts[text] += 1
            fate = ("merged", "exact duplicate") if known else ("kept", "")
            ledger.add(str(file), number, *fate, text_id)
        watch(Event("corpus", "progress", n_done, len(files), {"lines": n_lines}))
    if not ids:
        raise BadText("no line with text in it was found", "Give one document per line")
    parts = split(list(ids), config)
    ledger.place(parts)
    facts = {
        "files": [str(f) for f in files],
        "encodings": dict(encodings),
        "lines": n_lines,
        "fates": ledger.totals(n_lines),
        "documents": dict(Counter(parts)),
        "chars": sum(map(len, ids)),
    }
    with run.write_station("corpus", print_, facts) as staged:
        for part in PARTS:
            texts = [t for t, p in zip(ids, parts, strict=True) if p == part]
            n = np.array([counts[t] for t in texts], np.int32)
            documents.write(staged, part, texts, n, np.arange(len(n)))
        ledger.write(staged / "ledger.parquet")
    watch(Event("corpus", "done", facts=facts))
    return load(run)


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
    texts = {part: Documents(where, part) for part in PARTS}
    return Corpus(**texts, fingerprint=print_, facts=run.facts("corpus"))
