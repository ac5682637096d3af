"""GPT-2, the architecture of the book: learned positions, LayerNorm, GELU, tied embeddings."""

from transformers import GPT2Config, GPT2LMHeadModel

from prompt_gen.model.sizing import Shape

RESIDUAL_WRITERS = ("c_proj",)


def build(shape: Shape, vocab_size: int, context: int, bos_id: int, eos_id: int) -> GPT2LMHeadModel:
    """A stock `GPT2LMHeadModel`."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocab_size,
            n_positions=context,
            n_embd=shape.width,
            n_layer=shape.layers,
            n_head=shape.heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            tie_word_embeddings=True,
            bos_token_id=bos_id,
            eos_token_id=eos_id,
            pad_token_id=eos_id,
        )
    )
