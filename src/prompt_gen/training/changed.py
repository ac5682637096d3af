"""Which weights of a model a run changes: all, those of the last blocks, or small ones beside them.

Small ones are LoRA's: beside each frozen matrix W a product of two thin ones, B A, that begins at
zero; what is saved is W + scale B A, a stock model again.
Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1.
"""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from prompt_gen.config import TuneConfig
from prompt_gen.errors import SettingError
from prompt_gen.training import checkpoint

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_BLOCK = re.compile(r"\.(?:layers|h)\.(\d+)\.")
_HEADS = ("score.", "classifier.")  # of tasks; fresh, so always learned
_BASE, _NAME = ".base_layer.", "default"  # what peft puts into names


def choose(model: "PreTrainedModel", config: TuneConfig, seed: int) -> None:
    """Freeze what is not to be changed; put LoRA's matrices into the model if they are asked for.

    Raises:
        SettingError: more last blocks than there are.
    """
    if config.weights == "last":
        _freeze_all_but_last(model, config.last)
    elif config.weights == "lora":
        _put_in_lora(model, config, seed)


def _freeze_all_but_last(model: "PreTrainedModel", n_last: int) -> None:
    n_blocks = model.config.num_hidden_layers
    if n_last > n_blocks:
        raise SettingError(
            f"setting 'tune.last' is {n_last}, but the model has {n_blocks} blocks",
            f"Choose at most {n_blocks}, or tune.weights = all",
        )
    first = n_blocks - n_last
    embeddings = {id(p) for p in model.get_input_embeddings().parameters()}
    for name, parameter in model.named_parameters():
        found = _BLOCK.search(f".{name}")
        is_behind = int(found[1]) >= first if found else _is_behind_blocks(name)
        parameter.requires_grad = (
            parameter.requires_grad and is_behind and id(parameter) not in embeddings
        )


def _is_behind_blocks(name: str) -> bool:
    """Whether a weight outside the blocks is the last norm or the head."""
    return name.endswith(("ln_f.weight", "ln_f.bias", "model.norm.weight", "lm_head.weight")) or (
        name.startswith(_HEADS)
    )


def _put_in_lora(model: "PreTrainedModel", config: TuneConfig, seed: int) -> None:
    from peft import LoraConfig, inject_adapter_in_model

    modules = model.base_model.named_modules()
    inside = [n for n, m in modules if _BLOCK.search(f".{n}.") and _is_matrix(m)]
    targets = sorted({name.rpartition(".")[2] for name in inside})
    torch.manual_seed(seed)
    lora = LoraConfig(r=config.lora_rank, lora_alpha=config.lora_alpha, target_modules=targets)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fan_in_fan_out")  # it finds out by itself
        inject_adapter_in_model(lora, model)
    for name, parameter in model.named_parameters():
        if name.startswith(_HEADS):
            parameter.requires_grad = True


def _is_matrix(module: nn.Module) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, torch.Tensor) and weight.ndim == 2


def stock_weights(model: nn.Module) -> dict[str, torch.Tensor]:
    """Weights of a stock model that computes the same, by stock names; `model` stays as it is."""
    weights = checkpoint.weights_of(model)
    changes = {
        name: module.get_delta_weight(_NAME).detach().float().cpu()  # type: ignore[operator]
        for name, module in model.named_modules()
        if hasattr(module, "get_delta_weight") and hasattr(module, "lora_A")
    }
    merged = {}
    for name, tensor in weights.items():
        if ".lora_" in name:
            continue
        owner, base, rest = name.partition(_BASE)
        if base and rest == "weight" and owner in changes:
            tensor = (tensor + changes[owner]).contiguous()
        merged[f"{owner}.{rest}" if base else name] = tensor
    return merged


def save_stock(directory: Path, model: "PreTrainedModel") -> None:
    """Write a model as a stock directory."""
    checkpoint.save_best(directory, stock_weights(model), model.config)


def scales(model: "PreTrainedModel", config: TuneConfig) -> Callable[[str], float]:
    """The factor on the learning rate of a weight, by its name: `layer_decay` for each step down.

    Source: Howard and Ruder 2018, "Universal Language Model Fine-tuning", section 3.2.
    """
    n_blocks = model.config.num_hidden_layers
    return lambda name: config.layer_decay ** _n_behind(name, n_blocks)


def _n_behind(name: str, n_blocks: int) -> int:
    """How many blocks stand behind a weight, and one more for embeddings; 0 at the end."""
    found = _BLOCK.search(f".{name}")
    if found:
        return n_blocks - 1 - int(found[1])
    return 0 if _is_behind_blocks(name) else n_blocks
