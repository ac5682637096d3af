"""Presets: named settings that lie under everything that is given."""

import json
from pathlib import Path

import pytest

from prompt_gen import presets
from prompt_gen.errors import SettingError, UnknownChoice
from prompt_gen.model import check
from prompt_gen.settings import RunConfig, resolve


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_can_be_used(name: str) -> None:
    config = resolve(preset=name)
    assert config.preset == name
    assert config.model_copy(update={"preset": None}) != RunConfig()
    assert presets.summary(name)
    check(config.model)


def test_the_books_model_is_the_books() -> None:
    model = resolve(preset="book").model
    assert (model.architecture, model.positions) == ("gpt2", "learned")
    assert (model.layers, model.width, model.context) == (12, 768, 1024)
    assert resolve(preset="book").train.dropout == 0.1


def test_whatever_is_given_lies_over_a_preset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same setting at each level, from the lowest to the highest."""
    found = [resolve(preset="book").model.layers]
    file = tmp_path / "settings.toml"
    file.write_text("[model]\nlayers = 11\n")
    found.append(resolve(preset="book", file=file).model.layers)
    monkeypatch.setenv("PROMPT_GEN_MODEL__LAYERS", "10")
    found.append(resolve(preset="book", file=file).model.layers)
    found.append(resolve(preset="book", file=file, flags={"model": {"layers": 9}}).model.layers)
    found.append(resolve(["model.layers=8"], preset="book", file=file).model.layers)
    assert found == [12, 11, 10, 9, 8]


def test_a_preset_lies_over_what_a_run_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for now; what was recorded stands for what is not."""
    monkeypatch.setattr(presets, "_FILES", {"tiny": tmp_path / "tiny.toml"})
    (tmp_path / "tiny.toml").write_text('summary = "."\n[vocab]\nsize = 600\n')
    recorded = {"vocab": {"size": 700, "kind": "char"}}
    assert resolve(recorded=recorded, preset="tiny").vocab.size == 600
    assert resolve(recorded=recorded, preset="tiny").vocab.kind == "char"


def test_file_and_environment_choose_a_preset_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prompt-gen.toml").write_text('preset = "book"\n')
    monkeypatch.chdir(tmp_path)
    assert resolve().model.width == 768
    monkeypatch.setenv("PROMPT_GEN_PRESET", "bok")
    with pytest.raises(UnknownChoice, match=r"unknown preset 'bok'.*'book'"):
        resolve()
    assert resolve(preset="book").preset == "book"  # the command line is stronger


def test_a_preset_that_says_what_no_station_knows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presets, "_FILES", {"odd": tmp_path / "odd.toml"})
    (tmp_path / "odd.toml").write_text('summary = "."\n[model]\nlayer = 2\n')
    with pytest.raises(SettingError, match=r"model\.layer"):
        resolve(preset="odd")


def test_what_is_recorded_can_be_read_again() -> None:
    config = resolve(preset="book")
    recorded = json.loads(json.dumps(config.model_dump()))
    assert RunConfig.model_validate(recorded) == config
