"""What a bundle is turned into: exports, smaller bundles."""

from typing import Literal

from pydantic import Field

from prompt_gen.config.section import AbsolutePath, AbsolutePathOrNone, Section

Weights = Literal["int8", "int4", "dynamic", "float32"]  # rows of graph.weights.KINDS


class ExportConfig(Section):
    """Weights to a graph."""

    weights: Weights = Field(
        default="int8",
        description="numbers that the graph multiplies with; float32: those of the stock model",
    )


class CompressConfig(Section):
    """A bundle to a smaller or quicker one (`prompt-gen compress`)."""

    base: AbsolutePathOrNone = Field(default=None, description="run or bundle that is made smaller")
    method: str = Field(
        default="quantize",
        description="row of the table of methods; auto: the cheapest that meets the target",
    )
    target_mb: float | None = Field(
        default=None, gt=0, description="auto: size of the model's files at most, 10^6 bytes"
    )
    target_ms: float | None = Field(
        default=None, gt=0, description="auto: median time of a key here at most, ms"
    )
    weights: Weights = Field(
        default="int8", description="numbers that the graph of the result multiplies with"
    )
    stock: bool = Field(
        default=False,
        description="whether the result holds model.safetensors too, which stock transformers, "
        "exports and finetune open; without it the graph holds all, embeddings in 8 bits",
    )
    teachers: tuple[AbsolutePath, ...] = Field(
        default=(),
        description="distil: further runs or bundles of the same vocabulary; what counts is the "
        "mean of what they and the base say",
    )
    share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="distil, prune: share of the loss that the teachers have; of what is pruned "
        "the base is the teacher",
    )
    temperature: float = Field(
        default=1.0,
        gt=0,
        le=100,
        description="distil, prune: what logits of teachers and student are divided by",
    )
    heads: float = Field(
        default=0.0, ge=0, lt=1, description="prune: share of each block's heads that is removed"
    )
    channels: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="prune: share of each feed-forward layer's channels that is removed",
    )
    zeros: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="prune: share of each matrix that is put to zero; no quicker, and smaller in "
        "archives only",
    )
    vocab_size: int | None = Field(
        default=None, ge=1, description="vocab: entries that stay; the others fall apart into them"
    )
    recover: bool = Field(
        default=True, description="prune, vocab: whether the network learns on behind the cut"
    )
