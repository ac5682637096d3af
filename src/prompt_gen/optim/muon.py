"""Muon: momentum whose matrix updates are made orthogonal.

Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; the
coefficients of the quintic Newton-Schulz iteration are theirs. It runs in float32 and over stacks
of equal shapes: in bfloat16 it would be hundreds of times slower on CPUs without that arithmetic.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

_A, _B, _C = 3.4445, -4.7750, 2.0315


def orthogonalize(x_NRC: Tensor, n_iterations: int = 5) -> Tensor:
    """Each of N matrices with its singular values pushed towards one; R must not exceed C."""
    x_NRC = x_NRC / (x_NRC.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(n_iterations):
        gram_NRR = x_NRC @ x_NRC.mT
        x_NRC = _A * x_NRC + (_B * gram_NRR + _C * gram_NRR @ gram_NRR) @ x_NRC
    return x_NRC


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalized, with decoupled weight decay; for 2-D parameters only.

    Groups whose matrices are stored as [in, out], as GPT-2's are, say `stored_in_out`.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, defaults | {"stored_in_out": False})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every group."""
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    alike.setdefault((min(p.shape), max(p.shape)), []).append(p)
            for parameters in alike.values():
                self._update(parameters, group)

    def _update(self, parameters: list[Tensor], group: dict) -> None:
        directions = []
        for p in parameters:
            state, gradient = self.state[p], p.grad
            assert gradient is not None  # `step` leaves those out
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(p)
            state["momentum"].lerp_(gradient, 1 - group["momentum"])
            direction = gradient.lerp(state["momentum"], group["momentum"])
            if isinstance(direction, DTensor):  # what is orthogonal is the whole, not its pieces
                direction = direction.full_tensor()
            directions.append(direction.mT if p.shape[0] > p.shape[1] else direction)
        for p, direction in zip(parameters, orthogonalize(torch.stack(directions)), strict=True):
            tall = p.shape[0] > p.shape[1]
            p.mul_(1 - group["lr"] * group["weight_decay"])
            # Matrices with more outputs than inputs get larger steps, so that the change of each
            # output is alike.
            n_in, n_out = p.shape if group["stored_in_out"] else p.shape[::-1]
            scale = max(1.0, n_out / n_in) ** 0.5
            update = direction.mT if tall else direction
            if isinstance(p, DTensor):
                update = distribute_tensor(update, p.device_mesh, p.placements, src_data_rank=None)
            p.add_(update, alpha=-group["lr"] * scale)
