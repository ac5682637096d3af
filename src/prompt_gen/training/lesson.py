"""What a run learns: batches, their loss, and who judges how far it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from prompt_gen.config import TrainConfig
from prompt_gen.run import Watch
from prompt_gen.shards import Part, ShardSet
from prompt_gen.training.advice import Look
from prompt_gen.training.batches import Batch, Batches
from prompt_gen.training.devices import Device
from prompt_gen.training.judgement import Judge
from prompt_gen.training.loss import Objective, Sample, Sampler
from prompt_gen.training.recipe import Recipe
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class Stream(Protocol):
    """An endless stream of rows, a pure function of the place."""

    n_row_tokens: int

    @property
    def n_epoch_tokens(self) -> float:
        """Tokens of an epoch."""
        ...

    def epochs(self, n_tokens: int) -> float:
        """How many epochs so many tokens are."""
        ...

    def at(self, start: int, n_rows: int) -> Batch:
        """So many rows, from token `start` on."""
        ...


class Judges(Protocol):
    """Looks at a run from outside; `Look.validation` is what is to become small."""

    def look(self, objective: nn.Module, step: int, share: float, epochs: float) -> Look:
        """The model at this moment."""
        ...

    def facts(self, model: "PreTrainedModel | None", looks: list[Look]) -> dict[str, Any]:
        """What is told of the newest look."""
        ...

    def warnings(self, looks: list[Look]) -> list[str]:
        """What the newest look is the first to warn of."""
        ...

    def outcome(self, best: float) -> dict[str, Any]:
        """What is told in the end of the best look's `validation`."""
        ...

    def said(self, best: float) -> str:
        """The same in words."""
        ...


@dataclass(frozen=True)
class Lesson:
    """One thing to learn with one model."""

    stream: Stream
    objective: nn.Module  # batch and sample to a loss, nats, summed over the targets; has `.model`
    draw: Callable[[Batch, int], Sample | None]  # the tokens that a step's softmax is taken over
    judge: Judges
    told: Callable[[float], dict[str, float]]  # the mean loss of a target in the run's own unit
    n_tokens: int  # different ones to learn from


# A model on its device, the directory of the training, and whoever listens, to a lesson.
Teach = Callable[["PreTrainedModel", Device, Path, Watch], Lesson]


def of_text(shards: ShardSet, tokenizer: Tokenizer, config: TrainConfig, recipe: Recipe) -> Teach:
    """Every token of documents from those before it."""

    def teach(model: "PreTrainedModel", device: Device, directory: Path, watch: Watch) -> Lesson:
        context: int = model.config.max_position_embeddings
        counts_V = shards.train.token_counts(model.config.vocab_size)
        tokens_per_char = _tokens_per_char(shards.train)
        # What is counted depends on the shards alone, and is kept beside them.
        counts = directory.with_name("shards")
        return Lesson(
            stream=Batches.of(shards.train, context, config),
            objective=Objective(model, device.is_compiled),
            draw=Sampler(counts_V, recipe.negatives, config.seed).draw,
            judge=Judge(shards, tokenizer, config, recipe, context, counts, watch),
            told=lambda nats: {"bits_per_char": nats / math.log(2) * tokens_per_char},
            n_tokens=shards.train.n_tokens,
        )

    return teach


def _tokens_per_char(part: Part) -> float:
    """Predicted tokens by characters and ends."""
    return (part.n_tokens - len(part)) / (part.n_chars + len(part))
