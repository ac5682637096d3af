"""Which parameter is trained by which optimizer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from prompt_gen.optim.muon import Muon

# Tokens in a batch by width below which Muon's products, which do not depend on the batch, are more
# than half of what the blocks need: matrices take turns there.
_FEW_TOKENS = 5
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "wpe.weight", "lm_head.weight")


_ONE_BY_ONE = (*_EMBEDDINGS, "lora_A.default.weight", "lora_B.default.weight")


def build(
    model: nn.Module,
    matrix_lr: float,
    other_lr: float,
    weight_decay: float,
    momentum: float = 0.95,
    batch_tokens: float = float("inf"),
    scale: Callable[[str], float] = lambda name: 1.0,
) -> list[torch.optim.Optimizer]:
    """Muon for hidden matrices; AdamW for embeddings, head, LoRA's matrices, norms and biases.

    Only matrices decay. What is frozen is in neither; an optimizer of nothing is left out.
    `batch_tokens` are those of this process. `scale` is a factor on the learning rate of a weight,
    by its name; the `peak` of each group is its learning rate with that.
    """
    stored_in_out = {id(m.weight) for m in model.modules() if isinstance(m, Conv1D)}
    matrices, others = dict[Any, dict[str, Any]](), dict[Any, dict[str, Any]]()
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        factor = scale(name)
        if parameter.ndim != 2 or name.endswith(_ONE_BY_ONE):
            group = others.setdefault(factor, {"peak": other_lr * factor, "params": []})
        else:
            kind = {"stored_in_out": id(parameter) in stored_in_out, "peak": matrix_lr * factor}
            group = matrices.setdefault((factor, *kind.values()), kind | {"params": []})
        group["params"].append(parameter)
    groups = sorted(matrices.values(), key=lambda group: group["stored_in_out"])
    width = max((min(p.shape) for group in groups for p in group["params"]), default=0)
    turns = 2 if batch_tokens < _FEW_TOKENS * width else 1
    made: list[torch.optim.Optimizer] = []
    if groups:
        made.append(Muon(groups, matrix_lr, momentum, weight_decay, turns))
    if others:
        rest: list[dict[str, Any]] = [*others.values()]
        made.append(
            torch.optim.AdamW(rest, other_lr, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
        )
    return made
