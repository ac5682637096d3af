"""A run that was stopped goes on as if it had not been, or says why it cannot."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from prompt_gen import bundle, pipeline
from prompt_gen.config import validated
from prompt_gen.errors import CorpusTooSmall, Damaged, Diverged, Interrupted, Mismatch, OutputExists
from prompt_gen.run import Event, Run
from prompt_gen.settings import RunConfig, differing, resolve
from prompt_gen.storage import file_hash
from tests.conftest import ROOT, SMALL, train_small
from tests.training.crash import CRASHES, STEPS


def weights(run: Run) -> dict:
    checkpoints = sorted((run.station("training") / "checkpoints").glob("step-*"))
    return load_file(checkpoints[-1] / "model.safetensors")


@pytest.fixture(scope="module")
def uninterrupted(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train_small(corpus_file, tmp_path_factory.mktemp("runs") / "whole", *STEPS)


def stop_at(corpus_file: Path, where: Path, step: int) -> Run:
    """A run that got Ctrl-C in the middle."""
    run = Run(where)

    def press(event: Event) -> None:
        if event.station == "training" and event.facts.get("validation_bits_per_char"):
            press.n += 1
            if press.n == step:
                os.kill(os.getpid(), signal.SIGINT)

    press.n = 0
    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(Interrupted, match="--resume"):
        pipeline.train([corpus_file], run, resolve((*SMALL, *STEPS)), press)
    return run


@pytest.mark.parametrize("look", [2, 6])
def test_a_resumed_run_ends_bit_identical(
    corpus_file: Path, tmp_path: Path, uninterrupted: Run, look: int
) -> None:
    run = stop_at(corpus_file, tmp_path / "run", look)
    assert not (run.path / "bundle").exists()
    notes: list[dict] = []
    pipeline.train([], run, resolve((*SMALL, *STEPS)), lambda e: notes.append(e.facts), resume=True)
    assert 0 < next(n["resumed_at_step"] for n in notes if "resumed_at_step" in n) < 40
    ours, expected = weights(run), weights(uninterrupted)
    assert ours.keys() == expected.keys()
    assert all((ours[name] == expected[name]).all() for name in expected)


def test_a_damaged_checkpoint_falls_back_and_says_so(uninterrupted: Run, tmp_path: Path) -> None:
    shutil.copytree(uninterrupted.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    where = run.station("training") / "checkpoints"
    newest = sorted(where.glob("step-*"))[-1]
    shutil.copytree(newest, where / "step-00000099")
    with (where / "step-00000099" / "model.safetensors").open("r+b") as file:
        file.seek(5000)
        file.write(b"\x99")
    notes: list[dict] = []
    pipeline.train([], run, resolve((*SMALL, *STEPS)), lambda e: notes.append(e.facts), resume=True)
    assert any("step-00000099' is damaged" in n.get("warning", "") for n in notes)
    assert (where / "damaged-step-00000099").is_dir()  # out of the way, and not thrown away
    for path in where.glob("step-*"):
        (path / "state.json").write_text("{")
    with pytest.raises(Damaged, match="no whole checkpoint"):
        pipeline.train([], run, resolve((*SMALL, *STEPS)), resume=True)


@pytest.mark.parametrize("place", CRASHES)
def test_a_crash_in_any_station_is_resumed_from_what_was_asked(
    corpus_file: Path, tmp_path: Path, uninterrupted: Run, place: str
) -> None:
    # A process of its own: threads of torch do not live on in a fork of this one.
    command = [sys.executable, "-m", "tests.training.crash", place, str(corpus_file)]
    ended = subprocess.run([*command, str(tmp_path / "run")], cwd=ROOT, check=False)
    assert ended.returncode == 9
    run = Run.open(tmp_path / "run")
    assert run.request
    pipeline.train([], run, validated(RunConfig, run.request.settings), resume=True)
    ours, expected = weights(run), weights(uninterrupted)
    assert all((ours[name] == expected[name]).all() for name in expected)
    assert bundle.load(run.path).facts["training"]["steps"] == 40


def test_damaged_best_weights_are_never_bundled(uninterrupted: Run, tmp_path: Path) -> None:
    shutil.copytree(uninterrupted.path, tmp_path / "run")
    run, notes = Run(tmp_path / "run"), list[dict]()
    best = run.station("training") / "best" / "model.safetensors"
    best.write_bytes(best.read_bytes()[:-1] + b"\x99")
    pipeline.train([], run, resolve((*SMALL, *STEPS)), lambda e: notes.append(e.facts), resume=True)
    assert any("looked for from here on" in n.get("warning", "") for n in notes)
    assert file_hash(best) == file_hash(run.station("bundle") / "model.safetensors")


def test_the_clock_on_the_wall_does_not_matter(
    corpus_file: Path, tmp_path: Path, uninterrupted: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_time, days = time.time, itertools.cycle((-400, 400, 0))
    monkeypatch.setattr(time, "time", lambda: true_time() + 86_400 * next(days))
    run = stop_at(corpus_file, tmp_path / "run", 3)
    pipeline.train([], run, resolve((*SMALL, *STEPS)), resume=True)
    ours, expected = weights(run), weights(uninterrupted)
    assert all((ours[name] == expected[name]).all() for name in expected)
    assert 0 < run_seconds(run) < 3600


def run_seconds(run: Run) -> float:
    return json.loads((run.station("bundle") / "manifest.json").read_text())["facts"]["training"][
        "seconds"
    ]


def test_settings_around_a_resumed_run_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = resolve(("train.matrix_lr=0.01", "train.seed=3"))
    file = tmp_path / "prompt-gen.toml"
    file.write_text("[train]\nmatrix_lr = 0.02\nseed = 3\n")
    monkeypatch.setenv("PROMPT_GEN_MODEL__LAYERS", "7")
    assert differing(own, file) == ["train.matrix_lr", "model.layers"]


def test_other_settings_are_refused(uninterrupted: Run, tmp_path: Path) -> None:
    shutil.copytree(uninterrupted.path, tmp_path / "run")
    other = resolve((*SMALL, *STEPS, "train.matrix_lr=0.01"))
    with pytest.raises(Mismatch, match="belong to data or settings"):
        pipeline.train([], Run(tmp_path / "run"), other, resume=True)


def test_a_trained_run_is_not_written_over(uninterrupted: Run, corpus_file: Path) -> None:
    with pytest.raises(OutputExists, match=r"--resume.*--force"):
        pipeline.train([corpus_file], uninterrupted, resolve((*SMALL, *STEPS)))


def test_force_starts_over_and_keeps_the_stations(
    uninterrupted: Run, corpus_file: Path, tmp_path: Path
) -> None:
    shutil.copytree(uninterrupted.path, tmp_path / "run")
    run, events = Run(tmp_path / "run"), list[Event]()
    settings = resolve((*SMALL, *STEPS, "train.steps=12"))
    pipeline.train([corpus_file], run, settings, events.append, force=True)
    kept = ["corpus", "vocab", "shards", "memory"]
    assert [e.station for e in events if e.state == "skipped"] == kept
    assert run.facts("bundle")["fingerprint"] != uninterrupted.facts("bundle")["fingerprint"]


def test_a_loss_that_is_no_number_is_said(corpus_file: Path, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"train\.matrix_lr"):
        train_small(corpus_file, tmp_path / "run", *STEPS, "train.other_lr=1e20")


def test_too_little_text_is_refused_with_the_need(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("\n".join(f"第{i}句话" for i in range(20)), "utf-8")
    with pytest.raises(CorpusTooSmall, match="At least 1000 tokens"):
        train_small(path, tmp_path / "run")


def test_only_the_newest_checkpoints_and_the_best_are_kept(uninterrupted: Run) -> None:
    training = uninterrupted.station("training")
    assert len(list((training / "checkpoints").iterdir())) <= 2
    assert {p.name for p in (training / "best").iterdir()} >= {"config.json", "model.safetensors"}
    assert list(training.rglob("events.out.tfevents.*"))
