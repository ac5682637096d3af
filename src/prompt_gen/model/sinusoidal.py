"""Positions that are not learned: sines and cosines, frozen in a stock table of positions."""

import torch
from torch import Tensor, nn


def freeze(table: nn.Embedding, amplitude: float) -> None:
    """Put sinusoids into a table of positions, and let nothing change them."""
    with torch.no_grad():
        table.weight.copy_(amplitude * sinusoids(*table.weight.shape))
    table.weight.requires_grad_(False)


def sinusoids(n_positions: int, width: int) -> Tensor:
    """[position, width]: sin and cos of the position at falling frequencies, in turn.

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """
    frequencies = 10_000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angles = torch.arange(n_positions, dtype=torch.float64)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).float()
