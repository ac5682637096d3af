"""Shards to weights."""

from typing import Literal

from pydantic import Field

from prompt_gen.config.section import Section


class TrainConfig(Section):
    """Shards to weights."""

    minutes: float = Field(default=5.0, gt=0, description="wall time of the training loop, minutes")
    steps: int | None = Field(default=None, ge=1, description="updates; given, it replaces minutes")
    max_epochs: float | None = Field(
        default=None,
        gt=0,
        description="passes over the text at most, where no steps are given; this and what follows "
        "is chosen by the device and the corpus where it is not given (training/recipe.py)",
    )
    batch_tokens: int | None = Field(
        default=None,
        ge=64,
        description="tokens in a batch, rounded up to whole rows of the context",
    )
    batch_growth: float | None = Field(
        default=None, ge=1, le=64, description="how many times larger the batch is at the end"
    )
    matrix_lr: float | None = Field(
        default=None, gt=0, description="peak learning rate of Muon (hidden matrices)"
    )
    other_lr: float | None = Field(
        default=None, gt=0, description="peak learning rate of AdamW (all the rest)"
    )
    momentum: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="share of the mean of gradients that Muon keeps from step to step; 0.9 is "
        "better for runs of some hundred steps",
    )
    weight_decay: float | None = Field(
        default=None, ge=0, description="decoupled decay of the hidden matrices"
    )
    dropout: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="share of embeddings and of blocks' outputs that is dropped while training",
    )
    warmup_steps: int | None = Field(
        default=None, ge=0, description="steps from zero to the peak at most"
    )
    decay: float | None = Field(
        default=None, ge=0, le=1, description="last share of the run, falling linearly"
    )
    floor: float | None = Field(
        default=None, ge=0, le=1, description="learning rate at the end, share of peak"
    )
    average: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="last share of the run whose mean weights are tried; 0: the last ones alone",
    )
    negatives: int | None = Field(
        default=None,
        ge=0,
        description="random tokens of the sampled softmax; 0: the full one throughout",
    )
    full_softmax: float | None = Field(
        default=None, ge=0, le=1, description="last share of the run that uses the full softmax"
    )
    repeats: Literal["once", "sqrt"] = Field(
        default="sqrt",
        description="how often an epoch shows a line that occurs n times: once, or sqrt(n) times; "
        "a group of near-duplicates counts as one",
    )
    seed: int = Field(
        default=0, ge=0, description="of weights, order of lines and all else that is random"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="where to train"
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="threads of a process on a CPU; 0: chosen by the cores that are free",
    )
    compile: Literal["auto"] | bool = Field(
        default="auto", description="whether the model is compiled; auto: on a CUDA device"
    )
    micro_rows: int = Field(
        default=0,
        ge=0,
        description="rows of a batch in memory at a time; 0: all, and fewer when memory is short",
    )
    sharding: Literal["ddp", "fsdp"] = Field(
        default="ddp",
        description="with several processes: each holds all weights (ddp) or a piece of them",
    )
    validate_lines: int = Field(
        default=200,
        ge=1,
        description="validation lines that are looked at",
    )
    n_validations: int = Field(
        default=12, ge=1, description="looks at the validation lines in a run"
    )
    checkpoint_seconds: float = Field(
        default=30.0, gt=0, description="longest time between checkpoints"
    )
    keep_checkpoints: int = Field(
        default=2, ge=1, description="newest checkpoints kept beside the best"
    )
    trackers: tuple[str, ...] = Field(
        default=("tensorboard",),
        description="who is told the numbers beside training/metrics.jsonl: "
        "tensorboard, wandb, mlflow, trackio",
    )
