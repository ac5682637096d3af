"""Documents packed into rows of equal length, in a new order every epoch.

All epochs, each with its own order of documents, make one endless stream of tokens; batch k is a
fixed piece of it. So the order depends on the seed and the step alone, and a run can go on from any
step. Attention and positions stay inside a document.

    B rows, T tokens in a row
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prompt_gen.shards import Shard

IGNORE = -100  # the target of a position that predicts nothing


@dataclass(frozen=True)
class Batch:
    """Inputs and targets of one step."""

    tokens_BT: Tensor
    targets_BT: Tensor
    positions_BT: Tensor
    mask_B1TT: Tensor  # True where a query (third axis) may look at a key (fourth)

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


class Batches:
    """The endless stream of a shard, cut into batches: `batches[k]` is a pure function of k."""

    def __init__(self, shard: Shard, n_rows: int, n_row_tokens: int, seed: int) -> None:
        self._shard = shard
        self._shape = (n_rows, n_row_tokens)
        self._seed = seed
        self._epochs: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @property
    def n_batch_tokens(self) -> int:
        """Tokens in a batch."""
        return self._shape[0] * self._shape[1]

    def epochs(self, n_batches: int) -> float:
        """How often the documents have been seen after so many batches."""
        return n_batches * self.n_batch_tokens / self._shard.n_tokens

    def __getitem__(self, k: int) -> Batch:
        tokens, documents = self._stream(k * self.n_batch_tokens, self.n_batch_tokens + 1)
        here, there = documents[:-1], documents[1:]
        targets = np.where(here == there, tokens[1:], IGNORE)
        here_BT = here.reshape(self._shape)
        steps_BT = np.arange(self._shape[1])[None, :].repeat(self._shape[0], 0)
        first_BT = np.ones(self._shape, bool)
        first_BT[:, 1:] = here_BT[:, 1:] != here_BT[:, :-1]
        starts_BT = np.maximum.accumulate(np.where(first_BT, steps_BT, 0), axis=1)
        causal_TT = np.tri(self._shape[1], dtype=bool)
        mask_BTT = (here_BT[:, :, None] == here_BT[:, None, :]) & causal_TT
        return Batch(
            torch.from_numpy(tokens[:-1].reshape(self._shape)),
            torch.from_numpy(targets.reshape(self._shape)),
            torch.from_numpy(steps_BT - starts_BT),
            torch.from_numpy(mask_BTT[:, None]),
        )

    def _stream(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens, and a number for each token's document that never repeats, from `start` on."""
        tokens, documents = [], []
        while count:
            epoch, offset = divmod(start, self._shard.n_tokens)
            epoch_tokens, epoch_documents = self._epoch(epoch)
            piece = slice(offset, offset + count)
            tokens.append(epoch_tokens[piece].astype(np.int64))
            documents.append(epoch_documents[piece].astype(np.int64) + epoch * len(self._shard))
            start += len(tokens[-1])
            count -= len(tokens[-1])
        return np.concatenate(tokens), np.concatenate(documents)

    def _epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        if epoch not in self._epochs:
            self._epochs = {e: v for e, v in self._epochs.items() if e == epoch - 1}
            order = np.random.default_rng((self._seed, epoch)).permutation(len(self._shard))
            tokens = np.concatenate([self._shard[i] for i in order])
            lengths = np.diff(self._shard.offsets)[order]
            self._epochs[epoch] = tokens, np.repeat(np.arange(len(order), dtype=np.int32), lengths)
        return self._epochs[epoch]
