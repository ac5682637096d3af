"""What a run will be like, told before it; a run that cannot work is refused here."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen.config import TrainConfig
from prompt_gen.errors import CorpusTooSmall, SettingError
from prompt_gen.launch import is_first
from prompt_gen.run import Event, Watch, write_atomic
from prompt_gen.shards import ShardSet
from prompt_gen.training import memory, pace
from prompt_gen.training import recipe as recipes
from prompt_gen.training.batches import Batches
from prompt_gen.training.devices import choose_device
from prompt_gen.training.expected import Expected, expected_bits
from prompt_gen.training.pace import Pace
from prompt_gen.training.plan import LOOKING, MIN_STEPS, Plan
from prompt_gen.training.recipe import Recipe
from prompt_gen.training.references import References
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

MIN_TOKENS = 1000
FILE = "forecast.json"
_FEW_EPOCHS = 1.0  # fewer leave text unread
_STATES = 4  # numbers held for a weight at least: itself, its gradient, two means of gradients
_FINE = 100  # parts of a run that its batch is looked at in


@dataclass(frozen=True)
class Length:
    """How long a run is."""

    n_steps: int
    n_tokens: float  # learned from, repetitions included
    loop_s: float  # seconds, with looks at the validation lines and checkpoints


@dataclass(frozen=True)
class Forecast:
    """What a run will be like, and the recipe that was chosen for it."""

    device: str
    shape: str  # layers x width
    parameters: int
    start: str  # what the weights begin as
    train_tokens: int  # different ones, as the text has them
    steps: int
    epochs: float
    tokens: int  # learned from, repetitions included
    tokens_per_s: float  # of the training loop, with validations and checkpoints
    seconds: float  # of the training loop
    ends_at: str  # local time, ISO 8601
    memory_mb: float  # the most in use
    free_mb: float  # what more could be taken, before
    bits_per_char: Expected  # on the validation lines
    references: References  # what counting reaches there
    warnings: tuple[str, ...]
    recipe: Recipe

    def as_json(self) -> dict[str, Any]:
        """Fields by name; without end is null."""
        record = asdict(self)
        return record | {"free_mb": self.free_mb if math.isfinite(self.free_mb) else None}

    def keep(self, directory: Path, print_: str) -> None:
        """Write it down for the runs that will be resumed; the first process does."""
        if not is_first():
            return
        directory.mkdir(parents=True, exist_ok=True)
        record = {"fingerprint": print_, **self.as_json()}
        write_atomic(directory / FILE, json.dumps(record, indent=1) + "\n")


def kept(directory: Path, print_: str) -> Forecast | None:
    """The forecast that a run began with; none: there is no whole one of these settings."""
    try:
        record = json.loads((directory / FILE).read_text("utf-8"))
        if record.pop("fingerprint") != print_:
            return None
        kinds = {"bits_per_char": Expected, "references": References, "recipe": Recipe}
        record |= {name: kind(**record[name]) for name, kind in kinds.items()}
        record["free_mb"] = math.inf if record["free_mb"] is None else record["free_mb"]
        record["warnings"] = tuple(record["warnings"])
        return Forecast(**record)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def foresee(
    model: "PreTrainedModel",
    shards: ShardSet,
    tokenizer: Tokenizer,
    config: TrainConfig,
    directory: Path,
    watch: Watch,
    start: str = "random",
) -> Forecast:
    """Time a few steps of a copy of the model, and say what a run of these settings will be like.

    `start` is what its weights begin as; of pretrained ones what is expected is an upper bound.

    Raises:
        CorpusTooSmall: fewer tokens than can be learned from.
        SettingError: memory will not do, or the time is too short to warm up.
    """
    _refuse_little_text(shards)
    device = choose_device(config)
    free_mb = memory.free_mb(device)
    _refuse_memory(_least_mb(model), free_mb)
    continued = start == "pretrained"
    recipe = recipes.choose(config, device, epochs=0.0, continued=continued)
    measured, counted = pace.measure(model, shards, tokenizer, config, recipe, directory, watch)
    context: int = model.config.max_position_embeddings
    n_epoch_tokens = Batches.of(shards.train, context, config).n_epoch_tokens
    plan = Plan.of(config, recipe, context, n_epoch_tokens)
    length = _length(plan, measured, config, context)
    _refuse_short(plan, length.n_steps, config)
    epochs = length.n_tokens / n_epoch_tokens
    recipe = recipes.choose(config, device, epochs, continued=continued)
    end = datetime.now().astimezone() + timedelta(seconds=length.loop_s)
    made = Forecast(
        device=device,
        shape=f"{model.config.num_hidden_layers} x {model.config.hidden_size}",
        parameters=sum(p.numel() for p in model.parameters()),
        start=start,
        train_tokens=shards.train.n_tokens,
        steps=length.n_steps,
        epochs=round(epochs, 2),
        tokens=round(length.n_tokens),
        tokens_per_s=round(length.n_tokens / length.loop_s, 1),
        seconds=round(length.loop_s, 1),
        ends_at=end.isoformat("T", "seconds"),
        memory_mb=round(measured.memory_mb, 1),
        free_mb=round(free_mb, 1),
        bits_per_char=expected_bits(
            counted, min(length.n_tokens, plan.max_tokens), shards.train.n_tokens, start
        ),
        references=counted,
        warnings=tuple(_warnings(epochs, length.loop_s, config, recipe)),
        recipe=recipe,
    )
    watch(Event("training", "forecast", facts=made.as_json()))
    return made


def _length(plan: Plan, measured: Pace, config: TrainConfig, context: int) -> Length:
    """How long a run is."""
    if plan.n_steps is None:
        budget_s, max_tokens = plan.budget_s, plan.max_tokens
    else:
        budget_s, max_tokens = math.inf, plan.n_steps * _step_tokens(plan, context)
    _, alone_s = measured.length(budget_s, max_tokens)
    besides_s = _besides(alone_s, measured, config)
    n_tokens, steps_s = measured.length(max(0.0, budget_s - besides_s), max_tokens)
    n_steps = plan.n_steps or max(MIN_STEPS, round(n_tokens / _step_tokens(plan, context)))
    return Length(n_steps, n_tokens, steps_s + besides_s)


def _besides(seconds: float, measured: Pace, config: TrainConfig) -> float:
    """Seconds for looks at the validation lines and for checkpoints in a loop of some seconds."""
    n_checkpoints = int(seconds / config.checkpoint_seconds)
    looks_s = (config.n_validations - 1) * measured.validation_s  # the last is behind the loop
    if config.steps is None:
        looks_s = min(looks_s, max(LOOKING * seconds, measured.validation_s))
    return looks_s + n_checkpoints * measured.checkpoint_s


def _step_tokens(plan: Plan, context: int) -> float:
    """Tokens of a step on average: batches may grow."""
    return sum(plan.rows(part / _FINE) for part in range(_FINE)) / _FINE * context


def _warnings(epochs: float, seconds: float, config: TrainConfig, recipe: Recipe) -> list[str]:
    """What is allowed and may still not be what is wanted."""
    if config.steps and epochs > recipe.max_epochs:
        return [
            f"the text will be seen {epochs:.1f} times; after {recipe.max_epochs:g} times it is "
            "rather learned by heart (fewer --steps, or more text)"
        ]
    if not config.steps and seconds < 0.9 * config.minutes * 60:
        return [
            f"the run will end after {seconds / 60:.1f} of {config.minutes:g} minutes, when the "
            f"text has been seen {recipe.max_epochs:g} times (more text, or train.max_epochs)"
        ]
    if epochs < _FEW_EPOCHS:
        return [
            f"only {epochs:.0%} of the text will be seen (more --minutes or --steps, "
            "or a smaller model.width)"
        ]
    return []


# -- refusals ------------------------------------------------------------------------------------


def _refuse_little_text(shards: ShardSet) -> None:
    if shards.train.n_tokens < MIN_TOKENS or len(shards.validation) == 0:
        raise CorpusTooSmall(
            f"{len(shards.train)} documents with {shards.train.n_tokens} tokens are too few "
            "to train on",
            f"At least {MIN_TOKENS} tokens are needed (about {2 * MIN_TOKENS} characters, "
            "in ten lines or more); a useful completer wants a thousand lines",
        )


def _least_mb(model: "PreTrainedModel") -> float:
    """What training holds in any case, beside the model that is there already, MB."""
    return _STATES * sum(p.numel() * p.element_size() for p in model.parameters()) / memory.MB


def _refuse_memory(needed_mb: float, free_mb: float) -> None:
    if needed_mb > free_mb:
        raise SettingError(
            f"training this model takes {needed_mb:,.0f} MB at least, and {free_mb:,.0f} MB of "
            "memory are free",
            "Set a smaller model.width, model.layers or vocab.size, or free some memory",
        )


def _refuse_short(plan: Plan, n_steps: int, config: TrainConfig) -> None:
    if plan.n_steps is None and n_steps <= plan.warmup_steps:
        minutes = config.minutes * 2 * plan.warmup_steps / n_steps
        raise SettingError(
            f"{config.minutes:g} minutes are about {n_steps} steps here, and the learning rate "
            f"rises over the first {plan.warmup_steps}",
            f"Give at least --minutes {max(0.1, math.ceil(minutes * 10) / 10):g}, or set a lower "
            "train.warmup_steps or a smaller model.width",
        )
