"""The training loop: a plain one, on torch and accelerate."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from accelerate import Accelerator
from torch.distributed.fsdp import FSDPModule

from prompt_gen import optim
from prompt_gen.config import TrainConfig
from prompt_gen.errors import Damaged, Diverged, Interrupted, SettingError
from prompt_gen.launch import is_first, n_processes, rank
from prompt_gen.run import Event, Watch
from prompt_gen.training import changed, checkpoint, devices, distributed, dropout, memory, norms
from prompt_gen.training.advice import Look
from prompt_gen.training.average import Average
from prompt_gen.training.gradients import Gradients
from prompt_gen.training.lesson import Teach
from prompt_gen.training.plan import LOOKING, Plan
from prompt_gen.training.recipe import Recipe
from prompt_gen.training.tracking import Tracking

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_REPORT_S = 1.0
_FIRST_LOOK_S = 0.5  # what it is taken to cost before it is known
_MAX_WORSE = 2  # validations in a row without improvement before the learning rate falls


@dataclass(frozen=True)
class Trained:
    """Where the weights are and how they came about."""

    directory: Path  # stock model directory: config.json, model.safetensors
    facts: dict[str, Any]


def fit(
    model: "PreTrainedModel",
    teach: Teach,
    config: TrainConfig,
    recipe: Recipe,
    directory: Path,
    print_: str,
    watch: Watch,
    resume: bool = False,
    scale: Callable[[str], float] = lambda name: 1.0,
) -> Trained:
    """Train a model by a recipe and leave the best weights in `directory/best`.

    `scale` is a factor on the learning rate of a weight, by its name.

    Of several processes all are `together`.

    Raises:
        Diverged: the loss is not a number any more.
        Interrupted: Ctrl-C or SIGTERM; a checkpoint has been written.
        Damaged, Mismatch: the run cannot be resumed.
    """
    session = Session(model, teach, config, recipe, directory, print_, watch, scale)
    if resume and checkpoint.exists(directory / "checkpoints"):
        session.resume()
    elif resume:
        warning = "there is no checkpoint yet; it starts from the beginning"
        watch(Event("training", "note", facts={"warning": warning}))
    try:
        return _trained(session)
    finally:
        session.tracking.end()


def _trained(session: "Session") -> Trained:
    with _interrupts() as came:
        is_over = session.run(came)
    if not is_over:
        session.save()
        raise Interrupted(
            f"training was interrupted at step {session.progress.step:,}; all of it is saved",
            f"Go on with: prompt-gen train --out {session.directory.parent} --resume",
        )
    return session.finish()


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A list that gets an entry at the first Ctrl-C or SIGTERM; the second one stops at once.

    A step is never broken in the middle, so that what is saved afterwards is whole. A launcher
    passes on what has come here already, and itself ends what does not end in half a minute: the
    second one means nothing then.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came  # only the main thread may handle signals
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in signals}

    def note(number: int, frame: object) -> None:
        came.append(number)
        for each, handler in before.items():
            signal.signal(each, handler if n_processes() == 1 else signal.SIG_IGN)

    for number in signals:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Session:
    """One run of the loop, with what it holds between steps."""

    def __init__(
        self,
        model: "PreTrainedModel",
        teach: Teach,
        config: TrainConfig,
        recipe: Recipe,
        directory: Path,
        print_: str,
        watch: Watch,
        scale: Callable[[str], float] = lambda name: 1.0,
    ) -> None:
        self.config, self.recipe = config, recipe
        self.directory, self.print_ = directory, print_
        self.watch = self.tracking = Tracking(directory, config.trackers, watch)
        self.device = devices.prepare(config)
        # Trackers ask accelerate which process is the first.
        self.accelerator = Accelerator(cpu=self.device.torch.type == "cpu")
        self.model = model.to(self.device.torch)  # type: ignore[arg-type]
        self.context: int = model.config.max_position_embeddings
        self.lesson = teach(self.model, self.device, directory, self.watch)
        self.batches, self.judge = self.lesson.stream, self.lesson.judge
        self.plan = Plan.of(config, recipe, self.context, self.batches.n_epoch_tokens)
        if self.plan.n_rows < n_processes():
            raise SettingError(
                f"a batch of {self.plan.n_rows} rows cannot be shared by {n_processes()} processes",
                f"Set train.batch_tokens to {self.context * n_processes()} or more",
            )
        body: Any = model.base_model  # a head of labels may have a dropout of its own
        dropout.add(body, recipe.dropout)
        if self.device.torch.type == "cpu" and not self.device.is_compiled:
            norms.quicken(model)
        self.n_params = sum(p.numel() for p in model.parameters())
        self.objective = distributed.wrap(self.lesson.objective, config.sharding)
        batch_tokens = self.plan.n_rows * self.context / n_processes()
        rates = recipe.matrix_lr, recipe.other_lr, recipe.weight_decay, recipe.momentum
        self.optimizers = optim.build(model, *rates, batch_tokens, scale)
        self.gradients = Gradients(self.objective, self.device, config.micro_rows, self.watch)
        self.average = Average()
        self.progress = checkpoint.Progress()
        self.is_sampled = False  # the softmax of any step since the last report

    # -- the loop ----------------------------------------------------------------------------

    def run(self, came: list[int]) -> bool:
        """Steps until the plan is over or a signal came, with validations and checkpoints.

        Says whether the plan is over. What depends on the clock goes by the first process's, so
        that all do the same.
        """
        started = time.monotonic() - self.progress.elapsed_s
        last_saved = last_report = self.progress.elapsed_s
        losses: list[torch.Tensor] = []
        tokens_then = self.progress.n_tokens
        self.objective.train()
        self.tracking.start(self.progress.step)
        chosen = {"recipe": vars(self.recipe), "seed": self.config.seed}
        self.watch(Event("training", "start", facts=self._shape_facts() | chosen))
        while not distributed.of_any(bool(came)):
            if self._share_done() == 1:
                return True
            losses.append(self.step())
            now = distributed.of_first(time.monotonic() - started)
            self.progress.elapsed_s = now
            if self._is_look_due():
                self.validate()
                if self.progress.n_worse >= _MAX_WORSE:
                    self._shorten(now)
                if self.progress.best_step == self.progress.step:
                    self.save()  # so that the best weights and what is known of them go together
                    last_saved = now
            if now - last_report >= _REPORT_S:
                pace = (self.progress.n_tokens - tokens_then) / (now - last_report)
                self._report(distributed.total(torch.stack(losses).mean()).item(), pace)
                last_report, tokens_then, losses = now, self.progress.n_tokens, []
            if now - last_saved >= self.config.checkpoint_seconds:
                self.save()
                last_saved = now
        return False

    def step(self) -> torch.Tensor:
        """One update; returns this process's part of the batch's mean loss, nats per token."""
        progress, share = self.progress, self._share_done()
        batch = self.batches.at(progress.n_tokens, distributed.shared(self.plan.rows(share)))
        is_sampled = share < 1 - self.recipe.full_softmax
        sample = self.lesson.draw(batch, progress.step) if is_sampled else None
        self.is_sampled |= sample is not None
        rate = self.plan.rate(progress.step, share)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * rate
        # What is dropped depends on the seed, the step and the process alone.
        torch.manual_seed(_seed(self.config.seed, progress.step, rank()))
        loss = self.gradients.add(batch, sample)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        progress.step += 1
        progress.n_tokens += batch.tokens_BT.numel()
        if share >= 1 - self.recipe.average:
            self.average.add(self.model)
        return loss

    def _share_done(self) -> float:
        progress = self.progress
        return self.plan.share_done(progress.step, progress.n_tokens, progress.elapsed_s)

    # -- looks at the validation part ----------------------------------------------------------

    def _is_look_due(self) -> bool:
        """Whether a share of the run is over, and, in a run by the clock, the look is affordable.

        Looks may take a twentieth of the time; those that come too late are not made up for.
        """
        progress = self.progress
        n_over = math.floor(self._share_done() * self.config.n_validations)
        if not progress.n_validations < n_over < self.config.n_validations:
            return False  # the last look is behind the loop
        next_s = progress.looks_s / len(progress.looks) if progress.looks else _FIRST_LOOK_S
        spent_s = progress.looks_s + next_s
        if self.config.steps is None and spent_s > LOOKING * progress.elapsed_s:
            return False
        progress.n_validations = n_over - 1
        return True

    def validate(self, *, is_mean: bool = False) -> float:
        """Bits per character on the validation lines; new best weights are kept.

        `is_mean` says that the model holds the mean of its weights now.
        """
        progress, started = self.progress, time.monotonic()
        epochs = self.batches.epochs(progress.n_tokens)
        look = self.judge.look(self.objective, progress.step, self._share_done(), epochs)
        if not math.isfinite(look.validation):
            raise Diverged(
                f"training diverged: at step {progress.step} the loss is not a number",
                "Start over with --force and lower train.matrix_lr and train.other_lr",
            )
        progress.looks.append(asdict(look))
        progress.n_validations += 1
        progress.n_worse += 1
        if look.validation < progress.best_bits:
            progress.best_bits, progress.best_step = look.validation, progress.step
            progress.best_is_mean, progress.n_worse = is_mean, 0
            self._keep_best(changed.stock_weights(self.model))
        if is_first():
            self._tell([Look(**row) for row in progress.looks])
        progress.looks_s += distributed.of_first(time.monotonic() - started)
        return look.validation

    def _tell(self, looks: list[Look]) -> None:
        """The newest look, and what it warns of."""
        # Weights in pieces are put together by all processes in a step, but not for one of them.
        whole = None if isinstance(self.objective, FSDPModule) else self.model
        facts = self._place() | self.judge.facts(whole, looks)
        self.watch(Event("training", "note", facts=facts))
        for warning in self.judge.warnings(looks):
            self.watch(Event("training", "note", facts={"warning": warning}))

    def _shorten(self, now: float) -> None:
        """Have the learning rate fall from now on, and say so."""
        plan, progress = self.plan.shortened(now), self.progress
        if plan == self.plan or self._share_done() >= 1 - plan.decay:
            return  # it falls already
        self.plan = plan
        told = (
            f"ends early, after {plan.budget_s / 60:.1f} minutes: {progress.n_worse} looks at the "
            f"validation lines in a row were worse than {self.judge.said(progress.best_bits)} "
            f"at step {progress.best_step:,}; the learning rate falls from here on"
        )
        self.watch(Event("training", "note", facts={"told": told}))

    def _keep_best(self, weights: dict[str, torch.Tensor]) -> None:
        if is_first():
            checkpoint.save_best(self.directory / "best", weights, self.model.config)

    # -- reports, checkpoints, the end ---------------------------------------------------------

    def _report(self, loss: float, tokens_per_s: float) -> None:
        progress, share = self.progress, self._share_done()
        facts = self._place() | {
            **self._loss_facts(loss),
            "rate": self.plan.rate(progress.step, share),
            "batch_tokens": self.plan.rows(share) * self.context,
            "tokens_per_s": tokens_per_s,
            "left_s": progress.elapsed_s / share - progress.elapsed_s if share else 0.0,
        }
        self.watch(Event("training", "progress", share, 1.0, facts))
        self.is_sampled = False

    def _loss_facts(self, loss: float) -> dict[str, float]:
        """The mean loss of batches, nats per token, under a name that says what it compares with.

        Among a sample of the tokens it is lower than among all, and no number of bits.
        """
        if self.is_sampled:
            return {"sampled_loss": loss}
        return self.lesson.told(loss)

    def _place(self) -> dict[str, Any]:
        """Where the run is."""
        progress = self.progress
        return {
            "step": progress.step,
            "seconds": round(progress.elapsed_s, 3),
            "tokens": progress.n_tokens,
            "epochs": self.batches.epochs(progress.n_tokens),
        }

    def _shape_facts(self) -> dict[str, Any]:
        shape = self.model.config
        return {
            "architecture": shape.model_type,
            "layers": shape.num_hidden_layers,
            "width": shape.hidden_size,
            "context": self.context,
            "vocab_size": shape.vocab_size,
            "parameters": self.n_params,
            "processes": n_processes(),
            **self.device.facts(),
            "batch_tokens": self.plan.n_rows * self.context,
            "train_tokens": self.lesson.n_tokens,
        }

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoint.save(
            self.directory / "checkpoints",
            checkpoint.Held(self.model, self.optimizers, self.average),
            {
                "progress": vars(self.progress),
                "plan": self.plan.as_json(),
                "threads": self.device.n_threads,
                "micro_rows": self.gradients.micro_rows,
            },
            self.print_,
            self.config.keep_checkpoints,
        )

    def resume(self) -> None:
        """Go on from the newest whole checkpoint."""
        path, state, problems = checkpoint.newest(self.directory / "checkpoints", self.print_)
        for problem in problems:
            self.watch(Event("training", "note", facts={"warning": problem}))
        checkpoint.restore(path, checkpoint.Held(self.model, self.optimizers, self.average))
        self.progress = checkpoint.Progress(**state["progress"])
        self.plan = Plan(**state["plan"])
        # Sums come out the same, to the bit, in as many threads and pieces only.
        self.device = devices.with_threads(self.device, state["threads"])
        self.gradients.micro_rows = state["micro_rows"]
        self._check_best()
        self.watch(Event("training", "note", facts={"resumed_at_step": self.progress.step}))

    def _check_best(self) -> None:
        """Look for the best weights anew, from here on, where those on the disk are damaged."""
        if not self.progress.best_step:
            return
        try:
            checkpoint.check_best(self.directory / "best")
        except Damaged as error:
            warning = f"{error.message}; the best weights are looked for from here on"
            self.watch(Event("training", "note", facts={"warning": warning}))
            self.progress.best_bits, self.progress.best_step = math.inf, 0

    def finish(self) -> Trained:
        """The best weights of the run, with the last ones and their mean among the candidates."""
        self.validate()
        if self.average.n:
            with self.average.put_in(self.model):
                self.validate(is_mean=True)
        self.save()
        if is_first():
            checkpoint.check_best(self.directory / "best")
        progress = self.progress
        facts = self._shape_facts() | {
            "steps": progress.step,
            "epochs": round(self.batches.epochs(progress.n_tokens), 2),
            "seconds": round(progress.elapsed_s, 1),
            "best_step": progress.best_step,
            "best_is_mean": progress.best_is_mean,
            **self.judge.outcome(progress.best_bits),
            "memory_mb": round(memory.peak_mb(self.device.torch.type), 1),
        }
        self.watch(Event("training", "done", facts=facts))
        return Trained(self.directory / "best", facts)


def _seed(*parts: int) -> int:
    """A seed that no other parts give."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0])
