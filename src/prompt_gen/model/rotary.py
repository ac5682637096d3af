"""What the architectures with rotary positions share: settings, names of their matrices, a start.

V vocabulary, D width
"""

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from prompt_gen.model.bigrams import Bigrams
from prompt_gen.model.sizing import Shape

if TYPE_CHECKING:
    from transformers import PreTrainedModel

RESIDUAL_WRITERS = ("o_proj", "down_proj")
POSITIONS = ("rotary",)
STARTS = ("bigrams", "previous", "random")
GIVEN = {  # what the graph takes for granted
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "use_sliding_window": False,
}
_ROPE_BASE = 10_000.0

# Of a start as bigrams, chosen by trials (docs/log.md).
_EMBEDDING = 2.0  # what the first dimension holds in every embedding
_REST = 1.4  # times as long as that are the others together, in the mean over the text
_HEAD = 0.15  # root of the mean square in each dimension of the head
_FIRST = 0.3  # weight of the first dimension in the norms of blocks


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
        "head_dim": shape.head_width,
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


def begin(model: "PreTrainedModel", bigrams: Bigrams) -> None:
    """Make fresh weights predict by the bigrams: log P(next | last token), nothing else.

    Blocks add nothing yet, so what the head sees is the embedding behind the last norm. That norm
    makes all vectors equally long; the first dimension, alike in all tokens, keeps most of the
    differences in length, and in the head it holds how frequent each token is. Embeddings and head
    are two tables then, as what precedes is another matter than what follows.
    """
    left_VD, right_VD = bigrams.left_VD, bigrams.right_VD
    n_vocab, width = len(left_VD), left_VD.shape[1] + 1
    embeddings_VD = torch.cat([torch.ones(n_vocab, 1), left_VD * _REST], 1)
    head_VD = torch.cat([bigrams.log_share_V[:, None], right_VD / _REST], 1) / math.sqrt(width)
    size_D = head_VD.square().mean(0).sqrt()
    # A small vocabulary has fewer dimensions than the network: the others stay as they are.
    is_told_D = size_D > 1e-6
    gain_D = torch.where(is_told_D, size_D / _HEAD, 1.0)
    embedding: nn.Parameter = model.base_model.embed_tokens.weight  # type: ignore[union-attr]
    fresh_VD = embedding.detach().clone()
    model.config.tie_word_embeddings = False
    model.lm_head.weight = nn.Parameter(torch.where(is_told_D, head_VD / gain_D, fresh_VD))
    with torch.no_grad():
        embedding.copy_(torch.where(is_told_D, _EMBEDDING * embeddings_VD, fresh_VD))
        for name, weight in model.base_model.named_parameters():
            if name == "norm.weight":
                weight.copy_(gain_D)
            elif name.endswith("layernorm.weight"):  # what blocks see has the usual length
                weight.fill_(1 / _REST)
                weight[0] = _FIRST
