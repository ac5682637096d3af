"""A training killed with SIGKILL at random moments, resumed, and compared with an undisturbed one.

    python -m benchmarks kills [--kills 1000] [--seed 0]

A run is started in a child of this process, which has imported everything before (a fork costs
milliseconds, an import seconds). The child tells in shared memory what it is doing; it is killed
when it does what the dice have chosen, after a delay within the time this takes. Then the run is
resumed, until it has had its share of kills and is let go to the end. Its weights, those of its
last checkpoint and those of its bundle must be those of the undisturbed run, bit for bit.

A figure says something only with the phases that were hit: `killed_in` counts them.
"""

import argparse
import mmap
import os
import random
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.machine import describe, keep
from prompt_gen import bundle, corpus, evaluate, model, pipeline, shards, vocab
from prompt_gen.config import validated
from prompt_gen.graph import completing
from prompt_gen.run import Run
from prompt_gen.settings import RunConfig, resolve
from prompt_gen.storage import file_hash
from prompt_gen.training import loop

STEPS = 60
INTERVAL_S = 0.15  # between checkpoints
SETTINGS = (
    "model.layers=1", "model.width=64", "model.context=64", "vocab.size=600", "corpus.workers=1",
    f"train.steps={STEPS}", "train.batch_tokens=128", "train.negatives=50", "train.dropout=0.1",
    "train.average=0.3", "train.n_validations=4", "train.validate_lines=10",
    f"train.checkpoint_seconds={INTERVAL_S}", "evaluate.typed=0", "evaluate.workers=1",
    "evaluate.resamples=100", "evaluate.calibration_keys=0",
)  # fmt: skip
# What a child does, innermost first; "start" is all in between.
PLACES: dict[str, tuple[object, str]] = {
    "corpus": (corpus, "read"),
    "vocab": (vocab, "fit"),
    "shards": (shards, "write"),
    "build": (model, "build"),
    "load": (loop.Session, "resume"),
    "step": (loop.Session, "step"),
    "validate": (loop.Session, "validate"),
    "save": (loop.Session, "save"),
    "export": (completing, "export"),
    "bundle": (bundle, "write"),
    "evaluate": (evaluate, "measure"),
}
PHASES = ("start", *PLACES)
# How often the dice fall on each; of those that are over, or not yet possible, none is chosen.
WEIGHTS = {
    "start": 4, "corpus": 8, "vocab": 8, "shards": 8, "build": 4, "load": 10, "step": 26,
    "validate": 6, "save": 18, "export": 5, "bundle": 5, "evaluate": 4,
}  # fmt: skip
KILLS_PER_RUN = (8, 16)


class Told(NamedTuple):
    """What a child tells: numbers in shared memory that outlive it."""

    phase: float = 0  # number in PHASES
    times: float = 0  # how often that phase has begun
    step: float = 0
    saved: float = -1  # step of the newest checkpoint that was complete
    resumed: float = -1  # step of the checkpoint that it went on from


