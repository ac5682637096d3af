"""A shape and an architecture to a stock transformers model: one file per architecture, one row."""

from typing import TYPE_CHECKING

from prompt_gen.choices import Choice, Choices
from prompt_gen.config import ModelConfig
from prompt_gen.model.sizing import Shape, choose_shape

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

__all__ = ["ARCHITECTURES", "Shape", "build", "choose_shape", "residual_writers"]

ARCHITECTURES = Choices(
    "architecture",
    {
        "qwen3": Choice("prompt_gen.model.qwen3", "rotary, RMSNorm, QK-norm, SwiGLU", "train"),
        "llama": Choice("prompt_gen.model.llama", "rotary, RMSNorm, SwiGLU", "train"),
        "gpt2": Choice("prompt_gen.model.gpt2", "the book's: learned positions, GELU", "train"),
    },
)

BOS_ID, EOS_ID = 0, 1


def build(config: ModelConfig, shape: Shape, vocab_size: int, seed: int) -> "PreTrainedModel":
    """A stock model with fresh weights, the same for the same seed.

    Matrices that write to the residual stream start at zero, so that every block starts as the
    identity. Source: Zhang et al. 2019 (Fixup), and the speedruns of nanoGPT.
    """
    import torch

    part = ARCHITECTURES.load(config.architecture)
    torch.manual_seed(seed)
    model = part.build(shape, vocab_size, config.context, BOS_ID, EOS_ID)
    with torch.no_grad():
        for module in residual_writers(model):
            module.weight.zero_()  # type: ignore[operator]
    return model


def residual_writers(model: "PreTrainedModel") -> "list[nn.Module]":
    """The modules of a model whose output is added to the residual stream."""
    names = ARCHITECTURES.load(model.config.model_type).RESIDUAL_WRITERS
    return [module for name, module in model.named_modules() if name.endswith(names)]
