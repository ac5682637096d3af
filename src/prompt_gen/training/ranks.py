"""The lesson of a ranking: whether an item was clicked, judged by where clicked ones come.

N judged pairs
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from prompt_gen.config import TrainConfig
from prompt_gen.run import Watch
from prompt_gen.tasks import Labelled, rank, spread
from prompt_gen.tasks.dialogue import spoken
from prompt_gen.training import labels
from prompt_gen.training.advice import Look
from prompt_gen.training.batches import IGNORE, Batch
from prompt_gen.training.devices import Device
from prompt_gen.training.examples import Example, Examples, batch_of
from prompt_gen.training.lesson import Lesson, Teach
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LOOKED_AT = 100  # queries of a part, at a look
_ROWS = 8  # read at a time for a look


class Objective(labels.Objective):
    """A stock model with a head of one number and its loss, in one module."""

    def forward(self, batch: Batch, sample: None) -> Tensor:
        """Logistic loss of clicks, nats, summed over pairs."""
        targets_N = batch.targets_BT[batch.targets_BT != IGNORE].float()
        return binary_cross_entropy_with_logits(
            self.logits(batch)[:, 0], targets_N, reduction="sum"
        )


def of_ranks(
    parts: tuple[Sequence[Labelled], Sequence[Labelled]], tokenizer: Tokenizer, config: TrainConfig
) -> Teach:
    """The clicks of pairs to learn from, judged by the ranks of clicked items of others."""

    def teach(model: "PreTrainedModel", device: Device, directory: Path, watch: Watch) -> Lesson:
        width: int = model.config.max_position_embeddings
        learned = examples(parts[0], tokenizer, width)
        return Lesson(
            stream=Examples(learned, width, config.seed, is_causal=True),
            objective=Objective(model, None, device.is_compiled).to(device.torch),
            draw=lambda batch, step: None,
            judge=Judge(parts, tokenizer, width),
            told=lambda nats: {"loss": nats},
            n_tokens=sum(len(example.tokens_T) for example in learned),
        )

    return teach


def examples(pairs: Sequence[Labelled], tokenizer: Tokenizer, width: int) -> list[Example]:
    """Pairs as examples that are judged at the end of the item."""
    found = []
    for pair in pairs:
        (piece,) = spoken(tokenizer, pair.pieces, width)
        targets_T = np.full(len(piece.tokens), IGNORE, np.int64)
        targets_T[-1] = pair.labels[0] == "1"
        found.append(Example(np.array(piece.tokens, np.int64), targets_T))
    return found


class Judge(labels.Judge):
    """How good the ranks of items are while they are learned. Looking changes nothing."""

    def __init__(
        self, parts: Sequence[Sequence[Labelled]], tokenizer: Tokenizer, width: int
    ) -> None:
        self._score, self._ranked = rank.SCORE, list[tuple[list[Labelled], list[Example]]]()
        for part in parts:
            rows = rank.by_query(part)
            chosen = [part[i] for at in spread(len(rows), _LOOKED_AT) for i in rows[at]]
            self._ranked.append((chosen, examples(chosen, tokenizer, width)))
        self._width = width

    def look(self, objective: nn.Module, step: int, share: float, epochs: float) -> Look:
        """One minus the mean reciprocal rank, of training and of validation queries."""
        missing = [1 - self._mrr(objective, *part) for part in self._ranked]
        return Look(step, share, epochs, training=missing[0], validation=missing[1])

    @torch.no_grad()
    def _mrr(self, objective: nn.Module, pairs: list[Labelled], chosen: list[Example]) -> float:
        inner: Objective = getattr(objective, "module", objective)  # type: ignore[assignment]
        device = next(inner.parameters()).device
        was_training = inner.training
        inner.eval()
        scores = list[float]()
        for start in range(0, len(chosen), _ROWS):
            rows = [[example] for example in chosen[start : start + _ROWS]]
            width = max(len(row[0].tokens_T) for row in rows)
            batch = batch_of(rows, width, is_causal=True).to(device)
            scores += inner.logits(batch)[:, 0].tolist()
        inner.train(was_training)
        mrr = rank.numbers(pairs, np.array(scores))[rank.SCORE]
        return float(mrr(np.ones((1, len(rank.by_query(pairs)))))[0])
