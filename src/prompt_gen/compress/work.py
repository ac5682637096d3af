"""What a method of compression gets, and what it gives."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prompt_gen.compress.source import Source
from prompt_gen.config import CompressConfig, ModelConfig, TrainConfig
from prompt_gen.run import Run, Watch, silent
from prompt_gen.shards import ShardSet
from prompt_gen.vocab import Tokenizer


@dataclass(frozen=True)
class Work:
    """What is to be made, and of what. The text of the source, if any, lies in the run already."""

    source: Source
    run: Run  # of what is made
    how: CompressConfig
    model: ModelConfig
    train: TrainConfig
    watch: Watch = silent
    resume: bool = False
    force: bool = False


@dataclass(frozen=True)
class Made:
    """A stock directory (config.json, model.safetensors), and what belongs to it."""

    directory: Path
    tokenizer: Tokenizer
    shards: ShardSet | None = None  # of a network that learned; none: it is the source's own
    facts: dict[str, Any] = field(default_factory=dict)  # of the bundle, where they change
