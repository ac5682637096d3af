"""Llama: rotary positions, RMSNorm, SwiGLU, tied embeddings."""

from transformers import LlamaConfig, LlamaForCausalLM

from prompt_gen.model.qwen3 import RESIDUAL_WRITERS, ROPE_BASE
from prompt_gen.model.sizing import HEAD_WIDTH, Shape

__all__ = ["RESIDUAL_WRITERS", "build"]


def build(
    shape: Shape, vocab_size: int, context: int, bos_id: int, eos_id: int
) -> LlamaForCausalLM:
    """A stock `LlamaForCausalLM`."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=shape.width,
            intermediate_size=shape.inner,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            head_dim=HEAD_WIDTH,
            max_position_embeddings=context,
            rope_parameters={"rope_type": "default", "rope_theta": ROPE_BASE},
            tie_word_embeddings=True,
            bos_token_id=bos_id,
            eos_token_id=eos_id,
            pad_token_id=eos_id,
        )
    )
