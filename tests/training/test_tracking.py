"""What a training tells is kept: the file of numbers, and the trackers that were asked for."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from accelerate.tracking import GeneralTracker
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from prompt_gen import pipeline
from prompt_gen.config import TrainConfig
from prompt_gen.errors import MissingExtra, UnknownChoice
from prompt_gen.run import Event, Run, silent
from prompt_gen.settings import resolve
from prompt_gen.training import metrics, tracking
from prompt_gen.training.tracking import TRACKERS, Tracking
from tests.conftest import SMALL

ROWS = [{"step": i, "state": "progress", "bits_per_char": 9.0 - i} for i in range(5)]


def told(state: str, share: float = 0.0, **facts: Any) -> Event:
    return Event("training", state, share, 1.0 if state == "progress" else 0.0, facts)


@given(st.integers(0, 400))
def test_a_kill_costs_the_last_line_at_most(tmp_path_factory: Any, n_bytes: int) -> None:
    path = tmp_path_factory.mktemp("kill") / "metrics.jsonl"
    for row in ROWS:
        metrics.append(path, row)
    whole = path.read_bytes()
    path.write_bytes(whole[:n_bytes])
    n_whole = whole[:n_bytes].count(b"\n")
    rows, n_broken = metrics.read(path)
    assert rows[:n_whole] == ROWS[:n_whole]
    assert len(rows) + n_broken == n_whole + (whole[:n_bytes][-1:] not in (b"", b"\n"))
    metrics.cut(path, 100)
    metrics.append(path, {"step": 9, "state": "note"})
    assert metrics.read(path) == ([*rows, {"step": 9, "state": "note"}], 0)


def test_what_is_no_number_is_left_out(tmp_path: Path) -> None:
    row = {"step": 1, "state": "note", "bits": math.nan, "in": {"a": math.inf, "b": 1.5}}
    metrics.append(tmp_path / "m", row)
    text = (tmp_path / "m").read_text("utf-8")
    assert json.loads(text) == {"step": 1, "state": "note", "in": {"b": 1.5}}


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert metrics.read(tmp_path / "none") == ([], 0)


def test_a_resumed_training_has_no_step_twice(tmp_path: Path) -> None:
    first = Tracking(tmp_path, (), silent)
    first.start(0)
    for step in (1, 2, 3, 4):
        first(told("progress", step / 5, step=step))
    second = Tracking(tmp_path, (), silent)
    second(told("note", warning="step-4 is damaged"))  # it is not known yet where it goes on
    second.start(2)
    second(told("progress", 0.6, step=3))
    rows, _ = metrics.read(tmp_path / metrics.FILE)
    assert [row["step"] for row in rows] == [1, 2, 2, 3]
    assert rows[2]["warning"] == "step-4 is damaged"


def test_what_is_kept_is_passed_on(tmp_path: Path) -> None:
    heard: list[Event] = []
    watch = Tracking(tmp_path, (), heard.append)
    events = [told("start", parameters=7), told("progress", 0.5, step=3), told("note", warning="!")]
    watch.start(0)
    for event in events:
        watch(event)
    assert heard == events
    rows, _ = metrics.read(tmp_path / metrics.FILE)
    assert rows == [
        {"step": 0, "state": "start", "parameters": 7},
        {"step": 3, "state": "progress", "share": 0.5},
        {"step": 3, "state": "note", "warning": "!"},
    ]


class Fake(GeneralTracker):
    name = "fake"
    requires_logging_directory = False

    def __init__(self, project: str = "", **how: Any) -> None:
        super().__init__()
        self.project, self.how = project, how
        self.calls: list[tuple] = []
        self.made.append(self)

    made: list["Fake"] = []

    @property
    def tracker(self) -> object:
        return self

    def start(self) -> None:
        self.calls.append(("start",))

    def store_init_configuration(self, values: dict) -> None:
        self.calls.append(("configuration", values))

    def log(self, values: dict, step: int | None = None, **_: Any) -> None:
        self.calls.append(("log", values, step))

    def finish(self) -> None:
        self.calls.append(("finish",))


CLASSES = {"wandb": "WandBTracker", "mlflow": "MLflowTracker", "trackio": "TrackioTracker"}


@pytest.mark.parametrize("name", CLASSES)
def test_a_tracker_hears_the_recipe_and_the_numbers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"accelerate.tracking.{CLASSES[name]}", Fake)
    monkeypatch.setattr(Fake, "made", [])
    training = tmp_path / "clinic" / "training"
    watch = Tracking(training, (name,), silent)
    assert Fake.made == []  # nobody is told before it starts
    watch.start(0)
    watch(told("start", layers=2, recipe={"dropout": 0.1}, device="cpu"))
    watch(told("progress", 0.5, step=3, bits_per_char=5.0, left_s=9.0, rate=math.nan))
    watch(told("note", validation_bits_per_char=4.5, samples=["secret"]))
    watch.end()
    (fake,) = Fake.made
    assert fake.project == "prompt-gen"
    assert "clinic" in fake.how.values()
    assert fake.calls == [
        ("start",),
        ("configuration", {"layers": 2, "recipe/dropout": 0.1, "device": "cpu"}),
        ("log", {"train/bits_per_char": 5.0}, 3),
        ("log", {"validation/bits_per_char": 4.5}, 3),
        ("finish",),
    ]


def test_every_tracker_of_the_table_can_be_made_and_is_named_in_the_setting() -> None:
    assert set(TRACKERS) == set(tracking._MADE) == {*CLASSES, "tensorboard"}
    description = TrainConfig.model_fields["trackers"].description or ""
    assert all(name in description for name in TRACKERS)


def test_an_unknown_tracker_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"unknown tracker 'tensorbord'.*'tensorboard'"):
        tracking.check(("tensorbord",))


def test_a_missing_library_is_said_before_any_work(
    corpus_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    settings = resolve((*SMALL, 'train.trackers=["mlflow"]'))
    with pytest.raises(MissingExtra, match=r"tracker 'mlflow'.*prompt-gen\[mlflow\]"):
        pipeline.train([corpus_file], Run(tmp_path / "run"), settings)
    assert not (tmp_path / "run").exists()


def test_a_run_leaves_its_numbers_and_its_page(trained: Run) -> None:
    training = trained.station("training")
    rows, n_broken = metrics.read(training / metrics.FILE)
    assert n_broken == 0
    states = [row["state"] for row in rows]
    assert (states.count("start"), states[-1]) == (1, "done")
    steps = [row["step"] for row in rows]
    assert steps == sorted(steps)
    looks = {r["step"]: r["validation_bits_per_char"] for r in rows[:-1] if _is_look(r)}
    board = EventAccumulator(str(training / "tensorboard"))
    board.Reload()
    logged = {s.step: s.value for s in board.Scalars("validation/bits_per_char")}
    assert logged == pytest.approx(looks)
    assert (training / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def _is_look(row: dict) -> bool:
    return "validation_bits_per_char" in row


def test_tensorboard_shows_no_step_twice(tmp_path: Path) -> None:
    for at, steps in ((0, (1, 2, 3, 4)), (2, (3, 4, 5))):
        watch = Tracking(tmp_path, ("tensorboard",), silent)
        watch.start(at)
        for step in steps:
            watch(told("progress", step=step, bits_per_char=float(10 * at + step)))
        watch.end()
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    shown = [(s.step, s.value) for s in board.Scalars("train/bits_per_char")]
    assert shown == [(1, 1.0), (2, 2.0), (3, 23.0), (4, 24.0), (5, 25.0)]
