"""Checkpoints: everything a run needs to go on as if nothing had happened.

A checkpoint is a directory `step-N` with the weights, the state of the optimizers and the mean of
the weights (safetensors: nothing is unpickled), `state.json` with where the run was, and the
SHA-256 of all three. It is staged, synced and renamed, so that a crash leaves the one before it.
Random numbers have no state: they depend on the seed, the step and the process alone. Tensors are
whole however many processes hold pieces of them, so that any number of processes can go on.

The weights for the bundle lie in `best`, with their SHA-256 too.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as serialize
from torch import nn

from prompt_gen.errors import Damaged, Mismatch
from prompt_gen.storage import (
    check_sealed,
    clear_leftovers,
    staged_directory,
    write_sealed,
)
from prompt_gen.training import distributed
from prompt_gen.training.average import Average
from prompt_gen.training.distributed import like, whole

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

_FILES = ("model.safetensors", "optimizer.safetensors", "state.json")
_BEST = ("model.safetensors", "config.json")


@dataclass
class Progress:
    """Where a run is: counted in steps, seconds and the best validation seen."""

    step: int = 0
    n_tokens: int = 0  # of the stream of training text
    elapsed_s: float = 0.0
    best_bits: float = float("inf")  # bits per character
    best_step: int = 0
    best_is_mean: bool = False  # the best weights are the mean of those of many steps
    n_validations: int = 0
    n_worse: int = 0  # validations in a row that did not improve
    looks_s: float = 0.0  # wall time of the looks below
    looks: list[dict[str, Any]] = field(default_factory=list)  # `advice.Look`, oldest first


@dataclass(frozen=True)
class Held:
    """What a run holds in memory and a checkpoint on disk."""

    model: nn.Module
    optimizers: list[torch.optim.Optimizer]
    average: Average


def save(directory: Path, held: Held, state: dict[str, Any], print_: str, keep: int) -> Path:
    """Write `step-N` and remove all but the newest `keep`; `state` has at least the progress.

    Of several processes all have to call, and the first writes.
    """
    path = directory / f"step-{state['progress']['step']:08d}"
    weights, others = weights_of(held.model), _other_tensors(held)
    if not distributed.is_first():
        return path
    clear_leftovers(directory)
    record = {"fingerprint": print_, **state, "averaged": held.average.n}
    text = json.dumps(record, indent=1) + "\n"
    contents = (_stock(weights), serialize(others), text.encode())
    with staged_directory(path) as staged:
        write_sealed(staged, dict(zip(_FILES, contents, strict=True)))
    older = [step for step in _steps(directory) if step != path]
    for old in older[keep - 1 :]:
        shutil.rmtree(old)
    return path


def save_best(
    directory: Path, weights: dict[str, torch.Tensor], config: "PreTrainedConfig"
) -> None:
    """Write a stock model directory that `check_best` can vouch for."""
    contents = (_stock(weights), config.to_json_string().encode())
    with staged_directory(directory) as staged:
        write_sealed(staged, dict(zip(_BEST, contents, strict=True)))


def check_best(directory: Path) -> None:
    """Compare the best weights with their checksum.

    Raises:
        Damaged: they are not what was written.
    """
    check_sealed(directory, _BEST)


def weights_of(model: nn.Module) -> dict[str, torch.Tensor]:
    """The model's weights under the names stock transformers uses, tied ones once."""
    seen: set[int] = set()
    tensors = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            tensors[name] = whole(tensor.detach()).float().contiguous().cpu()
    return tensors


def _stock(weights: dict[str, torch.Tensor]) -> bytes:
    """Weights as stock transformers reads them."""
    # Written by Python, so that a full disk is the operating system's own error.
    return serialize(weights, metadata={"format": "pt"})


def load_weights(model: nn.Module, path: Path) -> None:
    """Weights of a checkpoint into a model of the same shape."""
    into, weights = model.state_dict(), load_file(path)
    weights = {k: like(v, into[k]) if k in into else v for k, v in weights.items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    if unexpected or set(missing) - tied:
        raise Mismatch(
            f"'{path}' holds the weights of another model ({(*missing, *unexpected)[:3]})",
            "Start over with --force",
        )


def newest(directory: Path, print_: str) -> tuple[Path, dict[str, Any], list[str]]:
    """The newest whole checkpoint, its state, and what was wrong with newer ones.

    Raises:
        Damaged: none is whole.
        Mismatch: it belongs to other data or settings.
    """
    problems: list[str] = []
    damaged: list[Path] = []
    for path in _steps(directory):
        try:
            check_sealed(path, _FILES)
        except Damaged as error:
            problems.append(error.message)
            damaged.append(path)
            continue
        state = json.loads((path / "state.json").read_text("utf-8"))
        if state["fingerprint"] != print_:
            raise Mismatch(
                f"the checkpoints in '{directory}' belong to data or settings "
                f"{state['fingerprint']}, now they are {print_}",
                "Resume with the same files and settings, or start over with --force",
            )
        if distributed.is_first():
            for each in damaged:
                _put_away(each)
        return path, state, problems
    raise Damaged(
        f"no whole checkpoint in '{directory}'" + "".join(f"; {p}" for p in problems),
        "Start over with --force",
    )


def _put_away(path: Path) -> None:
    """Have a damaged checkpoint out of the way, but not thrown away."""
    away = path.with_name(f"damaged-{path.name}")
    shutil.rmtree(away, ignore_errors=True)
    path.rename(away)


def exists(directory: Path) -> bool:
    """Whether any checkpoint has been written."""
    return bool(_steps(directory))


def restore(path: Path, held: Held) -> None:
    """Put a checkpoint's weights, optimizer state and mean back."""
    load_weights(held.model, path / _FILES[0])
    tensors = load_file(path / _FILES[1])
    held.average.n = json.loads((path / "state.json").read_text("utf-8"))["averaged"]
    if held.average.n:
        weights = enumerate(held.model.parameters())
        held.average.tensors = [like(tensors.pop(f"average.{i}"), w) for i, w in weights]
    for number, optimizer in enumerate(held.optimizers):
        record = optimizer.state_dict()
        record["state"] = {}
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for key, tensor in tensors.items():
            owner, parameter, name = key.split(".")
            if int(owner) == number:
                spread = like(tensor, parameters[int(parameter)])
                record["state"].setdefault(int(parameter), {})[name] = spread
        optimizer.load_state_dict(record)


def _other_tensors(held: Held) -> dict[str, torch.Tensor]:
    """All that is not weights, by name: `average.N`, `OPTIMIZER.PARAMETER.NAME`."""
    tensors = {f"average.{i}": whole(mean).cpu() for i, mean in enumerate(held.average.tensors)}
    for number, optimizer in enumerate(held.optimizers):
        for parameter, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                kept = whole(torch.as_tensor(value)).contiguous().cpu()
                tensors[f"{number}.{parameter}.{name}"] = kept
    return tensors


def _steps(directory: Path) -> list[Path]:
    """Checkpoints, newest first, by step and not by clock."""
    return sorted(directory.glob("step-*"), key=lambda path: int(path.name[5:]), reverse=True)
