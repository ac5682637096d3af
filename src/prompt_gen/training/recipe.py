"""How a run learns where nothing is said: one table by device, changed by how often text is seen.

What is behind the numbers for CPUs is in docs/log.md, "The recipe".
"""

from dataclasses import dataclass, fields, replace
from typing import Any

from prompt_gen.config import TrainConfig


@dataclass(frozen=True)
class Recipe:
    """Every choice of a run; the fields are those of `TrainConfig`, with none of them left open."""

    batch_tokens: int
    batch_growth: float
    matrix_lr: float
    other_lr: float
    momentum: float
    weight_decay: float
    dropout: float
    warmup_steps: int
    decay: float
    floor: float
    average: float
    negatives: int
    full_softmax: float
    max_epochs: float


_CPU = Recipe(
    batch_tokens=1024,
    batch_growth=1.0,
    matrix_lr=0.02,
    other_lr=0.006,
    momentum=0.95,
    weight_decay=0.0,
    dropout=0.0,
    warmup_steps=8,
    decay=0.5,
    floor=0.05,
    average=0.0,
    negatives=1024,
    full_softmax=0.25,
    max_epochs=6.0,
)
_GPU = replace(  # not measured yet
    _CPU, batch_tokens=32_768, batch_growth=2.0, warmup_steps=100, negatives=0, max_epochs=12.0
)
RECIPES = {"cpu": _CPU, "cuda": _GPU, "mps": replace(_GPU, batch_tokens=8192)}

# What changes from so many epochs on, where the same text begins to be learned by heart.
_FROM_EPOCHS: tuple[tuple[float, dict[str, Any]], ...] = (
    (12.0, {"dropout": 0.1, "weight_decay": 0.1}),
)

# What changes where the weights are not fresh: large steps would undo what they have learned.
_FROM_PRETRAINED: dict[str, Any] = {"matrix_lr": 0.005, "other_lr": 0.001}

# What changes where labels are learned: few examples, seen many times, by a head that is fresh.
# The rates are those of a network of width 128; wider ones change by as much less.
_FOR_LABELS: dict[str, Any] = {
    "batch_tokens": 512,
    "matrix_lr": 0.02,
    "other_lr": 0.01,
    "negatives": 0,
    "full_softmax": 1.0,
    "max_epochs": 20.0,
    "dropout": 0.1,
    "warmup_steps": 30,
}
_NARROW = 128


def choose(
    config: TrainConfig,
    device: str,
    epochs: float,
    *,
    continued: bool = False,
) -> Recipe:
    """The recipe for a device and a run of so many epochs, with what the settings say instead.

    `continued`: the run begins with weights that are not fresh.
    """
    changes = dict(_FROM_PRETRAINED) if continued else {}
    for least, change in _FROM_EPOCHS:
        if epochs >= least:
            changes |= change
    return replace(RECIPES[device], **changes | _given(config))


def unforeseen(config: TrainConfig, device: str, *, continued: bool) -> Recipe:
    """The recipe of a run whose length nobody has foreseen: that of few epochs."""
    return choose(config, device, 0.0, continued=continued)


def for_labels(config: TrainConfig, device: str, width: int) -> Recipe:
    """The recipe for labels and a network of a width, with what the settings say instead."""
    share = min(1.0, _NARROW / width)
    rates = {name: share * _FOR_LABELS[name] for name in ("matrix_lr", "other_lr")}
    return replace(RECIPES[device], **_FOR_LABELS | rates | _given(config))


def _given(config: TrainConfig) -> dict[str, Any]:
    given = {field.name: getattr(config, field.name) for field in fields(Recipe)}
    return {name: value for name, value in given.items() if value is not None}