class Board:
    """Shared memory for a `Told`."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8 * len(Told._fields))
        self.tell(**Told()._asdict())

    def tell(self, **numbers: float) -> None:
        for name, number in numbers.items():
            struct.pack_into("d", self._memory, 8 * Told._fields.index(name), number)

    def read(self) -> Told:
        return Told(*struct.unpack_from(f"{len(Told._fields)}d", self._memory))


@dataclass
class Found:
    """What the kills have shown."""

    killed_in: Counter = field(default_factory=Counter)
    lost_steps: list[int] = field(default_factory=list)
    n_older: int = 0  # resumed from an older checkpoint than the newest complete one
    n_finished: int = 0
    mismatches: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)  # of resumed processes


def watched(board: Board) -> None:
    """Have this process tell what it is doing."""
    counts: Counter = Counter()

    @contextmanager
    def phase(name: str):
        before = board.read()
        counts[name] += 1
        board.tell(times=counts[name])
        board.tell(phase=PHASES.index(name))
        yield
        board.tell(times=before.times, phase=before.phase)

    def wrapped(name: str, function: Callable) -> Callable:
        def inside(*args: Any, **kwargs: Any) -> Any:
            if getattr(args[0], "directory", Path()).name.endswith(".forecast.partial"):
                return function(*args, **kwargs)  # steps that are timed before the training
            with phase(name):
                result = function(*args, **kwargs)
                if name in ("load", "step", "save"):
                    at = args[0].progress.step
                    board.tell(step=at)
                    board.tell(**{"load": {"resumed": at}, "save": {"saved": at}}.get(name, {}))
            return result

        return inside

    for name, (owner, attribute) in PLACES.items():
        setattr(owner, attribute, wrapped(name, getattr(owner, attribute)))


def work(text: Path, where: Path, board: Board) -> None:
    """What a child does: start the run, or go on with it as the command line would."""
    watched(board)
    run = Run(where)
    if run.request is None:
        pipeline.train([text], run, resolve(SETTINGS))
    else:
        config = validated(RunConfig, run.request.settings)
        pipeline.train([], run, config, resume=True)


def forked(text: Path, where: Path, board: Board) -> int:
    """The process id of a child at work; what it says goes to a file beside the run."""
    if pid := os.fork():
        return pid
    code = 1
    try:
        with where.with_suffix(".log").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            try:
                work(text, where, board)
                code = 0
            except BaseException:
                traceback.print_exc(file=log)
                log.flush()
    finally:
        os._exit(code)


def is_possible(phase: str, run: Path, saved: int) -> bool:
    """Whether the phase can still come in the next child; it goes on from step `saved`."""
    if phase in ("corpus", "vocab", "shards"):
        return not (run / phase / "station.json").exists()
    if phase == "load":
        return any((run / "training" / "checkpoints").glob("step-*"))
    return phase != "step" or saved < STEPS


def until(board: Board, pid: int, phase: str, times: int, delay_s: float) -> bool:
    """Kill the child when a phase has begun so many times, some time later; False: it ended."""
    number = PHASES.index(phase)
    deadline = None
    while True:
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
        told = board.read()
        if deadline is None and told.phase == number and told.times >= times:
            deadline = time.monotonic() + delay_s
        if deadline is not None and time.monotonic() >= deadline:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            return os.WIFSIGNALED(status)
        time.sleep(0.001)


def durations(text: Path, where: Path) -> dict[str, float]:
    """Seconds that each phase takes in an undisturbed run, which is looked at all the time."""
    board = Board()
    pid, seconds, begun = forked(text, where, board), Counter(), Counter()
    last = time.monotonic()
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            break
        told, now = board.read(), time.monotonic()
        name = PHASES[int(told.phase)]
        seconds[name] += now - last
        begun[name] = max(begun[name], int(told.times), 1)
        last = now
        time.sleep(0.001)
    if status:
        raise SystemExit(where.with_suffix(".log").read_text())
    return {name: seconds[name] / begun[name] for name in seconds}


def weights(run: Path) -> dict[str, str]:
    """Checksums of all that must come out the same."""
    last = max((run / "training" / "checkpoints").glob("step-*"))
    return {
        "best": file_hash(run / "training" / "best" / "model.safetensors"),
        "checkpoint": file_hash(last / "model.safetensors"),
        "optimizer": file_hash(last / "optimizer.safetensors"),
        "bundle": file_hash(run / "bundle" / "model.safetensors"),
    }


def kill_one(
    text: Path, run: Path, dice: random.Random, seconds: dict[str, float], found: Found, saved: int
) -> int | None:
    """One child, killed; the step of the newest complete checkpoint, or None: it came to its end.

    `saved` is that step before.
    """
    chances = {name: weight for name, weight in WEIGHTS.items() if is_possible(name, run, saved)}
    phase = dice.choices(list(chances), list(chances.values()))[0]
    left = STEPS - max(saved, 0)
    most = {"step": min(left, 20), "save": 1 + left // 20}.get(phase, 1)
    times = dice.randint(1, most)
    delay_s = dice.random() * seconds.get(phase, 0.005)
    board = Board()
    pid = forked(text, run, board)
    was_killed = until(board, pid, phase, times, delay_s)
    told = board.read()
    if told.resumed >= 0 and told.resumed < saved:
        found.n_older += 1
    newest = max(saved, int(told.saved))
    if not was_killed:
        if (log := run.with_suffix(".log").read_text()) and "Traceback" in log:
            found.failures.append(log[-2000:])
        return None
    found.killed_in[PHASES[int(told.phase)]] += 1
    if told.step:
        found.lost_steps.append(int(told.step) - max(0, newest))
    return newest


def finished(text: Path, run: Path) -> bool:
    """Let a run go to its end."""
    board = Board()
    _, status = os.waitpid(forked(text, run, board), 0)
    return status == 0


def warm() -> None:
    """Import here, without starting a thread, what children would import one by one."""
    import onnxruntime  # noqa: F401
    import pandas  # noqa: F401 - by pyarrow
    import rouge_score.rouge_scorer  # noqa: F401
    import sacrebleu  # noqa: F401
    import torch._dynamo
    import torch.utils.tensorboard

    import prompt_gen.corpus.make  # noqa: F401

    config = resolve(SETTINGS)
    shape = model.choose_shape(config.model, config.train, "cpu", 10_000)
    network = model.build(config.model, shape, 600, 0)
    network.requires_grad_(False)
    torch.optim.AdamW(network.parameters())


def rounds(text: Path, where: Path, n_kills: int, seed: int) -> tuple[Found, dict[str, float]]:
    """Runs killed and resumed until there were so many kills."""
    seconds = durations(text, where / "whole")
    expected = weights(where / "whole")
    dice, found, number = random.Random(seed), Found(), 0
    while found.killed_in.total() < n_kills and not found.failures:
        number += 1
        run, saved = where / f"run-{number}", -1
        for _ in range(dice.randint(*KILLS_PER_RUN)):
            newest = kill_one(text, run, dice, seconds, found, saved)
            if newest is None or found.killed_in.total() == n_kills:
                break
            saved = newest
        if not finished(text, run):
            found.failures.append(run.with_suffix(".log").read_text()[-2000:])
            break
        found.n_finished += 1
        got = weights(run)
        different = [name for name in expected if got[name] != expected[name]]
        found.mismatches += [f"run {number}: {name}" for name in different]
        print(number, dict(found.killed_in), found.mismatches, file=sys.stderr, flush=True)
        shutil.rmtree(run)
    return found, seconds


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    warm()
    source = Path(__file__).parents[1] / "src" / "prompt_gen" / "data" / "health-zh.txt"
    started = time.monotonic()
    # In memory where that can be: SIGKILL loses nothing of the system's buffers, so that fsync
    # makes no difference here.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        text = Path(name) / "lines.txt"
        lines = source.read_text("utf-8").splitlines()[:250]
        text.write_text("\n".join(lines) + "\n", "utf-8")
        found, seconds = rounds(text, Path(name), args.kills, args.seed)
    lost = found.lost_steps
    keep(
        "kills",
        {
            "machine": describe("torch"),
            "seed": args.seed,
            "kills": found.killed_in.total(),
            "killed_in": {name: found.killed_in[name] for name in PHASES},
            "runs_finished": found.n_finished,
            "runs_with_other_weights": found.mismatches,
            "resumes_that_failed": found.failures,
            "resumes_from_an_older_checkpoint": found.n_older,
            "steps_lost": {
                "max": max(lost, default=0),
                "mean": round(sum(lost) / max(1, len(lost)), 2),
                "kills": len(lost),
            },
            "checkpoint_every_s": INTERVAL_S,
            "seconds_by_phase": {name: round(s, 4) for name, s in seconds.items()},
            "settings": SETTINGS,
            "wall_s": round(time.monotonic() - started, 1),
        },
    )
    if found.mismatches or found.failures or found.n_older:
        raise SystemExit("a run was lost")
