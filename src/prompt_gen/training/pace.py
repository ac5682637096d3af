"""How fast a run will go and what memory it takes, from a few steps of a copy of the model."""

import copy
import gc
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from prompt_gen.config import TrainConfig
from prompt_gen.launch import is_first
from prompt_gen.run import Event, Watch
from prompt_gen.shards import ShardSet
from prompt_gen.training import distributed, lesson, memory
from prompt_gen.training.devices import choose_device
from prompt_gen.training.judgement import Judge
from prompt_gen.training.loop import Session
from prompt_gen.training.recipe import Recipe
from prompt_gen.training.references import References
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TIMED_S = 2.0  # at most, for all phases together
_TIMED_SHARE = 0.05  # of the run at most, where that is less
_FINE = 1 << 40  # steps of the run that the copy is put into, so that it stays where it is put


@dataclass(frozen=True)
class Phase:
    """A part of a run with one kind of softmax."""

    share: float  # of the run
    tokens_per_s: float


@dataclass(frozen=True)
class Pace:
    """How fast the parts of a run go on this machine."""

    phases: tuple[Phase, ...]
    validation_s: float  # one look at the validation lines, weights written
    checkpoint_s: float
    memory_mb: float  # the most that was in use

    def length(self, budget_s: float, max_tokens: float) -> tuple[float, float]:
        """Tokens and seconds of a run's steps, which end with the first of time and tokens.

        A phase ends when its share of either is behind, as the loop has it.
        """
        n_tokens = seconds = done = 0.0
        for phase in self.phases:
            done += phase.share
            left_s = min(
                budget_s * done - seconds, (max_tokens * done - n_tokens) / phase.tokens_per_s
            )
            seconds += max(0.0, left_s)
            n_tokens += max(0.0, left_s) * phase.tokens_per_s
        return n_tokens, seconds


def measure(
    model: "PreTrainedModel",
    shards: ShardSet,
    tokenizer: Tokenizer,
    config: TrainConfig,
    recipe: Recipe,
    directory: Path,
    watch: Watch,
) -> tuple[Pace, References]:
    """The pace of a run, from some steps, one look at the validation part and one checkpoint.

    And what it will be judged beside. All of it is done with a copy of the model and files beside
    `directory` that are gone afterwards; the model, the random numbers and what is in `directory`
    stay as they are. Several processes go by the clock of the first.
    """

    def tell(event: Event) -> None:
        if event.state == "count":  # takes seconds; all else is of the copy
            watch(event)

    place = directory.with_name(f".{directory.name}.forecast.partial")
    with _cleared(place), torch.random.fork_rng():
        teach = lesson.of_text(shards, tokenizer, config, recipe)
        session = Session(copy.deepcopy(model), teach, config, recipe, place, "", tell)
        session.plan = replace(session.plan, n_steps=_FINE)
        session.objective.train()
        phases = tuple(
            Phase(share, _tokens_per_s(session, at, _limit_s(config), _max_steps(config)))
            for share, at in _phases(recipe)
        )
        validation_s = _seconds(session.validate)
        checkpoint_s = _seconds(session.save)
        judge, peak_mb = session.judge, memory.peak_mb(choose_device(config))
        assert isinstance(judge, Judge)  # what judges a lesson of text
    del session
    gc.collect()  # cycles of modules and hooks hold the copy's weights
    return Pace(phases, validation_s, checkpoint_s, peak_mb), judge.references


@contextmanager
def _cleared(place: Path) -> Iterator[None]:
    """Nothing is at a place before the block, of a process that was killed, and behind it."""
    if is_first():
        shutil.rmtree(place, ignore_errors=True)
    try:
        yield
    finally:
        if is_first():
            shutil.rmtree(place, ignore_errors=True)


def _phases(recipe: Recipe) -> list[tuple[float, float]]:
    """Share of each phase, and where in the run it is timed.

    The sampled one in its middle, the full one at the end: there all that is ever held is held.
    """
    sampled = 1 - recipe.full_softmax
    both = [(sampled, sampled / 2), (recipe.full_softmax, 1 - 1 / _FINE)]
    return [(share, at) for share, at in both if share > 0]


def _limit_s(config: TrainConfig) -> float:
    return _TIMED_S if config.steps else min(_TIMED_S, _TIMED_SHARE * config.minutes * 60)


def _max_steps(config: TrainConfig) -> int:
    return max(1, int(_TIMED_SHARE * config.steps / 2)) if config.steps else _FINE


def _tokens_per_s(session: Session, at: float, limit_s: float, max_steps: int) -> float:
    """The pace at a share of the run; the first step only makes room."""
    progress = session.progress
    progress.step = round(at * _FINE)
    session.step()
    _wait()
    n_tokens, n_steps, elapsed_s, started = progress.n_tokens, 0, 0.0, time.perf_counter()
    while n_steps < max_steps and elapsed_s < limit_s / 2:
        session.step()
        n_steps += 1
        _wait()
        elapsed_s = distributed.of_first(time.perf_counter() - started)
    return (progress.n_tokens - n_tokens) / elapsed_s


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return distributed.of_first(time.perf_counter() - started)


def _wait() -> None:
    """Until an accelerator has done what it was given."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
