"""Gradients of a batch, a few rows at a time where memory is short."""

import gc

import torch
from torch import Tensor, nn

from prompt_gen.errors import PromptGenError
from prompt_gen.launch import n_processes, rank
from prompt_gen.run import Event, Watch
from prompt_gen.training import distributed
from prompt_gen.training.batches import Batch
from prompt_gen.training.devices import Device
from prompt_gen.training.loss import Sample

_SHORT = ("can't allocate memory", "not enough memory", "out of memory")


class Gradients:
    """Computes gradients of the mean loss of batches, the rows shared by all processes.

    `micro_rows` is how many rows are in memory at a time; 0: all, and half as many each time
    that the memory is short.
    """

    def __init__(self, objective: nn.Module, device: Device, micro_rows: int, watch: Watch) -> None:
        self._objective, self._device, self._watch = objective, device, watch
        self.micro_rows = micro_rows

    def add(self, batch: Batch, sample: Sample | None) -> Tensor:
        """This process's part of the batch's mean loss, nats per token; the parts add up to it.

        The gradients are those of the whole batch, in every process.

        Raises:
            PromptGenError: the memory is too small for a single row.
        """
        mine = batch.rows(distributed.own(len(batch.tokens_BT)))
        while True:
            try:
                return self._sum(mine, sample, batch.n_targets)
            except (MemoryError, RuntimeError) as error:
                if not _is_short(error):
                    raise
            # Only here, where the error no more holds what was computed.
            self._take_fewer(len(mine.tokens_BT))

    def _sum(self, batch: Batch, sample: Sample | None, n_targets: int) -> Tensor:
        device, n_rows = self._device.torch, len(batch.tokens_BT)
        sample = sample.to(device) if sample else None
        starts = range(0, n_rows, self.micro_rows or n_rows)
        loss = torch.zeros((), device=device)
        for start in starts:
            piece = batch.rows(slice(start, start + starts.step)).to(device)
            with distributed.alone(self._objective, start != starts[-1]):
                with self._device.precision():
                    part = self._objective(piece, sample) / n_targets
                # Backward passes mean over the processes, and the parts are to be summed.
                (part * n_processes()).backward()
            loss += part.detach()
        return loss

    def _take_fewer(self, n_rows: int) -> None:
        at_once = min(self.micro_rows or n_rows, n_rows)
        if n_processes() > 1:  # the others wait for an answer to this very pass
            raise PromptGenError(
                f"process {rank()} has not enough memory for {at_once} rows at a time",
                f"Start over with --force and --set train.micro_rows={max(1, at_once // 2)}",
            )
        if at_once == 1:
            raise PromptGenError(
                "there is not enough memory for one row of a batch",
                "Start over with --force and a smaller model.context, model.width or vocab.size",
            )
        self.micro_rows = at_once // 2
        for parameter in self._objective.parameters():
            parameter.grad = None
        gc.collect()
        if self._device.torch.type != "cpu":
            getattr(torch, self._device.torch.type).empty_cache()
        told = f"memory is short: {self.micro_rows} rows of a batch at a time from here on"
        self._watch(Event("training", "note", facts={"warning": told}))


def _is_short(error: Exception) -> bool:
    """Whether an error means that the memory, of the machine or the card, is used up."""
    is_its_type = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return is_its_type or any(sign in str(error).lower() for sign in _SHORT)
