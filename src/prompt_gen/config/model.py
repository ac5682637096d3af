"""The shape of a network."""

from typing import Literal

from pydantic import Field

from prompt_gen.config.section import AbsolutePathOrNone, Section


class ModelConfig(Section):
    """Shape of the network; a None is chosen from the corpus and the budget."""

    pretrained: AbsolutePathOrNone = Field(
        default=None,
        description="stock directory or run whose weights, shape and vocabulary are the start",
    )
    architecture: str = Field(default="qwen3", description="row of the table: qwen3, llama, gpt2")
    positions: Literal["auto", "learned", "sinusoidal", "rotary"] = Field(
        default="auto",
        description="how a token's place is told; gpt2: learned or sinusoidal (frozen), llama and "
        "qwen3: rotary; auto: the first of them",
    )
    start: Literal["auto", "bigrams", "previous", "random"] = Field(
        default="auto",
        description="what fresh weights begin as (llama, qwen3); bigrams: what follows what in the "
        "text, counted in a moment; previous: heads that look at the tokens before; auto: previous "
        "for a vocabulary of characters, else bigrams, where the text is fifty times as long as it",
    )
    layers: int | None = Field(default=None, ge=1, le=64, description="transformer blocks")
    width: int | None = Field(
        default=None, ge=64, le=4096, multiple_of=64, description="hidden size"
    )
    head_width: Literal[32, 64] = Field(
        default=64,
        description="of a head of attention; with 32 there are twice as many, which is better for "
        "a vocabulary of characters",
    )
    context: int = Field(
        default=256, ge=64, le=8192, description="tokens a row of training and the model can hold"
    )
