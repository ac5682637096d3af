"""Training that goes on: frozen positions stay, learned weights help, and the whole road works."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from prompt_gen import bundle, pipeline
from prompt_gen.config import TrainConfig
from prompt_gen.engine import Completer
from prompt_gen.errors import Interrupted, OutputExists, SettingError, UsageError
from prompt_gen.model.sinusoidal import sinusoids
from prompt_gen.run import Event, Run
from prompt_gen.settings import resolve
from prompt_gen.training import recipe
from tests.conftest import SMALL, train_small

GPT2 = ("model.architecture=gpt2", "evaluate.typed=0")
ROAD = (*(name for name in SMALL if not name.startswith(("model.", "vocab."))), "evaluate.typed=0")


@pytest.fixture(scope="module")
def halves(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    where = tmp_path_factory.mktemp("halves")
    paths = [where / "first.txt", where / "second.txt"]
    for path, half in zip(paths, (lines[::2], lines[1::2]), strict=True):
        path.write_text("\n".join(half) + "\n", "utf-8")
    return paths


@pytest.fixture(scope="module")
def first(halves: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A GPT-2 with frozen positions, and the mean of its weights as a candidate."""
    settings = (*GPT2, "model.positions=sinusoidal", "train.average=0.3")
    return train_small(halves[0], tmp_path_factory.mktemp("runs") / "first", *settings)


def bits(run: Run) -> float:
    return bundle.load(run.path).facts["training"]["validation_bits_per_char"]


def test_frozen_positions_are_the_same_after_training(first: Run) -> None:
    stored = load_file(first.station("bundle") / "model.safetensors")
    expected = 0.02 * sinusoids(64, 64).numpy()
    assert (stored["transformer.wpe.weight"] == expected).all()


def test_going_on_needs_fewer_bits_than_starting_afresh(
    first: Run, halves: list[Path], tmp_path: Path
) -> None:
    """Equal steps on the second half of the text, the same vocabulary and shape."""
    words = f"vocab.source={first.station('vocab') / 'tokenizer.json'}"
    afresh = train_small(halves[1], tmp_path / "afresh", *GPT2, words, "train.steps=40")
    settings = (*ROAD, "train.steps=40", f"model.pretrained={first.path}")
    run = Run(tmp_path / "on")

    def press(event: Event) -> None:
        if event.facts.get("validation_bits_per_char") and not press.pressed:
            press.pressed = True
            os.kill(os.getpid(), signal.SIGINT)

    press.pressed = False
    with pytest.raises(Interrupted):
        pipeline.train([halves[1]], run, resolve(settings), press)
    recorded = run.settings
    assert recorded["model"]["architecture"] == "gpt2"
    pipeline.train([], run, type(resolve()).model_validate(recorded), resume=True)
    assert bits(run) < bits(afresh) - 0.5
    made = bundle.load(run.path)
    assert made.tokenizer.hash == bundle.load(first.path).tokenizer.hash
    assert made.facts["pretrained"] == "first"
    assert Completer.of(made).complete("高血压")


def test_a_run_cannot_go_on_from_what_it_would_write_over(
    first: Run, halves: list[Path], tmp_path: Path
) -> None:
    shutil.copytree(first.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    config = resolve((*ROAD, f"model.pretrained={run.path}"))
    with pytest.raises(UsageError, match="would be written over") as refused:
        pipeline.train([halves[1]], run, config, force=True)
    assert refused.type is not OutputExists
    assert bundle.load(run.path)  # and it is still there
    other = resolve((*ROAD, f"model.pretrained={first.path}", "vocab.source=words.txt"))
    with pytest.raises(SettingError, match=r"keeps its vocabulary"):
        pipeline.train([halves[1]], Run(tmp_path / "other"), other)


def test_going_on_takes_smaller_steps_unless_they_are_given() -> None:
    fresh, continued = (
        recipe.choose(TrainConfig(), "cpu", 1.0, continued=continued) for continued in (False, True)
    )
    assert continued.matrix_lr < fresh.matrix_lr
    assert continued.other_lr < fresh.other_lr
    given = recipe.choose(TrainConfig(matrix_lr=0.03), "cpu", 1.0, continued=True)
    assert given.matrix_lr == 0.03


def test_labels_are_learned_by_smaller_steps_the_wider_the_network() -> None:
    narrow, wide = (recipe.for_labels(TrainConfig(), "cpu", width) for width in (64, 768))
    assert wide.matrix_lr == pytest.approx(narrow.matrix_lr / 6)
    assert wide.other_lr == pytest.approx(narrow.other_lr / 6)
    assert narrow.negatives == wide.negatives == 0
    assert recipe.for_labels(TrainConfig(other_lr=0.5), "cpu", 768).other_lr == 0.5
