"""`prompt-gen vocab`: a command and a group of commands."""

import json
import shutil
from pathlib import Path

import pytest

from prompt_gen import vocab
from prompt_gen.run import Run
from tests.cli.running import here, refused


@pytest.fixture(scope="module")
def run(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("vocab") / "run"
    assert here("corpus", corpus_file, "--out", out).returncode == 0
    return out


@pytest.fixture
def copy(run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run, tmp_path / "run"))


def test_help_shows_the_options_and_the_other_commands() -> None:
    shown = here("vocab", "--help").stdout
    for part in ("DIR", "--vocab-size", "--from", "compare"):
        assert part in shown
    assert "--json" in here("vocab", "compare", "--help").stdout


def test_the_size_is_chosen_and_explained(copy: Path) -> None:
    done = here("vocab", copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "entries (one for every 20 characters" in done.stderr
    assert "learning from all" in done.stderr
    kept = here("vocab", copy, "--vocab-size", "auto")
    assert "unchanged" in kept.stderr


def test_options_may_stand_before_the_directory(copy: Path) -> None:
    done = here("vocab", "--kind", "char", "--vocab-size", "700", copy)
    assert done.returncode == 0, done.stderr
    assert "vocab: char, 700 entries" in done.stderr
    assert Run(copy).settings["vocab"]["size"] == 700
    again = here("vocab", copy, "--vocab-size", "auto")
    assert Run(copy).settings["vocab"]["size"] is None, again.stderr


def test_a_large_corpus_is_sampled_and_that_is_said(copy: Path) -> None:
    done = here("vocab", copy, "--set", "vocab.sample_chars=10000")
    assert "learning from about 10,000 of" in done.stderr


def test_a_vocabulary_is_brought_along(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("高血压\n患者\n", "utf-8")
    done = here("vocab", copy, "--from", tmp_path / "words.txt")
    assert done.returncode == 0, done.stderr
    assert "from words.txt, 260 entries" in done.stderr
    tokenizer = vocab.load(Run(copy))
    assert [tokenizer.readable(i) for i in tokenizer.encode("高血压患者")] == ["高血压", "患者"]
    assert "unchanged" in here("vocab", copy).stderr
    assert "vocab: char" in here("vocab", copy, "--kind", "char").stderr
    args = ("--from", tmp_path / "words.txt", "--kind", "bpe")
    refused(2, "vocab", copy, *args, says=("--from", "--kind"))


def test_training_takes_it_by_the_setting(corpus_file: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("高血压\n患者\n", "utf-8")
    done = here(
        "train", corpus_file, "--out", tmp_path / "run", "--steps", 2,
        "--set", f"vocab.source={tmp_path / 'words.txt'}", "--set", "model.width=64",
        "--set", "evaluate.typed=0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "run" / "bundle" / "manifest.json").read_text("utf-8"))
    assert manifest["facts"]["vocab_kind"] == "from words.txt"
    assert manifest["facts"]["vocab_size"] == 260


def test_what_cannot_be_used_is_refused(copy: Path, tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    refused(3, "vocab", copy, "--from", tmp_path / "tokenizer.json", says=("it has no 'model'",))
    refused(2, "vocab", copy, "--from", tmp_path / "none.txt", says=("none.txt",))
    refused(2, "vocab", copy, "--vocab-size", "many", says=("vocab.size", "'many'"))
    refused(2, "vocab", copy / "nowhere", says=("not a run directory",))
    refused(2, "vocab", "compare", copy / "nowhere", says=("not a run directory",))


def test_compare_prints_a_table_and_advice_or_json(copy: Path) -> None:
    table = here("vocab", "compare", copy, "--set", "vocab.size=600")
    assert table.returncode == 0, table.stderr
    head, *rows = table.stdout.splitlines()
    assert "bigram bits" in head
    assert {row.split()[0] for row in rows if row.strip()} >= set(vocab.TOKENIZERS)
    assert "Recommended: " in table.stdout
    assert "next: prompt-gen vocab" in table.stderr
    shown = json.loads(here("vocab", "compare", copy, "--json").stdout)
    assert shown["recommended"] in shown["vocabularies"]
    assert Run(copy).fingerprint("vocab") is None
