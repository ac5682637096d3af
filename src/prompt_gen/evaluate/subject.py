"""A predictor with all that was found on it."""

from dataclasses import dataclass
from typing import Any

from prompt_gen.evaluate import confidence, latency, lists, metrics, overlap, ranking, typing
from prompt_gen.evaluate.likelihood import Likelihood
from prompt_gen.evaluate.numbers import Number
from prompt_gen.evaluate.predictors import Predictor
from prompt_gen.evaluate.typed import Typed


@dataclass(frozen=True)
class Subject:
    """One column of the table."""

    predictor: Predictor
    scores: Likelihood | None  # of all lines; none: it has no language model
    typed: Typed
    temperature: float  # that its scores are calibrated with

    @property
    def ranks(self) -> list[int]:
        """The numbers of candidates that are looked at."""
        return metrics.ranks(self.typed.n_ranks)

    def of_lines(self) -> dict[str, Number]:
        """Numbers over all lines."""
        return self.scores.numbers() if self.scores is not None else {}

    def of_keys(self, min_right: int) -> dict[str, Number]:
        """Numbers over the lines that were typed."""
        return {
            **typing.numbers(self.typed, self.ranks, min_right),
            **ranking.numbers(self.typed, self.ranks),
            **confidence.numbers(self.typed, self.temperature),
            **overlap.numbers(self.typed),
            **lists.numbers(self.typed),
            **latency.numbers(self.typed),
        }

    def pictures(self) -> dict[str, list[dict[str, Any]]]:
        """The curves of the report."""
        return {
            "coverage": confidence.curve(self.typed, self.temperature),
            "reliability": confidence.reliability(self.typed, self.temperature),
            "latency": latency.histogram(self.typed),
        }
