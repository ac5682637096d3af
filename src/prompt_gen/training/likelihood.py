"""Bits per character of documents under a model in training."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from prompt_gen.shards import Part
from prompt_gen.training.batches import IGNORE, Batch

_BATCH = 32


@torch.no_grad()
def bits_per_character(
    objective: nn.Module, part: Part, documents: Sequence[int], n_chars: int, context: int
) -> float:
    """Minus log2 of the documents' probability, ends included, by characters and ends.

    `objective` is `loss.Objective`, wrapped or not; of several processes all have to ask.

    A document longer than the context is cut here, each piece starting afresh: this number steers
    the run; the one in the report is `evaluate`'s.
    """
    device = next(objective.parameters()).device
    pieces = []
    for i in documents:
        ids = part[i].astype(np.int64)
        pieces += [ids[start : start + context + 1] for start in range(0, len(ids) - 1, context)]
    pieces.sort(key=len)
    nats = 0.0
    was_training = objective.training
    objective.eval()
    for start in range(0, len(pieces), _BATCH):
        batch = pieces[start : start + _BATCH]
        width = max(map(len, batch)) - 1
        tokens = np.zeros((len(batch), width), np.int64)
        targets = np.full((len(batch), width), IGNORE, np.int64)
        for row, ids in enumerate(batch):
            tokens[row, : len(ids) - 1] = ids[:-1]
            targets[row, : len(ids) - 1] = ids[1:]
        nats += objective(_batch(tokens, targets).to(device), None).item()
    objective.train(was_training)
    return nats / math.log(2) / (n_chars + len(documents))


def _batch(tokens_BT: np.ndarray, targets_BT: np.ndarray) -> Batch:
    """Rows of one document each, from its beginning on."""
    shape = n_rows, width = tokens_BT.shape
    return Batch(
        torch.from_numpy(tokens_BT),
        torch.from_numpy(targets_BT),
        torch.arange(width).expand(shape),
        torch.ones(width, width, dtype=torch.bool).tril().expand(n_rows, 1, -1, -1),
    )
