"""Which parameter is trained by which optimizer."""

import torch
from torch import nn

from prompt_gen.config import TrainConfig
from prompt_gen.optim.muon import Muon

_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "wpe.weight", "lm_head.weight")


def build(model: nn.Module, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Muon for hidden matrices; AdamW for embeddings, head, norms and biases."""
    matrices, others = [], []
    for name, parameter in model.named_parameters():
        hidden = parameter.ndim == 2 and not name.endswith(_EMBEDDINGS)
        (matrices if hidden else others).append(parameter)
    muon = Muon(matrices, lr=config.matrix_lr, weight_decay=config.weight_decay)
    adamw = torch.optim.AdamW(
        others, lr=config.other_lr, betas=(0.9, 0.99), weight_decay=0.0, fused=True
    )
    return [muon, adamw]
