"""Documents packed into rows of equal length, in a new order every epoch.

All epochs, each with its own order of documents, make one endless stream of tokens; a batch is a
piece of it. So the order depends on the seed and the place alone: a run can go on from any token,
with batches of any size, in any number of processes. Attention and positions stay inside a
document.

    B rows, T tokens in a row
"""

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor

from prompt_gen.config import TrainConfig
from prompt_gen.shards import Part

IGNORE = -100  # the target of a position that predicts nothing


@dataclass(frozen=True)
class Batch:
    """Inputs and targets of one step."""

    tokens_BT: Tensor
    targets_BT: Tensor
    positions_BT: Tensor
    mask_B1TT: Tensor  # True where a query (third axis) may look at a key (fourth)

    @property
    def n_targets(self) -> int:
        """Positions that predict a token."""
        return int((self.targets_BT != IGNORE).sum())

    def rows(self, chosen: slice) -> "Batch":
        """Some of the rows."""
        return Batch(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        return Batch(*(moved(getattr(self, name), device) for name in self.__dataclass_fields__))


def moved(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on a device; a GPU goes on computing while it is copied."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


class Batches:
    """The endless stream of a part, from any token on: a pure function of the place.

    Epoch e shows document i, of weight w and with a phase u in [0, 1) that the seed fixes,
    floor((e + 1) w + u) - floor(e w + u) times: w times on average, and once each where w is 1.
    """

    def __init__(
        self,
        part: Part,
        n_row_tokens: int,
        seed: int,
        weights: np.ndarray | None = None,
    ) -> None:
        self._part = part
        self.n_row_tokens = n_row_tokens
        self._seed = seed
        self._lengths = part.lengths
        weights = np.ones(len(part)) if weights is None else weights
        self._weights = weights.astype(np.float64)
        # Of 24 bits each, so that the sums below are exact and weights of 1 give 1 in each epoch.
        phases = np.random.default_rng((seed, 0, 1)).random(len(part), np.float32)
        self._phases = phases.astype(np.float64)
        self._starts = [(0, 0)]  # first token and first document of each epoch, as far as known
        self._epochs: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @classmethod
    def of(cls, part: Part, n_row_tokens: int, config: TrainConfig) -> "Batches":
        """The stream that a run of these settings learns from."""
        weights = part.weights if config.repeats == "sqrt" else None
        return cls(part, n_row_tokens, config.seed, weights)

    @property
    def n_epoch_tokens(self) -> float:
        """Tokens in an epoch on average, repetitions included."""
        return float(self._weights @ self._lengths)

    def epochs(self, n_tokens: int) -> float:
        """How many epochs so many tokens of the stream are."""
        return n_tokens / self.n_epoch_tokens

    def at(self, start: int, n_rows: int) -> Batch:
        """So many rows of the stream, from token `start` on."""
        shape = (n_rows, self.n_row_tokens)
        tokens, documents = self._stream(start, n_rows * self.n_row_tokens + 1)
        here, there = documents[:-1], documents[1:]
        targets = np.where(here == there, tokens[1:], IGNORE)
        here_BT = here.reshape(shape)
        steps_BT = np.arange(self.n_row_tokens)[None, :].repeat(n_rows, 0)
        first_BT = np.ones(shape, bool)
        first_BT[:, 1:] = here_BT[:, 1:] != here_BT[:, :-1]
        starts_BT = np.maximum.accumulate(np.where(first_BT, steps_BT, 0), axis=1)
        causal_TT = np.tri(self.n_row_tokens, dtype=bool)
        mask_BTT = (here_BT[:, :, None] == here_BT[:, None, :]) & causal_TT
        return Batch(
            torch.from_numpy(tokens[:-1].reshape(shape)),
            torch.from_numpy(targets.reshape(shape)),
            torch.from_numpy(steps_BT - starts_BT),
            torch.from_numpy(mask_BTT[:, None]),
        )

    def _stream(self, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens, and a number for each token's document that never repeats, from `start` on."""
        tokens, documents = [], []
        while count:
            epoch = self._epoch_at(start)
            shown, ends = self._epoch(epoch)
            at = int(np.searchsorted(ends, start, side="right"))
            left = int(ends[at]) - start
            tokens.append(self._part[shown[at]][-left:][:count].astype(np.int64))
            documents.append(np.full(len(tokens[-1]), self._starts[epoch][1] + at))
            start += len(tokens[-1])
            count -= len(tokens[-1])
        return np.concatenate(tokens), np.concatenate(documents)

    def _epoch_at(self, token: int) -> int:
        """The epoch that a token of the stream belongs to."""
        while self._starts[-1][0] <= token:
            copies = self._copies(len(self._starts) - 1)
            first_token, first_document = self._starts[-1]
            end = first_token + int(copies @ self._lengths), first_document + int(copies.sum())
            self._starts.append(end)
        return bisect_right(self._starts, token, key=itemgetter(0)) - 1

    def _epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The documents of an epoch in order, and where each ends in the stream."""
        if epoch not in self._epochs:
            self._epochs = {e: v for e, v in self._epochs.items() if e == epoch - 1}
            each = np.repeat(np.arange(len(self._part)), self._copies(epoch))
            shown = np.random.default_rng((self._seed, epoch)).permutation(each)
            self._epochs[epoch] = shown, self._starts[epoch][0] + np.cumsum(self._lengths[shown])
        return self._epochs[epoch]

    def _copies(self, epoch: int) -> np.ndarray:
        """int64: how often an epoch shows each document."""
        until, after = (np.floor(e * self._weights + self._phases) for e in (epoch, epoch + 1))
        return (after - until).astype(np.int64)
