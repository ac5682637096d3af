"""The lesson of a task that labels texts: its loss, and how good its labels are by now.

N judged places, K labels, D width
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from prompt_gen.config import TrainConfig
from prompt_gen.run import Watch
from prompt_gen.tasks import Labelled, Read, read_text, spread
from prompt_gen.tasks.counting import Number
from prompt_gen.training.advice import Look
from prompt_gen.training.batches import IGNORE, Batch
from prompt_gen.training.devices import Device
from prompt_gen.training.examples import Example, Examples, batch_of, packed
from prompt_gen.training.lesson import Lesson, Teach
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LOOKED_AT = 1000  # texts of a part, at a look
_ROWS = 8  # read at a time for a look
_OF_LOSS = 1e-6  # a nat counts so much beside the score: of looks with equal scores the surest wins
Measure = Callable[[Sequence[Labelled], Sequence[Sequence[str]]], dict[str, Number]]


class Objective(nn.Module):
    """A stock model with a head of labels and its loss, in one module."""

    def __init__(
        self, model: "PreTrainedModel", weights_K: Tensor | None, is_compiled: bool
    ) -> None:
        super().__init__()
        from prompt_gen.model.headed import head_of

        self.model = model
        self.head = head_of(model)
        self.register_buffer("weights_K", weights_K, persistent=False)
        self._compiled = torch.compile(model.base_model.forward) if is_compiled else None

    def logits(self, batch: Batch) -> Tensor:
        """Of all judged places, row by row [N, K]."""
        body = self._compiled if self._compiled and self.training else self.model.base_model
        hidden_BTD = body(
            input_ids=batch.tokens_BT,
            attention_mask=batch.mask_B1TT,
            position_ids=batch.positions_BT,
            use_cache=False,
        ).last_hidden_state
        return self.head(hidden_BTD[batch.targets_BT != IGNORE]).float()

    def forward(self, batch: Batch, sample: None) -> Tensor:
        """Cross-entropy, nats, summed over the judged places, each by the weight of its label."""
        targets_N = batch.targets_BT[batch.targets_BT != IGNORE]
        weights_K: Any = self.weights_K
        return cross_entropy(self.logits(batch), targets_N, weights_K, reduction="sum")


def of_labels(
    parts: tuple[Sequence[Labelled], Sequence[Labelled]],
    labels: Sequence[str],
    measure: Measure,
    score: str,
    tokenizer: Tokenizer,
    config: TrainConfig,
    how: Read,
    is_balanced: bool,
) -> Teach:
    """The labels of texts to learn from, judged by `score` of `measure` on others."""

    def teach(model: "PreTrainedModel", device: Device, directory: Path, watch: Watch) -> Lesson:
        width: int = model.config.max_position_embeddings
        texts = [_examples(part, labels, tokenizer, width, how) for part in parts]
        learned = [example for group in texts[0] for example in group]
        weights_K = _balanced(learned, len(labels)) if is_balanced else None
        objective = Objective(model, weights_K, device.is_compiled).to(device.torch)
        judged = [_Judged.of(part, groups) for part, groups in zip(parts, texts, strict=True)]
        return Lesson(
            stream=Examples(learned, width, config.seed, how != "around"),
            objective=objective,
            draw=lambda batch, step: None,
            judge=Judge(judged[0], judged[1], labels, measure, score, width, how),
            told=lambda nats: {"loss": nats},
            n_tokens=sum(len(example.tokens_T) for example in learned),
        )

    return teach


def _examples(
    part: Sequence[Labelled], labels: Sequence[str], tokenizer: Tokenizer, width: int, how: Read
) -> list[list[Example]]:
    """The examples of each text, most often one; a label that is not known is not learned."""
    at = {label: i for i, label in enumerate(labels)}
    found = []
    for each in part:
        numbers = iter([at.get(label, 0) for label in each.labels])
        group = []
        for reading in read_text(tokenizer, each.pieces, width, how):
            targets_T = np.full(len(reading.tokens), IGNORE, np.int64)
            targets_T[reading.places] = [next(numbers) for _ in reading.places]
            group.append(Example(np.array(reading.tokens, np.int64), targets_T))
        found.append(group)
    return found


def _balanced(examples: Sequence[Example], n_labels: int) -> Tensor:
    """Weights of labels by which all labels count alike, one in the mean over the examples.

    Source: King and Zeng 2001, "Logistic Regression in Rare Events Data"; as scikit-learn's.
    """
    targets = np.concatenate([e.targets_T[e.targets_T != IGNORE] for e in examples])
    counts_K = np.bincount(targets, minlength=n_labels)
    weights_K = len(targets) / (n_labels * np.maximum(counts_K, 1))
    return torch.from_numpy(weights_K.astype(np.float32))


@dataclass(frozen=True)
class _Judged:
    """Texts that are looked at, and the examples of each."""

    texts: list[Labelled]
    groups: list[list[Example]]

    @classmethod
    def of(cls, texts: Sequence[Labelled], groups: Sequence[list[Example]]) -> "_Judged":
        """Some of them, evenly from first to last: files are often sorted by label."""
        chosen = spread(len(texts), _LOOKED_AT)
        return cls([texts[i] for i in chosen], [groups[i] for i in chosen])


class Judge:
    """How good the labels of texts are while they are learned. Looking changes nothing."""

    def __init__(
        self,
        training: _Judged,
        validation: _Judged,
        labels: Sequence[str],
        measure: Measure,
        score: str,
        width: int,
        how: Read,
    ) -> None:
        self._parts = training, validation
        self._labels, self._measure, self._score = labels, measure, score
        self._width, self._is_causal = width, how != "around"

    def look(self, objective: nn.Module, step: int, share: float, epochs: float) -> Look:
        """One minus the score, of training and of validation texts; and a little of the loss."""
        inner: Any = getattr(objective, "module", objective)  # as DDP wraps it
        missing = [self._missing(inner, part) for part in self._parts]
        return Look(step, share, epochs, training=missing[0], validation=missing[1])

    def facts(self, model: "PreTrainedModel | None", looks: list[Look]) -> dict[str, Any]:
        """The score of the newest look."""
        return {
            "score": self._score,
            "validation_score": 1 - looks[-1].validation,
            "training_score": 1 - looks[-1].training,
        }

    def warnings(self, looks: list[Look]) -> list[str]:
        """Nothing: a score alone says little of what to change."""
        return []

    def outcome(self, best: float) -> dict[str, Any]:
        """The best score."""
        return {"score": self._score, "validation_score": 1 - best}

    def said(self, best: float) -> str:
        """The best score in words."""
        return f"{self._score} {1 - best:.3f}"

    @torch.no_grad()
    def _missing(self, objective: Objective, part: _Judged) -> float:
        was_training = objective.training
        objective.eval()
        found, nats = self._found(objective, part)
        objective.train(was_training)
        number = self._measure(part.texts, found)[self._score]
        score = float(number(np.ones((1, len(part.texts))))[0])
        return 1 - score + _OF_LOSS * nats

    def _found(self, objective: Objective, part: _Judged) -> tuple[list[Sequence[str]], float]:
        """The labels that the model gives now, for each text; and the mean loss, nats."""
        flat = [example for group in part.groups for example in group]
        rows = packed([len(e.tokens_T) for e in flat], range(len(flat)), self._width)
        device = next(objective.parameters()).device
        said: dict[int, list[str]] = {}
        nats, n_judged = 0.0, 0
        for start in range(0, len(rows), _ROWS):
            here = rows[start : start + _ROWS]
            examples = [[flat[i] for i in row] for row in here]
            batch = batch_of(examples, self._width, self._is_causal).to(device)
            logits_NK = objective.logits(batch)
            targets_N = batch.targets_BT[batch.targets_BT != IGNORE]
            nats += cross_entropy(logits_NK, targets_N, reduction="sum").item()
            n_judged += len(targets_N)
            best_N: Iterator[int] = iter(logits_NK.argmax(1).tolist())
            for number in (number for row in here for number in row):
                n_places = int((flat[number].targets_T != IGNORE).sum())
                said[number] = [self._labels[next(best_N)] for _ in range(n_places)]
        found, number = list[Sequence[str]](), 0
        for group in part.groups:
            found.append([label for i in range(number, number + len(group)) for label in said[i]])
            number += len(group)
        return found, nats / max(1, n_judged)
