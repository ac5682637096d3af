"""The mean of the weights over the last steps of a run: a little better than the last weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The plain mean of a model's weights over the steps at which it was looked at.

    Source: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
    Generalization"; here over the end of a falling learning rate.
    """

    def __init__(self) -> None:
        self.n = 0
        self.tensors: list[Tensor] = []  # in the order of the model's parameters

    @torch.no_grad()
    def add(self, model: nn.Module) -> None:
        """Take the weights as they are now into the mean."""
        weights = [p.detach() for p in model.parameters()]
        self.n += 1
        if self.n == 1:
            self.tensors = [w.clone() for w in weights]
        else:
            for mean, weight in zip(self.tensors, weights, strict=True):
                mean.lerp_(weight, 1 / self.n)

    @contextmanager
    def put_in(self, model: nn.Module) -> Iterator[None]:
        """The model with the mean for weights; its own come back behind the block."""
        self._exchange(model)
        try:
            yield
        finally:
            self._exchange(model)

    @torch.no_grad()
    def _exchange(self, model: nn.Module) -> None:
        for parameter, mean in zip(model.parameters(), self.tensors, strict=True):
            own = parameter.detach().clone()
            parameter.copy_(mean)
            mean.copy_(own)
