"""Which parameter is trained by which optimizer."""

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from prompt_gen.optim.muon import Muon

# Tokens in a batch by width below which Muon's products, which do not depend on the batch, are more
# than half of what the blocks need: matrices take turns there.
_FEW_TOKENS = 5
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "wpe.weight", "lm_head.weight")


def build(
    model: nn.Module,
    matrix_lr: float,
    other_lr: float,
    weight_decay: float,
    momentum: float = 0.95,
    batch_tokens: float = float("inf"),
) -> list[torch.optim.Optimizer]:
    """Muon for hidden matrices; AdamW for embeddings, head, norms and biases.

    Only matrices decay. What is frozen is in neither. `batch_tokens` are those of this process.
    """
    stored_in_out = {id(m.weight) for m in model.modules() if isinstance(m, Conv1D)}
    matrices, turned, others = [], [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim != 2 or name.endswith(_EMBEDDINGS):
            others.append(parameter)
        else:
            (turned if id(parameter) in stored_in_out else matrices).append(parameter)
    groups = [{"params": matrices}, {"params": turned, "stored_in_out": True}]
    groups = [group for group in groups if group["params"]]
    width = max((min(matrix.shape) for matrix in (*matrices, *turned)), default=0)
    turns = 2 if batch_tokens < _FEW_TOKENS * width else 1
    muon = Muon(groups, lr=matrix_lr, momentum=momentum, weight_decay=weight_decay, turns=turns)
    adamw = torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
    return [muon, adamw]
