"""Examples with labels, packed whole into rows of equal length, in a new order every epoch.

A row holds the examples that fit, and padding; attention and positions stay inside an example. All
epochs make one endless stream of rows, a pure function of the place (see `batches`).

    B rows, T tokens in a row
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from prompt_gen.training.batches import IGNORE, Batch

_OPEN_ROWS = 16  # that an example may still be put into


@dataclass(frozen=True)
class Example:
    """Tokens, and for each the number of its label; IGNORE where none is asked for."""

    tokens_T: np.ndarray
    targets_T: np.ndarray


def packed(lengths: Sequence[int], order: Sequence[int], n_row_tokens: int) -> list[list[int]]:
    """Rows of examples by number: each goes into the first open row that has room."""
    done, opened, room = list[list[int]](), list[list[int]](), list[int]()
    for number in order:
        length = lengths[number]
        at = next((i for i, left in enumerate(room) if length <= left), len(room))
        if at == len(room):
            opened.append([])
            room.append(n_row_tokens)
        opened[at].append(number)
        room[at] -= length
        if len(opened) > _OPEN_ROWS:
            fullest = min(range(len(room)), key=room.__getitem__)
            done.append(opened.pop(fullest))
            room.pop(fullest)
    return done + opened


def batch_of(rows: Sequence[Sequence[Example]], n_row_tokens: int, is_causal: bool) -> Batch:
    """Rows of examples as tensors; where padding stands nothing is asked."""
    shape = (len(rows), n_row_tokens)
    tokens_BT, targets_BT = np.zeros(shape, np.int64), np.full(shape, IGNORE, np.int64)
    owners_BT, positions_BT = np.full(shape, -1), np.zeros(shape, np.int64)
    for row, examples in enumerate(rows):
        at = 0
        for owner, example in enumerate(examples):
            here = slice(at, at + len(example.tokens_T))
            tokens_BT[row, here], targets_BT[row, here] = example.tokens_T, example.targets_T
            owners_BT[row, here] = owner
            positions_BT[row, here] = np.arange(len(example.tokens_T))
            at = here.stop
    mask_BTT = owners_BT[:, :, None] == owners_BT[:, None, :]
    if is_causal:
        mask_BTT &= np.tri(n_row_tokens, dtype=bool)
    arrays = (tokens_BT, targets_BT, positions_BT, mask_BTT[:, None])
    return Batch(*map(torch.from_numpy, arrays))


class Examples:
    """The endless stream of rows of examples."""

    def __init__(
        self, examples: Sequence[Example], n_row_tokens: int, seed: int, is_causal: bool
    ) -> None:
        self._examples = examples
        self._lengths = [len(example.tokens_T) for example in examples]
        self.n_row_tokens, self._seed, self._is_causal = n_row_tokens, seed, is_causal
        self._starts = [0]  # first row of each epoch, as far as known
        self._known: dict[int, list[list[int]]] = {}

    @property
    def n_epoch_tokens(self) -> float:
        """Tokens of the first epoch, padding included; others differ by a few rows."""
        return float(len(self._epoch(0)) * self.n_row_tokens)

    def epochs(self, n_tokens: int) -> float:
        """How many epochs so many tokens of the stream are."""
        return n_tokens / self.n_epoch_tokens

    def at(self, start: int, n_rows: int) -> Batch:
        """So many rows, from token `start` on; it is the first of a row."""
        first = start // self.n_row_tokens
        rows = [self._row(number) for number in range(first, first + n_rows)]
        return batch_of(rows, self.n_row_tokens, self._is_causal)

    def _row(self, number: int) -> list[Example]:
        while self._starts[-1] <= number:
            self._starts.append(self._starts[-1] + len(self._epoch(len(self._starts) - 1)))
        epoch = bisect_right(self._starts, number) - 1
        return [self._examples[i] for i in self._epoch(epoch)[number - self._starts[epoch]]]

    def _epoch(self, epoch: int) -> list[list[int]]:
        if epoch not in self._known:
            self._known = {e: rows for e, rows in self._known.items() if e == epoch - 1}
            rng = np.random.default_rng((self._seed, epoch))
            rows = packed(
                self._lengths, rng.permutation(len(self._examples)).tolist(), self.n_row_tokens
            )
            self._known[epoch] = [rows[i] for i in rng.permutation(len(rows))]
        return self._known[epoch]
