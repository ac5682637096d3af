"""What became of one line: its text as it was read, its fate, and the documents made of it."""

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import load, readers
from prompt_gen.corpus.readers import Reading
from prompt_gen.corpus.readers.csv import MAX_RECORD_LINES
from prompt_gen.errors import Damaged, NotFound, PromptGenError, UsageError
from prompt_gen.run import Run
from prompt_gen.storage import file_hash


@dataclass(frozen=True)
class Explanation:
    """A row of the ledger with the texts that it speaks of."""

    file: str
    line: int
    fate: str
    reason: str
    changes: list[str]
    private: list[str]
    part: str
    before: str  # the line as it is in the file
    note: str  # why it is not shown
    documents: list[str] = field(default_factory=list)
    indices: list[int] = field(default_factory=list)
    merged_into: str = ""  # FILE:LINE of the line that stands for it
    n_lines: int = 0  # that its first document stands for


def explain(run: Run, place: str) -> Explanation:
    """The fate of the line at `FILE:LINE` in a run's corpus.

    Raises:
        UsageError: not written as FILE:LINE, or the run has no corpus.
        NotFound: no such file or line was read.
    """
    name, number = _parsed(place)
    corpus = load(run)
    names = [facts["name"] for facts in corpus.facts["files"]]
    file = _known(name, names)
    from prompt_gen.corpus import ledger

    path = run.station("corpus") / "ledger.parquet"
    facts = next(facts for facts in corpus.facts["files"] if facts["name"] == file)
    n_back = MAX_RECORD_LINES if facts["format"] == "csv" else 1
    try:
        row = ledger.row_of(path, file, number, n_back)
    except (OSError, ValueError) as error:  # pyarrow's errors are one or the other
        raise Damaged(
            f"'{path}' is damaged: {error}",
            "Make the corpus again: prompt-gen corpus FILE --out DIR --force",
        ) from error
    if row is None:
        raise NotFound(f"'{file}' has no line {number}", f"It has {facts['lines']:,} lines")
    indices = row["documents"] or []
    documents = getattr(corpus, row["part"]) if indices else None
    source = None
    if row["fate"] == "merged":
        source = ledger.source_of(path, row["part"], indices[0])
    return Explanation(
        file,
        row["line"],
        row["fate"],
        row["reason"],
        row["changes"].split(),
        row["private"].split(),
        row["part"] or "",
        *_before(facts, run, row["line"]),
        [next(islice(documents, i, None)) for i in indices] if documents is not None else [],
        indices,
        f"{source['file']}:{source['line']}" if source else "",
        int(documents.counts[indices[0]]) if documents is not None else 0,
    )


def newest_run(place: str, runs: Path = Path("runs")) -> Run:
    """The run in a directory of runs that read a file last.

    Raises:
        UsageError: not written as FILE:LINE.
        NotFound: none did.
    """
    name, _ = _parsed(place)
    stations = sorted(runs.glob("*/corpus/station.json"), key=lambda p: p.stat().st_mtime)
    for station in reversed(stations):
        with suppress(PromptGenError):  # a damaged run does not hide the others
            run = Run(station.parent.parent)
            if any(_is_called(facts["name"], name) for facts in load(run).facts["files"]):
                return run
    raise NotFound(f"no run in '{runs}/' has read '{name}'", "Name the run with --run DIR")


def _parsed(place: str) -> tuple[str, int]:
    name, colon, number = place.rpartition(":")
    if not (colon and name and number.isdecimal() and int(number)):
        raise UsageError(f"'{place}' is no place in a file", "Write it as FILE:LINE, e.g. a.txt:12")
    return name, int(number)


def _is_called(known: str, name: str) -> bool:
    """Whether the path ends in the given one."""
    wanted = Path(name).parts
    return bool(wanted) and Path(known).parts[-len(wanted) :] == wanted


def _known(name: str, names: list[str]) -> str:
    """The file as it was read: by its whole name, or by an ending that only one has."""
    if name in names:
        return name
    fitting = [known for known in names if _is_called(known, name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(f"several files are called '{name}'", "They are " + ", ".join(fitting))
    raise NotFound(f"'{name}' was not read", "Read were " + ", ".join(names[:10]))


def _before(facts: dict[str, Any], run: Run, number: int) -> tuple[str, str]:
    """The line as it is in the file, or why it is not shown."""
    settings = CorpusConfig.model_validate(run.settings.get("corpus", {}))
    path = Path(facts["name"])
    if not path.is_file():
        return "", "the file is not there any more"
    if file_hash(path) != facts["sha256"]:
        return "", "the file has changed since it was read"
    reading = Reading(path, facts["name"], settings.encoding, settings.fields)
    texts = []
    for line in readers.read(facts["format"], reading):
        if line.number > number:
            break
        if line.number == number:
            texts.append(line.text)
    return "\n".join(texts), ""
