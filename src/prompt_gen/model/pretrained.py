"""A stock directory to go on from: its shape, and its weights for the vocabulary of a run.

V tokens, D width
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen.config import ModelConfig
from prompt_gen.errors import Damaged, Mismatch, NotFound, SettingError
from prompt_gen.model.sizing import Shape

if TYPE_CHECKING:
    from types import ModuleType

    from torch import nn
    from transformers import PretrainedConfig, PreTrainedModel

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
_DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop", "attention_dropout")  # see training.dropout
_MAX_PADDING = 512  # rows without a token at the end, as some have to round their number up


def find(path: str | Path) -> Path:
    """The stock directory at a path, or in the run directory at that path.

    Raises:
        NotFound: no such directory, or a file is missing from it; nothing is unpickled.
    """
    where = Path(path)
    if not (where / "config.json").is_file() and (where / "bundle" / "config.json").is_file():
        where = where / "bundle"
    if not (where / "config.json").is_file():
        raise NotFound(f"no config.json in '{where}'", "Give the directory of a stock model")
    if not any((where / name).is_file() for name in _WEIGHTS):
        raise NotFound(
            f"no model.safetensors in '{where}': nothing else is read, since unpickling a file can "
            "run what is in it",
            "Where you trust it, convert it: AutoModelForCausalLM.from_pretrained(OLD)"
            ".save_pretrained(NEW), and copy the tokenizer's files",
        )
    return where


def settled(config: ModelConfig, architectures: Sequence[str]) -> ModelConfig:
    """The settings with what the directory decides; a longer model is cut to the context.

    Raises:
        NotFound, Damaged: it is not there or cannot be read.
        SettingError: its architecture has no row, or a setting asks for something else.
    """
    where = find(config.pretrained or "")
    stock = _config(where, architectures)
    wanted: dict[str, int | str | None] = {"layers": config.layers, "width": config.width}
    for name in ("positions", "start"):
        if (value := getattr(config, name)) != "auto":
            wanted[name] = value
    if "architecture" in config.model_fields_set and config.architecture != stock.model_type:
        wanted["architecture"] = config.architecture
    given = [f"model.{name} = {value}" for name, value in wanted.items() if value is not None]
    if given:
        raise SettingError(
            f"{', '.join(given)} cannot be had with model.pretrained: '{where}' is "
            f"{stock.model_type}, {stock.num_hidden_layers} x {stock.hidden_size}",
            "Leave one of them out",
        )
    holds = stock.max_position_embeddings
    if "context" in config.model_fields_set and config.context > holds:
        raise SettingError(
            f"setting 'model.context' is {config.context}, but '{where}' holds {holds} tokens",
            f"Choose at most {holds}",
        )
    settled = {"architecture": stock.model_type, "context": min(config.context, holds)}
    return config.model_copy(update=settled)


def shape(config: ModelConfig) -> Shape:
    """Blocks and hidden size of the directory."""
    stock = _config(find(config.pretrained or ""), [config.architecture])
    return Shape(stock.num_hidden_layers, stock.hidden_size)


def load(
    config: ModelConfig, part: "ModuleType", rows: Sequence[int | None], ends: tuple[int, int]
) -> "PreTrainedModel":
    """The model of the directory with a row for each token of another vocabulary.

    `rows` says which row of the weights a token has had; one that has had none begins as their
    mean, and the ends (BOS, EOS) as the ends the model knows.

    Raises:
        Damaged: the weights cannot be read, or some are missing.
        Mismatch: the vocabulary is not that of the weights.
        SettingError: the architecture is varied in a way that is not known here.
    """
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()  # it would draw over ours
    where = find(config.pretrained or "")
    stock = _config(where, [config.architecture])
    _check_variant(where, stock, part)
    for name in _DROPOUTS:
        if hasattr(stock, name):
            setattr(stock, name, 0.0)
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            where, config=stock, dtype=torch.float32, use_safetensors=True,
            local_files_only=True, output_loading_info=True,
        )  # fmt: skip
    except Exception as error:  # of safetensors, of torch, of transformers
        raise Damaged(f"the weights in '{where}' cannot be loaded: {error}", _AGAIN) from error
    model, told = loaded
    if missing := sorted(told["missing_keys"]):
        raise Damaged(f"'{where}' lacks {len(missing)} weights, e.g. {missing[0]}", _AGAIN)
    _check_rows(where, stock.vocab_size, rows)
    take_rows(model, rows, ends)
    part.cut(model, config.context)
    model.config.max_position_embeddings = config.context
    return model


def take_rows(model: "PreTrainedModel", rows: Sequence[int | None], ends: tuple[int, int]) -> None:
    """Give a model the vocabulary whose tokens have had these rows: see `load`."""
    stock: Any = model.config
    inner, outer = model.get_input_embeddings(), model.get_output_embeddings()
    assert outer is not None
    _take_rows(inner, rows, ends, stock)
    if stock.tie_word_embeddings:
        outer.weight = inner.weight
    else:
        _take_rows(outer, rows, ends, stock)
    stock.vocab_size = len(rows)
    stock.bos_token_id, stock.eos_token_id = ends
    stock.pad_token_id = ends[1]


_AGAIN = "Copy the directory again from where it came"


def _config(where: Path, architectures: Sequence[str]) -> "PretrainedConfig":
    from transformers import AutoConfig

    try:
        kind = json.loads((where / "config.json").read_text("utf-8"))["model_type"]
        if kind in architectures:
            return AutoConfig.from_pretrained(where, local_files_only=True)
    except Exception as error:  # of json, of transformers
        raise Damaged(f"'{where / 'config.json'}' cannot be read: {error!r}", _AGAIN) from error
    raise SettingError(
        f"'{where}' is of the type '{kind}', which cannot be gone on from",
        "Known: " + ", ".join(architectures),
    )


def _check_variant(where: Path, stock: "PretrainedConfig", part: "ModuleType") -> None:
    """Refuse what the graph of the architecture would compute otherwise."""
    rope = getattr(stock, "rope_parameters", None) or {}
    found: dict[str, Any] = {"rope_type": rope.get("rope_type", "default")}
    found |= {name: getattr(stock, name) for name in part.GIVEN if hasattr(stock, name)}
    expected = {"rope_type": "default", **part.GIVEN}
    if odd := [f"{name} = {value!r}" for name, value in found.items() if value != expected[name]]:
        raise SettingError(
            f"'{where}' varies {stock.model_type} in a way that is not known here: "
            + ", ".join(odd),
            "Go on from a model without that",
        )


def _check_rows(where: Path, n_rows: int, rows: Sequence[int | None]) -> None:
    n_tokens = 1 + max((row for row in rows if row is not None), default=-1)
    if not n_tokens <= n_rows <= n_tokens + _MAX_PADDING:
        raise Mismatch(
            f"the vocabulary in '{where}' has {n_tokens:,} tokens, the weights {n_rows:,}",
            "Bring the tokenizer that the model was trained with",
        )


def _take_rows(
    table: "nn.Module", rows: Sequence[int | None], ends: tuple[int, int], stock: "PretrainedConfig"
) -> None:
    import torch

    old_VD: torch.Tensor = table.weight.detach()  # type: ignore[union-attr, operator]
    taken = list(rows)
    for token, known in zip(ends, (stock.bos_token_id, stock.eos_token_id), strict=True):
        first = known[0] if isinstance(known, list) else known
        if taken[token] is None and first is not None and first < len(old_VD):
            taken[token] = first
    mean_D = old_VD.mean(0)
    new_VD = torch.stack([mean_D if row is None else old_VD[row] for row in taken])
    table.weight = torch.nn.Parameter(new_VD)
    for name in ("num_embeddings", "out_features"):
        if hasattr(table, name):
            setattr(table, name, len(taken))
