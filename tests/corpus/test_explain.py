"""What became of a line, by the ledger and in words."""

from pathlib import Path

import pytest

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.explain import explain, newest_run
from prompt_gen.errors import Damaged, NotFound, UsageError
from prompt_gen.run import Run

LINES = [
    "高血压",
    "",
    "高 血压",
    "电话13800138000",
    "多喝温水，按时休息。" * 60,
    "。。。",
    "高血压",
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(LINES) + "\n", "utf-8")
    made = Run(tmp_path / "runs" / "one")
    corpus.read([path], CorpusConfig(test=0, validation=0), made)
    return made


def test_every_line_can_be_explained(run: Run) -> None:
    found = [explain(run, f"notes.txt:{number}") for number in range(1, len(LINES) + 1)]
    assert [each.before for each in found] == LINES
    assert [(each.fate, each.reason) for each in found] == [
        ("kept", ""),
        ("dropped", "blank"),
        ("merged", "exact duplicate"),
        ("masked", ""),
        ("split", ""),
        ("dropped", "no letters"),
        ("merged", "exact duplicate"),
    ]
    assert found[2].documents == ["高血压"]
    assert found[2].merged_into.endswith("notes.txt:1")
    assert found[2].n_lines == 3
    assert found[3].private == ["phone"]
    assert "".join(found[4].documents) == LINES[4]


def test_lines_of_a_record_lead_to_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,text\n1,"上\n下"\n2,单\n', "utf-8")
    run = Run(tmp_path / "run")
    corpus.read([path], CorpusConfig(), run)
    found = [explain(run, f"{path}:{number}") for number in (2, 3, 4)]
    assert [(each.line, each.documents) for each in found] == [
        (2, ["上 下"]),
        (2, ["上 下"]),
        (4, ["单"]),
    ]


@pytest.mark.parametrize("place", ["notes.txt", "notes.txt:x", "notes.txt:0", ":3"])
def test_what_is_no_place(run: Run, place: str) -> None:
    with pytest.raises(UsageError, match="no place in a file"):
        explain(run, place)
    with pytest.raises(UsageError, match="no place in a file"):
        newest_run(place, run.path.parent)


def test_lines_and_files_that_were_not_read(run: Run) -> None:
    with pytest.raises(NotFound, match="no line 8"):
        explain(run, "notes.txt:8")
    with pytest.raises(NotFound, match="was not read"):
        explain(run, "other.txt:1")


def test_a_changed_or_missing_file_is_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("别的\n", "utf-8")
    found = explain(run, "notes.txt:1")
    assert (found.before, found.note) == ("", "the file has changed since it was read")
    assert found.documents == ["高血压"]
    path.unlink()
    assert "not there" in explain(run, "notes.txt:1").note


def test_the_newest_run_with_the_file_is_found(run: Run, tmp_path: Path) -> None:
    (tmp_path / "runs" / "two" / "corpus").mkdir(parents=True)
    (tmp_path / "runs" / "two" / "run.json").write_text("{}")
    (tmp_path / "runs" / "two" / "corpus" / "station.json").write_text("damaged")
    assert newest_run("notes.txt:1", tmp_path / "runs").path == run.path
    with pytest.raises(NotFound, match="no run"):
        newest_run("other.txt:1", tmp_path / "runs")


def test_a_damaged_ledger_is_said(run: Run) -> None:
    (run.station("corpus") / "ledger.parquet").write_bytes(b"PAR1")
    with pytest.raises(Damaged, match="ledger"):
        explain(run, "notes.txt:1")
