"""Qwen3: rotary positions, RMSNorm, normalised queries and keys, SwiGLU."""

from transformers import Qwen3Config, Qwen3ForCausalLM

from prompt_gen.model import rotary
from prompt_gen.model.sizing import Shape

RESIDUAL_WRITERS = rotary.RESIDUAL_WRITERS
POSITIONS, STARTS = rotary.POSITIONS, rotary.STARTS
GIVEN = rotary.GIVEN
place, cut, begin = rotary.place, rotary.cut, rotary.begin


def build(
    shape: Shape, vocab_size: int, context: int, bos_id: int, eos_id: int
) -> Qwen3ForCausalLM:
    """A stock `Qwen3ForCausalLM`."""
    settings = rotary.settings(shape, vocab_size, context, bos_id, eos_id)
    return Qwen3ForCausalLM(Qwen3Config(**settings))
