"""How long a run is, in steps or in time, and the learning rate at each point of it."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from prompt_gen.config import TrainConfig
from prompt_gen.optim import rate
from prompt_gen.training.recipe import Recipe

MIN_STEPS = 10
LOOKING = 0.05  # share of a run by the clock that looks at the validation part may take


@dataclass(frozen=True)
class Plan:
    """A run of a given number of steps, or of a given time that may end early."""

    warmup_steps: int
    decay: float  # last share of the run, in which the learning rate falls
    floor: float
    n_rows: int  # of a batch in the beginning
    growth: float  # of the batch until the end, as a factor
    n_steps: int | None
    max_tokens: float  # of a run in time: more would only repeat the text
    budget_s: float  # wall time of the loop, seconds; counts where no steps are given

    @classmethod
    def of(
        cls, config: TrainConfig, recipe: Recipe, n_row_tokens: int, n_epoch_tokens: float
    ) -> "Plan":
        """The plan at the start of a run."""
        n_rows = -(-recipe.batch_tokens // n_row_tokens)
        max_tokens = recipe.max_epochs * n_epoch_tokens
        max_steps = max(MIN_STEPS, round(max_tokens / (n_rows * n_row_tokens)))
        return cls(
            warmup_steps=min(recipe.warmup_steps, (config.steps or max_steps) // 10),
            decay=recipe.decay,
            floor=recipe.floor,
            n_rows=n_rows,
            growth=recipe.batch_growth,
            n_steps=config.steps,
            max_tokens=max_tokens,
            budget_s=config.minutes * 60,
        )

    def share_done(self, step: int, n_tokens: int, elapsed_s: float) -> float:
        """How much of the run is behind, from 0 to 1; a few steps are made in any case."""
        if self.n_steps is not None:
            return min(1.0, step / self.n_steps)
        over = max(elapsed_s / self.budget_s, n_tokens / self.max_tokens)
        return min(1.0, over, step / MIN_STEPS)

    def rate(self, step: int, share: float) -> float:
        """Share of the peak learning rate for the update at a step."""
        return rate(step, share, self.warmup_steps, self.decay, self.floor)

    def rows(self, share: float) -> int:
        """Rows of the batch after a share of the run: they grow by equal factors in equal times."""
        return round(self.n_rows * self.growth**share)

    def shortened(self, elapsed_s: float) -> "Plan":
        """The plan whose learning rate begins to fall now; given steps are left as they are.

        The fall takes its usual share of the whole.
        """
        if self.n_steps is not None or self.decay == 1:
            return self
        return replace(self, budget_s=min(self.budget_s, elapsed_s / (1 - self.decay)))

    def as_json(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)
