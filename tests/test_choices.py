"""Every table of parts: its rows are the files of its package, and each can be loaded."""

import re
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from prompt_gen.choices import Choice, Choices
from prompt_gen.cli.options import Kind
from prompt_gen.compress import METHODS
from prompt_gen.config import EngineConfig, VocabConfig, Weights
from prompt_gen.engine.modes import MODES
from prompt_gen.errors import MissingExtra, UnknownChoice
from prompt_gen.export import EXPORTERS
from prompt_gen.graph.weights import KINDS
from prompt_gen.model import ARCHITECTURES
from prompt_gen.replay.peers import PEERS
from prompt_gen.vocab import TOKENIZERS

TABLES = {
    "vocab": (
        TOKENIZERS,
        "fit",
        {"tokenizer", "bytelevel", "learning", "adopt", "compare", "smaller"},
    ),
    "model": (
        ARCHITECTURES,
        "build",
        {"sizing", "rotary", "sinusoidal", "pretrained", "headed", "bigrams", "previous"},
    ),
    "export": (EXPORTERS, "export", {"source", "reference", "strings", "parity"}),
    "compress": (METHODS, "make", {"source", "work", "learning"}),
    "replay.peers": (PEERS, "ways", set()),
    "engine.modes": (MODES, "run", {"rows"}),
}


@pytest.mark.parametrize("package", TABLES)
def test_the_files_on_disk_are_the_rows(package: str) -> None:
    table, function, shared = TABLES[package]
    directory = Path(import_module(f"prompt_gen.{package}").__file__ or "").parent
    files = {path.stem for path in directory.glob("*.py")} - {"__init__"} - shared
    assert files == set(table)
    for name in table:
        assert callable(getattr(table.load(name), function))


def test_what_is_said_of_the_kinds_of_vocabulary_names_every_row() -> None:
    setting = VocabConfig.model_fields["kind"]
    option = get_args(Kind)[1]
    assert setting.default in TOKENIZERS
    for said in (setting.description, option.help):
        assert set(re.findall(r"[a-z]+", said.replace(" (default)", "").split(":")[-1])) >= set(
            TOKENIZERS
        )


def test_an_unknown_row_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"unknown vocabulary 'bpf'.*'bpe'"):
        TOKENIZERS["bpf"]


def test_a_missing_library_is_an_error_that_names_the_extra() -> None:
    table = Choices("thing", {"odd": Choice("no_such_library.part", "", "odd")})
    with pytest.raises(MissingExtra, match=r"no_such_library.*prompt-gen\[odd\]"):
        table.load("odd")


def test_the_settings_know_every_mode() -> None:
    assert set(get_args(EngineConfig.model_fields["mode"].annotation)) == set(MODES)


def test_the_settings_know_every_kind_of_weights() -> None:
    assert set(get_args(Weights)) == set(KINDS)
