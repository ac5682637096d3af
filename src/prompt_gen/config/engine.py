"""A prefix to candidates."""

from typing import Annotated, Literal

from pydantic import Field

from prompt_gen.config.section import Section


class EngineConfig(Section):
    """A prefix to candidates."""

    n: int = Field(default=5, ge=1, le=20, description="candidates")
    max_chars: int = Field(default=24, ge=1, le=200, description="longest continuation, characters")
    deadline_ms: float = Field(
        default=500.0, gt=0, description="answer with what is there by then, ms"
    )
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(), max_length=16, description="texts before which a continuation ends"
    )
    min_confidence: float = Field(
        default=0.0, ge=0, le=1, description="probability below which nothing is shown"
    )
    mode: Literal["tree", "sample", "beam", "diverse"] = Field(
        default="tree", description="how continuations are found: see `prompt-gen list`"
    )
    places: int = Field(
        default=16,
        ge=1,
        le=4096,
        description="places of the tree that are looked into for a key, at most",
    )
    worth: float = Field(
        default=0.5, ge=0, description="keystrokes that a place must promise to be looked into"
    )
    floor: float = Field(
        default=0.003, ge=0, lt=1, description="probability of places that are not even noted"
    )
    batch: int = Field(
        default=16, ge=1, le=256, description="places of the tree that one pass of the model reads"
    )
    diversity: float = Field(
        default=0.7,
        ge=0,
        description="mode diverse: nats that a row loses for each that has said the same token",
    )
    temperature: float = Field(
        default=1.0, ge=0, le=10, description="mode sample: 0 draws the most probable alone"
    )
    top_k: int = Field(
        default=0, ge=0, description="mode sample: tokens that are drawn from; 0: all"
    )
    top_p: float = Field(
        default=1.0, gt=0, le=1, description="mode sample: share of probability that is drawn from"
    )
    repetition_penalty: float = Field(
        default=1.0,
        ge=1,
        le=10,
        description="mode sample: factor on the log-probability of tokens said before",
    )
    seed: int | None = Field(
        default=None, ge=0, description="mode sample: of all draws; none: another one each time"
    )
    sessions: int = Field(
        default=256, ge=1, description="text fields that are remembered from key to key, at most"
    )
    session_mb: float = Field(
        default=128.0, gt=0, description="room for what was read for all of them, MiB"
    )
    session_minutes: float = Field(
        default=10.0, gt=0, description="after so long without a key a text field is forgotten"
    )
    threads: int = Field(
        default=1, ge=0, le=64, description="threads of the graph; 0: one per core, at most 2"
    )
    experts: Literal["both", "network", "memory"] = Field(
        default="both", description="what is asked: the network, the memory of the text, or both"
    )
    verbatim: Literal["any", "never", "only"] = Field(
        default="any",
        description="continuations that stand in the training text word for word: any may be "
        "shown, none is, or no other is",
    )
    min_lines: int = Field(
        default=1,
        ge=1,
        description="lines of the training text that hold a continuation word for word, if any "
        "does, for it to be shown",
    )
    free_chars: int = Field(
        default=8,
        ge=0,
        description="continuations of so many characters may be shown however rare they are",
    )
