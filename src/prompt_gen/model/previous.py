"""Heads that begin by looking at the tokens just before, so that a network need not find them.

A fresh network takes some hundred steps until its first heads find the token before, and only then
do its feed-forward layers see what stands together. So the heads of the first block begin there:
the first at the token before, the second at the one before that, and so on. What this gains is in
docs/log.md, "Heads that begin at the tokens before".

    V vocabulary, D width, W width of a head, F frequencies of a head
"""

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_EMBEDDING = 0.06  # root mean square of embeddings
_CONSTANT = 0.3  # what the first dimension holds in every one of them
_SURE = 8.0  # score of the token that is looked at; of a neighbour it is 2 less, far off near zero
_FREQUENCIES = 4  # the highest ones tell neighbours apart, and four of them do not come round again
_FIRM = 9.0  # root mean square of queries before they are normalised: how slowly they turn
_OUTPUT = 0.5  # of what a head reads, as it is written to the residual stream
_FEED_FORWARD = 1.8  # root mean square of what goes into its product of gate and value


@torch.no_grad()
def begin(model: "PreTrainedModel", seed: int) -> None:
    """Have the heads of the first block look at the tokens before, each at one distance.

    All embeddings are alike in their first dimension, and queries and keys are made of it alone.
    Rotation turns them by what lies between, so a query turned back by a distance fits the key
    there: the score is the sum of cos(frequency x (distance - the head's)), and largest there.
    Source of the rotation: Su et al. 2021, "RoFormer"; heads that look at the token before are what
    networks come to by themselves: Olsson et al. 2022, "In-context learning and induction heads".

    In a tied head the first dimension adds the same to every logit, which changes nothing.
    """
    generator = torch.Generator().manual_seed(seed)
    config = model.config
    body: Any = model.base_model
    embedding_VD: Tensor = body.embed_tokens.weight
    embedding_VD.normal_(std=_EMBEDDING, generator=generator)
    embedding_VD[:, 0] = _CONSTANT
    # What the first dimension is behind the norm, which makes vectors as long as their root.
    constant = (_CONSTANT / embedding_VD.square().mean(1).sqrt()).mean().item()
    attention = body.layers[0].self_attn
    width, n_heads = config.head_dim, config.num_attention_heads
    gain = math.sqrt(_SURE / math.sqrt(width))  # of queries and keys each; scores are scaled so
    has_norms = hasattr(attention, "q_norm")
    if has_norms:
        attention.q_norm.weight.fill_(gain)
        attention.k_norm.weight.fill_(gain)
    size = (_FIRM if has_norms else gain) / constant
    for head in range(n_heads):
        rows = slice(head * width, (head + 1) * width)
        for matrix, distance in ((attention.q_proj, head + 1), (attention.k_proj, 0)):
            matrix.weight[rows] = 0
            matrix.weight[rows, 0] = size * _turned(width, config.rope_theta, distance)
        attention.v_proj.weight[rows] = _orthogonal(config.hidden_size, width, generator).T
        attention.o_proj.weight[:, rows] = _OUTPUT * _orthogonal(
            config.hidden_size, width, generator
        )
    attention.v_proj.weight[:, 0] = 0  # the constant is not passed on,
    attention.o_proj.weight[0] = 0  # and stays one
    std = _FEED_FORWARD / math.sqrt(config.hidden_size)
    for block in body.layers:
        for matrix in (block.mlp.gate_proj, block.mlp.up_proj):
            matrix.weight.normal_(std=std, generator=generator)


def _turned(width: int, base: float, distance: int) -> Tensor:
    """A vector of a head, of root mean square one, turned back by a distance."""
    n_all = width // 2
    frequency_F = base ** (-torch.arange(n_all) / n_all)
    size_F = math.sqrt(width / _FREQUENCIES) * (torch.arange(n_all) < _FREQUENCIES)
    angle_F = -distance * frequency_F
    return torch.cat([size_F * angle_F.cos(), size_F * angle_F.sin()])  # stock order of pairs


def _orthogonal(n: int, k: int, generator: torch.Generator) -> Tensor:
    """n x k: random columns of length one, at right angles."""
    return torch.linalg.qr(torch.randn(n, k, generator=generator))[0]
