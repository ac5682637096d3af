"""The lesson of a dialogue: answers from what was asked, whose own tokens cost nothing."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from prompt_gen.config import TrainConfig
from prompt_gen.run import Event, Watch
from prompt_gen.tasks import Labelled, spread
from prompt_gen.tasks.dialogue import spoken
from prompt_gen.training.advice import Look
from prompt_gen.training.batches import IGNORE
from prompt_gen.training.devices import Device
from prompt_gen.training.examples import Example, Examples, batch_of, packed
from prompt_gen.training.lesson import Lesson, Teach
from prompt_gen.training.loss import Objective, Sampler
from prompt_gen.training.recipe import Recipe
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_LOOKED_AT = 300  # conversations of a part, at a look
_ROWS = 8  # read at a time for a look


def of_answers(
    parts: tuple[Sequence[Labelled], Sequence[Labelled]],
    tokenizer: Tokenizer,
    config: TrainConfig,
    recipe: Recipe,
) -> Teach:
    """The answers of conversations to learn from, judged by their likelihood in others."""

    def teach(model: "PreTrainedModel", device: Device, directory: Path, watch: Watch) -> Lesson:
        width: int = model.config.max_position_embeddings
        learned, n_cut = examples(parts[0], tokenizer, width)
        if n_cut:
            warning = f"{n_cut:,} tokens of pairs that are longer than the context are left out"
            watch(Event("training", "note", facts={"warning": warning}))
        looked_at = [
            examples([part[i] for i in spread(len(part), _LOOKED_AT)], tokenizer, width)[0]
            for part in parts
        ]
        targets = np.concatenate([_answers(example) for example in learned])
        counts_V = np.bincount(targets, minlength=model.config.vocab_size)
        tokens_per_char = len(targets) / _n_chars(learned, tokenizer)
        return Lesson(
            stream=Examples(learned, width, config.seed, is_causal=True),
            objective=Objective(model, device.is_compiled),
            draw=Sampler(counts_V, recipe.negatives, config.seed).draw,
            judge=Judge(looked_at, tokenizer, width),
            told=lambda nats: {"bits_per_char": nats / math.log(2) * tokens_per_char},
            n_tokens=sum(len(example.tokens_T) for example in learned),
        )

    return teach


def examples(
    part: Sequence[Labelled], tokenizer: Tokenizer, width: int
) -> tuple[list[Example], int]:
    """Conversations as examples whose targets are answers; how many tokens had no room."""
    found, n_cut = list[Example](), 0
    for each in part:
        for piece in spoken(tokenizer, each.pieces, width + 1):
            tokens_T = np.array(piece.tokens, np.int64)
            targets_T = np.where(piece.answers[1:], tokens_T[1:], IGNORE)
            found.append(Example(tokens_T[:-1], targets_T))
            n_cut += piece.n_cut
    return found, n_cut


def _answers(example: Example) -> np.ndarray:
    """The tokens of an example that are to be told."""
    return example.targets_T[example.targets_T != IGNORE]


def _n_chars(learned: Sequence[Example], tokenizer: Tokenizer) -> int:
    """Characters of answers, and their ends."""
    answers = [_answers(example).tolist() for example in learned]
    n_ends = sum(answer.count(tokenizer.eos_id) for answer in answers)
    return n_ends + sum(len(tokenizer.decode(answer)) for answer in answers)


class Judge:
    """How likely answers are while they are learned. Looking changes nothing."""

    def __init__(self, parts: Sequence[list[Example]], tokenizer: Tokenizer, width: int) -> None:
        self._parts = [(part, _n_chars(part, tokenizer)) for part in parts]
        self._width = width

    def look(self, objective: nn.Module, step: int, share: float, epochs: float) -> Look:
        """Bits per character of the answers of training and of validation conversations."""
        bits = [self._bits(objective, *part) for part in self._parts]
        return Look(step, share, epochs, training=bits[0], validation=bits[1])

    def facts(self, model: "PreTrainedModel | None", looks: list[Look]) -> dict[str, Any]:
        """The numbers of the newest look."""
        return {
            "validation_bits_per_char": looks[-1].validation,
            "training_bits_per_char": looks[-1].training,
            "references": {},
        }

    def warnings(self, looks: list[Look]) -> list[str]:
        """Nothing: nothing is known to compare answers with."""
        return []

    def outcome(self, best: float) -> dict[str, Any]:
        """The fewest bits per character of answers."""
        return {"references": {}, "validation_bits_per_char": best}

    def said(self, best: float) -> str:
        """The same in words."""
        return f"{best:.2f} bits per character of answers"

    @torch.no_grad()
    def _bits(self, objective: nn.Module, part: list[Example], n_chars: int) -> float:
        device = next(objective.parameters()).device
        was_training = objective.training
        objective.eval()
        rows = packed([len(e.tokens_T) for e in part], range(len(part)), self._width)
        nats = 0.0
        for start in range(0, len(rows), _ROWS):
            chosen = [[part[i] for i in row] for row in rows[start : start + _ROWS]]
            batch = batch_of(chosen, self._width, is_causal=True).to(device)
            nats += objective(batch, None).item()
        objective.train(was_training)
        return nats / math.log(2) / n_chars
