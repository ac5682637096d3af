"""Models whose every weight matters, and their graphs, loaded."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from transformers import PreTrainedModel

from prompt_gen.bundle import Bundle
from prompt_gen.config import ModelConfig
from prompt_gen.engine.runtime import Graph
from prompt_gen.graph import completing, weights
from prompt_gen.model import Shape, build
from prompt_gen.training import checkpoint

VOCAB, CONTEXT = 300, 64


def random_model(architecture: str, positions: str = "auto") -> PreTrainedModel:
    """Fresh weights hold zeros and ones; these do not."""
    config = ModelConfig(architecture=architecture, positions=positions, context=CONTEXT)
    model = build(config, Shape(2, 128), VOCAB, seed=0).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def save(model: PreTrainedModel, where: Path) -> None:
    checkpoint.save_best(where, checkpoint.weights_of(model), model.config)


def load(graph: bytes, where: Path) -> Graph:
    """A graph beside its weights."""
    path = where / "model.onnx"
    path.write_bytes(graph)
    bundle = SimpleNamespace(graph=path, tokenizer=SimpleNamespace(hash="hash"))
    return Graph(bundle, n_threads=1)  # type: ignore[arg-type]


def with_graph(made: Bundle, kind: str, where: Path) -> Bundle:
    """A bundle that completes with weights of a kind: its model and tokenizer, no memory."""
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(made.path / name, where / name)
    graph = completing.export(where, made.tokenizer.hash, weights.KINDS[kind])
    (where / "model.onnx").write_bytes(graph)
    return replace(made, path=where)


def stock_logprobs(model: PreTrainedModel, ids: np.ndarray) -> np.ndarray:
    """Rows of tokens [B, S] to [B, S, V]."""
    with torch.no_grad():
        return model(torch.from_numpy(ids)).logits.log_softmax(-1).numpy()
