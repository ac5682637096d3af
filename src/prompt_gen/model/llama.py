"""Llama: rotary positions, RMSNorm, SwiGLU."""

from transformers import LlamaConfig, LlamaForCausalLM

from prompt_gen.model import rotary
from prompt_gen.model.sizing import Shape

RESIDUAL_WRITERS = rotary.RESIDUAL_WRITERS
POSITIONS, STARTS = rotary.POSITIONS, rotary.STARTS
GIVEN = rotary.GIVEN
place, cut, begin = rotary.place, rotary.cut, rotary.begin


def build(
    shape: Shape, vocab_size: int, context: int, bos_id: int, eos_id: int
) -> LlamaForCausalLM:
    """A stock `LlamaForCausalLM`."""
    settings = rotary.settings(shape, vocab_size, context, bos_id, eos_id)
    return LlamaForCausalLM(LlamaConfig(**settings))
