"""Muon: momentum whose matrix updates are made orthogonal.

Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks". The iteration
that makes them so runs in float32 and over stacks of equal shapes: in bfloat16 it would be hundreds
of times slower on CPUs without that arithmetic. Muon is a third of a step at small shapes, so there
are few iterations, each with coefficients of its own, no arithmetic outside matrix products, and
as much of it as can be on the shorter side of a matrix.

    N matrices of a stack, R rows, C columns, S the shorter of the two
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.distributed.tensor import DTensor, distribute_tensor

# Odd polynomials a x + b x^3 + c x^5, one after the other, each with the least largest distance
# from one over where the one before left values that began between 0.02 and 1: at the end within
# 0.1 of one. Source: Amsel et al. 2025, "The Polar Express".
_POLYNOMIALS = (
    (7.7110, -22.1138, 16.2487),
    (3.2153, -2.4112, 0.5013),
    (2.2183, -1.5940, 0.4107),
)
_LONG = 1.5  # times as long as wide: from here on it pays to work on the Gram matrix


def orthogonalize(x_NRC: Tensor) -> Tensor:
    """Each of N matrices with its singular values pushed towards one."""
    is_tall = x_NRC.shape[1] > x_NRC.shape[2]
    gram_NSS = x_NRC.mT @ x_NRC if is_tall else x_NRC @ x_NRC.mT
    # The root of the Gram matrix's Frobenius norm: never below the largest singular value, and
    # nearer to it than the norm of the matrix itself.
    bound_N11 = gram_NSS.norm(dim=(1, 2), keepdim=True) + 1e-14
    gram_NSS = gram_NSS / bound_N11
    if max(x_NRC.shape[1:]) < _LONG * min(x_NRC.shape[1:]):
        return _each_after_the_other(x_NRC * bound_N11.rsqrt(), gram_NSS, is_tall)
    product_NSS = _product(gram_NSS) * bound_N11.rsqrt()
    return x_NRC @ product_NSS if is_tall else product_NSS @ x_NRC


def _each_after_the_other(x_NRC: Tensor, gram_NSS: Tensor, is_tall: bool) -> Tensor:
    """The polynomials of matrices that are about square: three products for each of them."""
    for number, (a, b, c) in enumerate(_POLYNOMIALS):
        if number:
            gram_NSS = x_NRC.mT @ x_NRC if is_tall else x_NRC @ x_NRC.mT
        even_NSS = torch.baddbmm(gram_NSS, gram_NSS, gram_NSS, beta=b, alpha=c)
        pair = (x_NRC, even_NSS) if is_tall else (even_NSS, x_NRC)
        x_NRC = torch.baddbmm(x_NRC, *pair, beta=a)
    return x_NRC


def _product(gram_NSS: Tensor) -> Tensor:
    """What matrices of these Gram matrices are to be multiplied by, for all polynomials at once.

    A polynomial is x p(x x'), so the next Gram matrix is p g p, and all products are of the
    shorter side alone. In exact arithmetic the same as one after the other.
    """
    product_NSS = None
    for number, (a, b, c) in enumerate(_POLYNOMIALS):
        even_NSS = torch.baddbmm(gram_NSS, gram_NSS, gram_NSS, beta=b, alpha=c)
        even_NSS.diagonal(dim1=1, dim2=2).add_(a)
        product_NSS = even_NSS if product_NSS is None else product_NSS @ even_NSS
        if number + 1 < len(_POLYNOMIALS):
            gram_NSS = even_NSS @ gram_NSS @ even_NSS
    assert product_NSS is not None
    return product_NSS


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalized, with decoupled weight decay; for 2-D parameters only.

    Groups whose matrices are stored as [in, out], as GPT-2's are, say `stored_in_out`. With
    `turns` above one the matrices of a shape take turns: each has its momentum in every step, and
    is changed in every so many alone, by the root of that more. That saves nearly as much time
    where products are most of a step.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        turns: int = 1,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "turns": turns}
        super().__init__(params, defaults | {"stored_in_out": False})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One update of every group."""
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    alike.setdefault(p.shape, []).append(p)
            for parameters in alike.values():
                self._update(parameters, group)

    def _update(self, parameters: list[Tensor], group: dict) -> None:
        due, directions, turns = [], [], group["turns"]
        for number, p in enumerate(parameters):
            state, gradient = self.state[p], p.grad
            assert gradient is not None  # `step` leaves those out
            if "momentum" not in state:
                state["momentum"], state["step"] = torch.zeros_like(p), 0
            state["momentum"].lerp_(gradient, 1 - group["momentum"])
            state["step"] = int(state["step"]) + 1
            if (state["step"] + number) % turns:
                continue
            direction = gradient.lerp(state["momentum"], group["momentum"])
            if isinstance(direction, DTensor):  # what is orthogonal is the whole, not its pieces
                direction = direction.full_tensor()
            directions.append(direction)
            due.append(p)
        if not due:
            return
        for p, update in zip(due, orthogonalize(torch.stack(directions)), strict=True):
            if group["weight_decay"]:
                p.mul_(1 - turns * group["lr"] * group["weight_decay"])
            # Matrices with more outputs than inputs get larger steps, so that the change of each
            # output is alike.
            n_in, n_out = p.shape if group["stored_in_out"] else p.shape[::-1]
            scale = (max(1.0, n_out / n_in) * turns) ** 0.5
            if isinstance(p, DTensor):
                update = distribute_tensor(update, p.device_mesh, p.placements, src_data_rank=None)
            p.add_(update, alpha=-group["lr"] * scale)
