"""What the architectures with rotary positions share: settings, and names of their matrices."""

from typing import TYPE_CHECKING, Any

from prompt_gen.model.sizing import HEAD_WIDTH, Shape

if TYPE_CHECKING:
    from transformers import PreTrainedModel

RESIDUAL_WRITERS = ("o_proj", "down_proj")
POSITIONS = ("rotary",)
GIVEN = {  # what the graph takes for granted
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "use_sliding_window": False,
}
_ROPE_BASE = 10_000.0


def settings(
    shape: Shape, vocab_size: int, context: int, bos_id: int, eos_id: int
) -> dict[str, Any]:
    """Arguments for a stock config: one key and value per head, tied embeddings."""
    return {
        "vocab_size": vocab_size,
        "hidden_size": shape.width,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.heads,
        "head_dim": HEAD_WIDTH,
        "max_position_embeddings": context,
        "rope_parameters": {"rope_type": "default", "rope_theta": _ROPE_BASE},
        "tie_word_embeddings": True,
        "bos_token_id": bos_id,
        "eos_token_id": eos_id,
        "pad_token_id": eos_id,
    }


def place(model: "PreTrainedModel", positions: str) -> None:
    """State the base where each loader looks: some know no `rope_parameters` and guess."""
    model.config.rope_theta = model.config.rope_parameters["rope_theta"]


def cut(model: "PreTrainedModel", context: int) -> None:
    """Nothing: positions are computed."""
