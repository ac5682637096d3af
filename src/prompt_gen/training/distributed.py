"""Several processes that train one model: what they agree on and what they share.

The first process does all that is not training, and alone prints and writes; the others wait for
its shards and train along. Without a launcher everything here is the identity.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from functools import cache
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import Store
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.rendezvous import rendezvous
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from prompt_gen.errors import Interrupted
from prompt_gen.launch import is_first, n_processes, rank

_STATIONS = timedelta(days=2)  # at most from the start to the first step; the launcher ends us
_ANSWER = timedelta(minutes=10)  # at most until the others answer in training
_READY = "prompt-gen/shards"


def await_first() -> None:
    """Come back when the first process has made what is trained on.

    Until then there is nothing to save, and torch would not listen: signals end this process.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    _store().wait([_READY], _STATIONS)


@contextmanager
def together() -> Iterator[None]:
    """All processes can speak to each other inside; the others may go on as soon as the first is.

    Raises:
        Interrupted: another process has ended or does not answer.
    """
    if n_processes() == 1:
        yield
        return
    store = _store()
    if is_first():
        store.set(_READY, "1")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        dist.init_process_group(
            backend, store=store, rank=rank(), world_size=n_processes(), timeout=_ANSWER
        )
        yield
    except (dist.DistError, RuntimeError) as error:
        if not _is_of_another(error):
            raise
        raise Interrupted(
            f"process {rank()} of {n_processes()} has lost another one",
            "What ended it is said by that one; go on with --resume",
        ) from error
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


@cache  # a second one would have to listen on the same port
def _store() -> Store:
    store, _, _ = next(iter(rendezvous("env://", timeout=_STATIONS)))
    return store


def _is_of_another(error: Exception) -> bool:
    """Whether an error says that another process is gone."""
    signs = ("Connection closed by peer", "Connection reset", "Timed out", "Broken pipe", "gloo")
    return isinstance(error, dist.DistError) or any(sign in str(error) for sign in signs)


# -- what they agree on ------------------------------------------------------------------------


def of_first(value: float) -> float:
    """The first process's value."""
    if n_processes() == 1:
        return value
    told = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(told, 0)
    return told.item()


def of_any(value: bool) -> bool:
    """Whether it is so in any process."""
    return total(torch.tensor(float(value))).item() > 0


def total(value: Tensor) -> Tensor:
    """The sum over all processes."""
    if n_processes() > 1:
        dist.all_reduce(value)
    return value


# -- what they share ---------------------------------------------------------------------------


def shared(n_rows: int) -> int:
    """About so many rows of a batch, the same number for each process.

    Weights in pieces are gathered at every pass, so all must make as many passes.
    """
    return max(1, round(n_rows / n_processes())) * n_processes()


def own(n_rows: int) -> slice:
    """The rows of a batch that this process takes."""
    first, after = (n_rows * r // n_processes() for r in (rank(), rank() + 1))
    return slice(first, after)


def wrap(objective: nn.Module, sharding: Literal["ddp", "fsdp"]) -> nn.Module:
    """The module whose backward pass means gradients over the processes.

    ddp: each process holds all weights. fsdp: each holds a piece of every weight, and blocks are
    put together one after the other; the parameters are DTensors from then on.
    """
    if n_processes() == 1:
        return objective
    if sharding == "ddp":
        return DistributedDataParallel(objective)
    model: Any = objective.model
    for module in model.modules():
        if type(module).__name__ in model._no_split_modules:
            fully_shard(module)
    # In place; whole weights left behind by a look at validation lines would hide the pieces.
    fully_shard(objective, reshard_after_forward=True)
    return objective


@contextmanager
def alone(module: nn.Module, is_alone: bool) -> Iterator[None]:
    """Gradients of what runs inside stay in this process; a later backward pass brings them out."""
    if isinstance(module, FSDPModule):
        module.set_requires_gradient_sync(not is_alone)
    is_ddp = isinstance(module, DistributedDataParallel)
    with module.no_sync() if is_ddp and is_alone else nullcontext():
        yield


def whole(tensor: Tensor) -> Tensor:
    """The whole of a tensor of which each process may hold a piece; all have to ask for it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def like(tensor: Tensor, other: Tensor) -> Tensor:
    """A whole tensor, in pieces where `other` is, and on its device."""
    if not isinstance(other, DTensor) or tensor.shape != other.shape:
        return tensor.to(other.device)
    tensor = tensor.to(other.device)
    return distribute_tensor(tensor, other.device_mesh, other.placements, src_data_rank=None)
