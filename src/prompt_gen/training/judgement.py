"""A run seen from outside while it goes on: numbers beside others, samples, warnings."""

import math
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from prompt_gen.config import TrainConfig
from prompt_gen.launch import is_first
from prompt_gen.run import Watch
from prompt_gen.shards import Part, ShardSet
from prompt_gen.training import distributed, heldout
from prompt_gen.training.advice import Look, Situation, warnings
from prompt_gen.training.heldout import HeldOut
from prompt_gen.training.likelihood import bits_per_character
from prompt_gen.training.recipe import Recipe
from prompt_gen.training.references import References, references
from prompt_gen.training.samples import Samples
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_N_SAMPLED = 4  # looks at which samples are written, of an ordinary run


class Judge:
    """What a run is looked at with: the same lines, references and beginnings at every look.

    Looking draws no random number and leaves the model as it was.
    """

    def __init__(
        self,
        shards: ShardSet,
        tokenizer: Tokenizer,
        config: TrainConfig,
        recipe: Recipe,
        context: int,
        directory: Path,
        watch: Watch,
    ) -> None:
        self._shards, self._config, self._recipe = shards, config, recipe
        self._context = context
        n, seed = config.validate_lines, config.seed
        self._validation = heldout.choose(shards.validation, tokenizer, n, seed)
        self._training = heldout.choose(shards.train, tokenizer, n, seed)
        documents = self._validation.documents
        counted = (
            references(shards, tokenizer, documents, directory, watch)
            if is_first()
            else References(*(math.nan for _ in fields(References)))
        )
        self.references = References(*map(distributed.of_first, astuple(counted)))
        self._samples = Samples(shards.validation, tokenizer, documents, context)

    def look(self, objective: nn.Module, step: int, share: float, epochs: float) -> Look:
        """Bits per character on validation lines and on as many training lines.

        `objective` is `loss.Objective`, wrapped or not; of several processes all have to ask.
        """
        return Look(
            step=step,
            share=share,
            epochs=epochs,
            training=self._bits(objective, self._shards.train, self._training),
            validation=self._bits(objective, self._shards.validation, self._validation),
        )

    def facts(self, model: "PreTrainedModel | None", looks: list[Look]) -> dict[str, Any]:
        """What is told of the newest look; samples at some only, and where there is a model."""
        facts: dict[str, Any] = {
            "validation_bits_per_char": looks[-1].validation,
            "training_bits_per_char": looks[-1].training,
            "references": asdict(self.references),
        }
        if model is not None and len(looks) % max(1, self._config.n_validations // _N_SAMPLED) == 0:
            facts["samples"] = self._samples.of(model)
        return facts

    def outcome(self, best: float) -> dict[str, Any]:
        """What is told in the end, with the fewest bits per character that were seen."""
        return {"references": asdict(self.references), "validation_bits_per_char": best}

    def said(self, best: float) -> str:
        """Bits per character in words."""
        return f"{best:.2f} bits per character"

    def warnings(self, looks: list[Look]) -> list[str]:
        """What the newest look is the first to warn of."""
        is_timed = self._config.steps is None
        return [
            *warnings(Situation(tuple(looks), self.references, self._recipe, is_timed)).values()
        ]

    def _bits(self, objective: nn.Module, part: Part, lines: HeldOut) -> float:
        return distributed.of_first(
            bits_per_character(objective, part, lines.documents, lines.n_chars, self._context)
        )
