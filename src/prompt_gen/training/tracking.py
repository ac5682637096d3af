"""What a training tells, kept: `metrics.jsonl` always, and the trackers that were asked for.

Everything a training says goes through one watcher, so that the file, the trackers, the display
and the page cannot differ. A line of the file is one event: `state`, `step` and its facts.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from accelerate import tracking as accelerated
from accelerate.tracking import GeneralTracker

from prompt_gen.choices import Choice, Choices
from prompt_gen.launch import is_first
from prompt_gen.run import Event, Watch
from prompt_gen.training import metrics, report

PROJECT = "prompt-gen"  # where a tracker has projects; the name of a run is its directory's

TRACKERS = Choices(  # the library that each needs
    "tracker",
    {
        "tensorboard": Choice("tensorboard", "files in training/tensorboard", "train"),
        "wandb": Choice("wandb", "Weights & Biases", "wandb"),
        "mlflow": Choice("mlflow", "MLflow, where MLFLOW_TRACKING_URI says", "mlflow"),
        "trackio": Choice("trackio", "trackio, on this machine", "trackio"),
    },
)
_NAMES = {  # what trackers have of the facts, and what it is called there
    "bits_per_char": "train/bits_per_char",
    "sampled_loss": "train/sampled_loss",
    "tokens_per_s": "train/tokens_per_s",
    "rate": "train/rate",
    "batch_tokens": "train/batch_tokens",
    "epochs": "train/epochs",
    "training_bits_per_char": "train/lines_bits_per_char",
    "validation_bits_per_char": "validation/bits_per_char",
    "loss": "train/loss",
    "training_score": "train/texts_score",
    "validation_score": "validation/score",
}
_MADE: Mapping[str, Callable[[Path, int], GeneralTracker]] = {  # from training/ and the step
    "tensorboard": lambda training, step: accelerated.TensorBoardTracker(
        "tensorboard", str(training), purge_step=step + 1
    ),
    "wandb": lambda training, _: accelerated.WandBTracker(
        PROJECT, name=_run_name(training), dir=str(training)
    ),
    "mlflow": lambda training, _: accelerated.MLflowTracker(PROJECT, run_name=_run_name(training)),
    "trackio": lambda training, _: accelerated.TrackioTracker(PROJECT, name=_run_name(training)),
}


def _run_name(training: Path) -> str:
    return training.resolve().parent.name


def check(names: Sequence[str]) -> None:
    """Refuse trackers that cannot be, before any work is done for them.

    Raises:
        UnknownChoice: no such tracker.
        MissingExtra: its library is not installed.
    """
    for name in names:
        TRACKERS.load(name)


class Tracking:
    """A watcher of one training that keeps what it hears, and passes it on.

    Of several processes the first alone keeps anything. What comes before `start` waits for it.
    """

    def __init__(self, directory: Path, names: Sequence[str], watch: Watch) -> None:
        self._directory, self._names, self._watch = directory, names, watch
        self._file = directory / metrics.FILE
        self._trackers: list[GeneralTracker] = []
        self._early: list[dict[str, Any]] = []
        self._step = -1

    def start(self, step: int) -> None:
        """Begin at a step: what the file says of later ones is cut off, they come again."""
        if not is_first():
            return
        metrics.cut(self._file, step)
        self._step = step
        for name in self._names:
            with self._going_on_without():
                tracker = _MADE[name](self._directory, step)
                tracker.start()
                self._trackers.append(tracker)
        for row in self._early:
            metrics.append(self._file, {"step": step, **row})

    def __call__(self, event: Event) -> None:
        """Keep an event of the training, and tell it to whoever watches."""
        if is_first():
            self._keep(event)
        self._watch(event)

    def _keep(self, event: Event) -> None:
        share = {"share": event.done / event.total} if event.total else {}
        row = {"state": event.state, **share, **event.facts}
        if self._step < 0:
            self._early.append(row)
        else:
            self._step = event.facts.get("step", self._step)
            metrics.append(self._file, {"step": self._step, **row})
            self._track(event)

    def _track(self, event: Event) -> None:
        numbers = {_NAMES[n]: v for n, v in event.facts.items() if n in _NAMES and _is_number(v)}
        for tracker in tuple(self._trackers):
            with self._going_on_without(tracker):
                if event.state == "start":
                    tracker.store_init_configuration(_flat(event.facts))
                elif event.state in ("progress", "note") and numbers:
                    tracker.log(numbers, step=self._step)

    @contextmanager
    def _going_on_without(self, tracker: GeneralTracker | None = None) -> Iterator[None]:
        """A tracker whose server or library fails is left out from there on, and not the run."""
        try:
            yield
        except Exception as error:  # of any library, or of its server
            if tracker in self._trackers:
                self._trackers.remove(tracker)
            name = getattr(tracker, "name", "a tracker")
            told = f"{name} fails and is left out from here on: {error}"
            self._watch(Event("training", "note", facts={"warning": told}))

    def end(self) -> None:
        """Close the trackers and write the page; one that cannot be written is only told."""
        for tracker in tuple(self._trackers):
            with self._going_on_without(tracker):
                tracker.finish()
        self._trackers = []
        if self._step < 0:
            return
        try:
            report.write(self._directory)
        except OSError as error:
            told = f"the training's page cannot be written: {error.strerror}"
            self._watch(Event("training", "note", facts={"warning": told}))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _flat(facts: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Facts without levels, as trackers want their hyper-parameters: `recipe/dropout`."""
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}/")
        else:
            flat[before + name] = value if isinstance(value, int | float) else str(value)
    return flat
