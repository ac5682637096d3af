"""GPT-2, the architecture of the book: a table of positions, LayerNorm, GELU, tied embeddings."""

from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from prompt_gen.model import sinusoidal
from prompt_gen.model.sizing import Shape

RESIDUAL_WRITERS = ("c_proj",)
POSITIONS = ("learned", "sinusoidal")
STARTS = ("random",)
GIVEN = {  # what the graph takes for granted
    "activation_function": "gelu_new",
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}


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


def place(model: GPT2LMHeadModel, positions: str) -> None:
    """Make the table of positions what it is to be, in a model with fresh weights.

    Sinusoids are as large as fresh embeddings, which is their share in the original, where
    embeddings are scaled up instead; a stock GPT-2 has no such scale.
    """
    if positions == "sinusoidal":
        sinusoidal.freeze(model.transformer.wpe, model.config.initializer_range)


def cut(model: GPT2LMHeadModel, context: int) -> None:
    """Keep the first positions only."""
    table = model.transformer.wpe
    table.weight = nn.Parameter(table.weight.detach()[:context].clone())
    table.num_embeddings = context
