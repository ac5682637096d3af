"""A shape and an architecture to a stock transformers model: one file per architecture, one row."""

from typing import TYPE_CHECKING

from prompt_gen.choices import Choice, Choices
from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.errors import SettingError
from prompt_gen.model import pretrained, sizing
from prompt_gen.model.sizing import Shape
from prompt_gen.shards import Part
from prompt_gen.vocab import Tokenizer, adopt

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

__all__ = [
    "ARCHITECTURES",
    "Shape",
    "begin",
    "build",
    "check",
    "choose_shape",
    "gone_on_from",
    "residual_writers",
    "start",
]

ARCHITECTURES = Choices(
    "architecture",
    {
        "qwen3": Choice("prompt_gen.model.qwen3", "rotary, RMSNorm, QK-norm, SwiGLU", "train"),
        "llama": Choice("prompt_gen.model.llama", "rotary, RMSNorm, SwiGLU", "train"),
        "gpt2": Choice("prompt_gen.model.gpt2", "the book's: table of positions, GELU", "train"),
    },
)

BOS_ID, EOS_ID = 0, 1
_CHARACTERS = 512  # entries at most of a vocabulary that bigrams tell little of


def check(config: ModelConfig) -> None:
    """Refuse an architecture that is in no table, and positions or a start it does not have.

    Raises:
        UnknownChoice, SettingError: says what there is.
    """
    part = ARCHITECTURES.load(config.architecture)
    for name, known, hint in (
        ("positions", part.POSITIONS, "gpt2 has a table of positions, llama and qwen3 rotate them"),
        ("start", part.STARTS, "Only llama and qwen3 can begin otherwise"),
    ):
        if (given := getattr(config, name)) not in ("auto", *known):
            raise SettingError(
                f"setting 'model.{name}' is '{given}', "
                f"which the architecture '{config.architecture}' does not have",
                f"It has: {', '.join(known)}. {hint}",
            )


def settled(config: ModelConfig) -> ModelConfig:
    """The settings with what a directory decides that the model goes on from, if it does."""
    return pretrained.settled(config, list(ARCHITECTURES)) if config.pretrained else config


def choose_shape(config: ModelConfig, train: TrainConfig, device: str, n_tokens: int) -> Shape:
    """The shape that is gone on from, or the one that is given or fits budget and text."""
    if config.pretrained:
        return pretrained.shape(config)
    return sizing.choose_shape(config, train, device, n_tokens)


def start(config: ModelConfig, tokenizer: Tokenizer, text: Part) -> str:
    """What the weights begin as: "pretrained", or one of the architecture's starts."""
    if config.pretrained:
        return "pretrained"
    if config.start != "auto":
        return config.start
    from prompt_gen.model import bigrams

    if ARCHITECTURES.load(config.architecture).STARTS == ("random",):
        return "random"
    if not bigrams.are_known(text, tokenizer.size):
        return "random"
    return "previous" if tokenizer.size <= _CHARACTERS else "bigrams"


def begin(
    config: ModelConfig, shape: Shape, tokenizer: Tokenizer, text: Part, seed: int
) -> "PreTrainedModel":
    """The model that a run begins with: a fresh one of a shape, or the one it goes on from.

    A fresh one may begin as the bigrams of the text that it is to learn, or with heads that look
    at the tokens before.
    """
    if config.pretrained is not None:
        return gone_on_from(config, tokenizer)
    model = build(config, shape, tokenizer.size, seed, (tokenizer.bos_id, tokenizer.eos_id))
    begun = start(config, tokenizer, text)
    if begun == "bigrams":
        from prompt_gen.model import bigrams

        part = ARCHITECTURES.load(config.architecture)
        part.begin(model, bigrams.count(text, tokenizer.size, shape.width - 1, seed))
    elif begun == "previous":
        from prompt_gen.model import previous

        previous.begin(model, seed)
    return model


def gone_on_from(config: ModelConfig, tokenizer: Tokenizer) -> "PreTrainedModel":
    """The model of `config.pretrained`, with a row for each token of the vocabulary."""
    part = ARCHITECTURES.load(config.architecture)
    rows = adopt.rows(adopt.find(pretrained.find(config.pretrained or "")), tokenizer)
    model = pretrained.load(config, part, rows, (tokenizer.bos_id, tokenizer.eos_id))
    part.place(model, "auto")
    model.config.architectures = [type(model).__name__]
    return model


def build(
    config: ModelConfig,
    shape: Shape,
    vocab_size: int,
    seed: int,
    ends: tuple[int, int] = (BOS_ID, EOS_ID),
) -> "PreTrainedModel":
    """A stock model with fresh weights, the same for the same seed; `ends` are BOS and EOS.

    Matrices that write to the residual stream start at zero, so that every block starts as the
    identity. Source: Zhang et al. 2019 (Fixup), and the speedruns of nanoGPT.
    """
    import torch

    part = ARCHITECTURES.load(config.architecture)
    torch.manual_seed(seed)
    model = part.build(shape, vocab_size, config.context, *ends)
    part.place(model, config.positions)
    model.config.architectures = [type(model).__name__]  # by which converters know the class
    with torch.no_grad():
        for module in residual_writers(model):
            module.weight.zero_()  # type: ignore[operator]
    return model


def residual_writers(model: "PreTrainedModel") -> "list[nn.Module]":
    """The modules of a model whose output is added to the residual stream."""
    names = ARCHITECTURES.load(model.config.model_type).RESIDUAL_WRITERS
    return [module for name, module in model.named_modules() if name.endswith(names)]
