"""`prompt-gen memory`, and what `complete` says of it, as a user runs them."""

import json
import shutil
from pathlib import Path

import pytest

from prompt_gen import bundle
from prompt_gen.run import Run
from tests.cli.running import here


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.path, tmp_path / "run"))


def test_building_with_other_room_remakes_the_bundle(run: Path) -> None:
    before = bundle.load(run)
    done = here("memory", "build", run, "--memory-budget", 9)
    assert done.returncode == 0, done.stderr
    assert "bits per character on validation lines with both" in done.stderr
    made = bundle.load(run)
    assert made.manifest != before.manifest
    assert made.facts["training"] == before.facts["training"]
    facts = json.loads(here("memory", "info", run, "--json").stdout)
    assert facts["documents"] == facts["of_documents"]
    assert set(made.facts["memory"]["bits_per_char"]) == {"network", "memory", "both"}


def test_info_of_a_bundle_that_is_alone(run: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(run / "bundle", tmp_path / "alone"))
    done = here("memory", "info", alone)
    assert done.returncode == 0, done.stderr
    assert "bytes, " in done.stdout
    assert "validation lines, alone" in done.stdout


def test_query_shows_lines_that_hold_it(run: Path) -> None:
    found = json.loads(here("memory", "query", run, "高血压", "--json").stdout)
    assert found["lines"] >= len(found["examples"]) > 0
    assert all("高血压" in line for line in found["examples"])
    assert len(found["continuations"]) == 5
    shown = here("memory", "query", run, "高血压").stdout
    assert found["examples"][0] in shown


def test_what_is_in_no_line_has_no_lines(run: Path) -> None:
    found = json.loads(here("memory", "query", run, "锿镄钔锘", "--json").stdout)
    assert (found["lines"], found["examples"]) == (0, [])


def test_without_a_memory_there_is_a_way_to_one(run: Path, tmp_path: Path) -> None:
    assert here("memory", "build", run, "--memory-budget", 0).returncode == 0
    assert bundle.load(run).memory is None
    for ask in (("memory", "info", run), ("memory", "query", run, "高")):
        done = here(*ask)
        assert done.returncode == 2
        assert "has no memory" in done.stderr
        assert "prompt-gen memory build" in done.stderr
    done = here("complete", run, "高血压", "--set", "engine.verbatim=only")
    assert done.returncode == 2
    assert "need the memory" in done.stderr


def test_explain_shows_a_line_for_what_is_word_for_word(run: Path) -> None:
    told = json.loads(here("complete", run, "高血压", "--explain", "--json").stdout)
    held = [row for row in told["candidates"] if row["source"] == "memory"]
    assert held
    assert all(row["examples"] for row in held)
    assert all(row["examples"] == [] for row in told["candidates"] if row["source"] == "model")
    shown = here("complete", run, "高血压", "--explain").stdout
    assert held[0]["examples"][0] in shown


def test_what_a_user_taught_is_offered_to_him_until_it_is_forgotten(run: Path) -> None:
    line, typed = "高血压鲲鹏扶摇直上九万里", "高血压鲲鹏"

    def first(*flags: str) -> str:
        found = json.loads(here("complete", run, typed, "--json", *flags).stdout)
        return found["candidates"][0]["text"]

    plain = first("--user", "a")
    for _ in range(3):
        assert here("memory", "learn", run, line, "--user", "a").stderr == "counted\n"
    assert "not counted" in here("memory", "learn", run, line, "--user", "a").stderr
    assert first("--user", "a") == line != plain
    assert first("--user", "b") == first() == plain
    kept = json.loads(here("memory", "export", run, "--user", "a").stdout)
    assert [(row["line"], row["times"]) for row in kept] == [(line, 3)]
    assert "1 lines forgotten" in here("memory", "forget", run, "--user", "a").stderr
    assert first("--user", "a") == plain
    assert line not in (run / "personal.jsonl").read_text("utf-8")
