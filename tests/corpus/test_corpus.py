"""The corpus station: every line has one fate, and nothing is read twice."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig
from prompt_gen.errors import BadText, Damaged, UsageError
from prompt_gen.run import Event, Run

CONFIG = CorpusConfig()


def ledger_of(run: Run) -> list[dict]:
    return pq.read_table(run.station("corpus") / "ledger.parquet").to_pylist()


def test_every_line_has_its_fate(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("甲乙\n\n 甲乙 \n丙丁\n甲乙\n", "utf-8")
    run = Run(tmp_path / "run")
    made = corpus.read([path], CONFIG, run)
    rows = ledger_of(run)
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["fate"] for row in rows] == ["kept", "dropped", "merged", "kept", "merged"]
    assert rows[1]["reason"] == "blank"
    assert rows[2]["document"] == rows[0]["document"]
    counted: dict[str, int] = {}
    for part in ("train", "validation", "test"):
        documents = getattr(made, part)
        counted |= zip(documents, documents.counts.tolist(), strict=True)
    assert counted == {"甲乙": 3, "丙丁": 1}


LINES = st.lists(st.text(st.sampled_from("甲乙 \t丙ab"), max_size=4), min_size=1, max_size=30)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_no_line_is_lost(tmp_path: Path, lines: list[str]) -> None:
    path, run = tmp_path / "lines.txt", Run(tmp_path / "run")
    path.write_text("\n".join(lines) + "\n", "utf-8")
    wanted = {line.strip() for line in lines} - {""}
    if not wanted:
        with pytest.raises(BadText):
            corpus.read([path], CONFIG, run)
        return
    made = corpus.read([path], CONFIG, run)
    assert {*made.train, *made.validation, *made.test} == wanted
    rows = ledger_of(run)
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        if line.strip():
            assert list(getattr(made, row["part"]))[row["document"]] == line.strip()
        else:
            assert row["fate"] == "dropped"


def test_parts_are_json_arrays_of_lines(tmp_path: Path, corpus_file: Path) -> None:
    run = Run(tmp_path / "run")
    made = corpus.read([corpus_file], CONFIG, run)
    for part in ("train", "validation", "test"):
        text = (run.station("corpus") / f"{part}.json").read_text("utf-8")
        assert json.loads(text) == list(getattr(made, part))


def test_unchanged_input_is_not_read_again(tmp_path: Path, corpus_file: Path) -> None:
    run, events = Run(tmp_path / "run"), list[Event]()
    first = corpus.read([corpus_file], CONFIG, run)
    again = corpus.read([corpus_file], CONFIG, run, events.append)
    assert again.fingerprint == first.fingerprint
    assert [event.state for event in events] == ["skipped"]
    changed = CorpusConfig(test=0.1)
    assert corpus.read([corpus_file], changed, run).fingerprint != first.fingerprint


def test_a_run_without_a_corpus_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="prompt-gen corpus"):
        corpus.load(Run(tmp_path / "run"))


def test_a_damaged_corpus_is_refused(tmp_path: Path, corpus_file: Path) -> None:
    run = Run(tmp_path / "run")
    corpus.read([corpus_file], CONFIG, run)
    (run.station("corpus") / "train.json").write_text("[")
    with pytest.raises(Damaged):
        list(corpus.load(run).train)
