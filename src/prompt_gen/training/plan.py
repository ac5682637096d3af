"""How long a run is: when the learning rate begins to fall, and when it ends."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from prompt_gen.config import TrainConfig
from prompt_gen.optim import rate

MIN_STEPS = 10


@dataclass(frozen=True)
class Plan:
    """The steps of a run. With a budget in minutes the end is open until the fall begins."""

    warmup_steps: int
    decay_share: float
    floor: float
    budget_s: float | None  # wall time of the loop, seconds; None: the steps are given
    decay_start: int | None
    n_steps: int | None

    @classmethod
    def of(cls, config: TrainConfig) -> "Plan":
        """The plan at the start of a run."""
        plan = cls(config.warmup_steps, config.decay, config.floor, config.minutes * 60, None, None)
        if config.steps is None:
            return plan
        start = round(config.steps * (1 - config.decay))
        warmup = min(config.warmup_steps, config.steps // 10)
        return replace(
            plan, warmup_steps=warmup, budget_s=None, decay_start=start, n_steps=config.steps
        )

    def adjusted(self, step: int, elapsed_s: float, worsening: bool) -> "Plan":
        """The plan with its end fixed, once half of the time is over or validation gets worse.

        The steps that are left are those that the rest of the time has room for at the pace so
        far; after an early turn, no more than the usual share of the whole.
        """
        if self.decay_start is not None or self.budget_s is None or step < MIN_STEPS:
            return self
        if elapsed_s < self.budget_s * (1 - self.decay_share) and not worsening:
            return self
        left = (self.budget_s - elapsed_s) / (elapsed_s / step)
        if worsening and self.decay_share < 1:
            left = min(left, step * self.decay_share / (1 - self.decay_share))
        return replace(self, decay_start=step, n_steps=step + max(1, round(left)))

    def rate(self, step: int) -> float:
        """Share of the peak learning rate at a step."""
        if self.decay_start is None or self.n_steps is None:
            return min(1.0, (step + 1) / max(1, self.warmup_steps))
        return rate(step, self.warmup_steps, self.decay_start, self.n_steps, self.floor)

    def is_over(self, step: int) -> bool:
        """Whether the run has made all its steps."""
        return self.n_steps is not None and step >= self.n_steps

    def share_done(self, step: int, elapsed_s: float) -> float:
        """How much of the run is behind, from 0 to 1."""
        if self.n_steps is not None:
            return min(1.0, step / self.n_steps)
        return min(1.0, elapsed_s / self.budget_s) if self.budget_s else 0.0

    def as_json(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)
