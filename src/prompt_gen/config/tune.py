"""What is learned besides, from another text or from labels."""

from typing import Literal

from pydantic import Field

from prompt_gen.config.section import AbsolutePath, AbsolutePathOrNone, Section


class TuneConfig(Section):
    """Weights that are there to weights that know something more (`prompt-gen finetune`)."""

    task: str = Field(default="complete", description="row of the table of tasks")
    validation: AbsolutePathOrNone = Field(
        default=None,
        description="file to look at while learning, but for complete; none: a tenth of the data",
    )
    test: AbsolutePathOrNone = Field(
        default=None,
        description="file to measure on, but for complete; none: a tenth of the data",
    )
    text_field: str = Field(
        default="", description="classify: column with the text; empty: found by its name"
    )
    label_field: str = Field(
        default="", description="classify: column with the label; empty: found by its name"
    )
    reads: Literal["auto", "once", "twice", "around"] = Field(
        default="auto",
        description="classify, tag: how a text is read (tasks/reading.py): from left to right, so "
        "two times, or with all tokens looking at all; auto: as is best for the task",
    )
    class_weights: Literal["none", "balanced"] = Field(
        default="none",
        description="classify, tag: how much an example of a label counts: as all, or more where "
        "the label is rare",
    )
    scores: Literal["head", "likelihood"] = Field(
        default="head",
        description="rank: what is learned: whether an item was clicked, or what clicked ones are, "
        "which are then scored by their mean log-probability behind the query",
    )
    augment: tuple[str, ...] = Field(
        default=(),
        description="classify, dialogue: ways by which texts (of dialogues the questions) that are "
        "learned from get changed copies, rows of the table of augmentations",
    )
    augment_share: float = Field(
        default=0.1, gt=0, lt=1, description="share of a text that is changed in a copy"
    )
    augment_copies: int = Field(
        default=1, ge=1, le=100, description="copies of each text by each way"
    )
    weights: Literal["all", "last", "lora"] = Field(
        default="all",
        description="what is changed: all weights, those of the last blocks, or small matrices "
        "beside all of them, which are added to them in the end (LoRA)",
    )
    last: int = Field(default=1, ge=1, description="weights = last: blocks that are changed")
    lora_rank: int = Field(default=16, ge=1, le=1024, description="weights = lora: rank")
    lora_alpha: int = Field(
        default=32, ge=1, description="weights = lora: their share is this by the rank"
    )
    layer_decay: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="factor on the learning rate of a block for each block that stands behind it, "
        "and of the embeddings once more",
    )
    replay: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="complete: share of the tokens learned from that are of the old text",
    )
    replay_files: tuple[AbsolutePath, ...] = Field(
        default=(),
        description="complete: files of the old text; none: the corpus of the run that is gone on "
        "from",
    )
