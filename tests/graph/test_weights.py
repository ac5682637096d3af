"""Matrices in fewer bits: near float32, the same in any company, as good on held-out lines."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from prompt_gen import bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import read_line
from prompt_gen.evaluate import likelihood
from prompt_gen.graph import completing, weights
from prompt_gen.model import ARCHITECTURES
from prompt_gen.run import Run
from tests.conftest import lines_of, train_small
from tests.graph import graphs


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_int8_is_near_float32(architecture: str, tmp_path: Path) -> None:
    model = graphs.random_model(architecture)
    graphs.save(model, tmp_path)
    ids_S = np.random.default_rng(0).integers(0, graphs.VOCAB, 40)
    exact = completing.export(tmp_path, "hash")
    small = completing.export(tmp_path, "hash", weights.KINDS["int8"])
    assert b"MatMulNBits" in small
    assert b"MatMulNBits" not in exact
    graph = graphs.load(small, tmp_path)
    probs_SV, _ = read_line(graph, ids_S.tolist())
    expected_SV = graphs.stock_logprobs(model, ids_S[None])[0]
    errors_SV = np.log(probs_SV) - expected_SV
    # Weights at random are as hard to round as any; of a trained model see below.
    assert np.abs(errors_SV).max() < 0.3
    assert errors_SV.std() < 0.05 * expected_SV.std()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize(("kind", "bound"), [("int8", 0.05), ("dynamic", 0.1), ("int4", 0.5)])
def test_a_whole_graph_needs_no_other_file(
    architecture: str, kind: str, bound: float, tmp_path: Path
) -> None:
    model = graphs.random_model(architecture)
    graphs.save(model, tmp_path)
    how = {"whole": True, "look_up": weights.rounded_rows}
    graph = completing.export(tmp_path, "hash", weights.KINDS[kind], **how)
    full = (tmp_path / "model.safetensors").stat().st_size
    (tmp_path / "model.safetensors").unlink()
    ids_S = np.random.default_rng(0).integers(0, graphs.VOCAB, 40)
    probs_SV, _ = read_line(graphs.load(graph, tmp_path), ids_S.tolist())
    expected_SV = graphs.stock_logprobs(model, ids_S[None])[0]
    assert (np.log(probs_SV) - expected_SV).std() < bound * expected_SV.std()
    assert len(graph) < 0.4 * full


def test_widths_that_are_no_multiple_of_a_block_are_filled_up(tmp_path: Path) -> None:
    config = LlamaConfig(
        vocab_size=graphs.VOCAB, hidden_size=96, intermediate_size=160, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    graphs.save(model, tmp_path)
    graph = graphs.load(completing.export(tmp_path, "hash", weights.KINDS["int8"]), tmp_path)
    ids_S = np.arange(20)
    probs_SV, _ = read_line(graph, ids_S.tolist())
    expected_SV = graphs.stock_logprobs(model, ids_S[None])[0]
    assert np.abs(np.log(probs_SV) - expected_SV).max() < 0.05


@pytest.mark.parametrize("kind", ["int8", "dynamic"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_is_said_of_a_text_does_not_depend_on_what_else_is_read(
    architecture: str, kind: str, tmp_path: Path
) -> None:
    graphs.save(graphs.random_model(architecture), tmp_path)
    graph = graphs.load(completing.export(tmp_path, "hash", weights.KINDS[kind]), tmp_path)
    _, states = read_line(graph, [5, 6, 7])
    alone_1V, _ = graph.read([8], [states[-1]], [0])
    others = list(range(10, 40))
    among_1V, _ = graph.read([8, *others], [states[-1], *[None] * len(others)], [0])
    np.testing.assert_allclose(among_1V, alone_1V, rtol=1e-4)


def test_int8_is_as_good_as_float32_on_held_out_lines(trained: Run, tmp_path: Path) -> None:
    made = bundle.load(trained.path)
    lines = lines_of("health-zh.txt")[-200:]
    bits = []
    for kind in ("float32", "int8"):
        there = tmp_path / kind
        there.mkdir()
        same = graphs.with_graph(made, kind, there)
        engine = EngineConfig(threads=1, experts="network")
        scores = likelihood.measure(Completer.of(same, engine), lines)
        bits.append(scores.nats_N.sum() / np.log(2) / scores.chars_N.sum())
    assert bits[0] != bits[1]
    assert bits[1] == pytest.approx(bits[0], abs=0.005)


def test_rounding_keeps_the_largest_of_a_block_and_zeros() -> None:
    matrix_OI = np.random.default_rng(0).normal(size=(3, 128)).astype(np.float32)
    matrix_OI[1, :64] = 0
    numbers_OBS, scale_OB = weights.rounded(matrix_OI, bits=8, size=64)
    found_OI = (numbers_OBS * scale_OB[..., None]).reshape(3, 128)
    assert np.abs(numbers_OBS).max() == 127
    assert (found_OI[1, :64] == 0).all()
    assert (np.abs(found_OI - matrix_OI) <= scale_OB.repeat(64, axis=1) / 2 + 1e-7).all()


def test_a_run_completes_by_int8(trained: Run) -> None:
    made = bundle.load(trained.path)
    assert made.facts["graph"] == {"weights": "int8"}
    assert b"MatMulNBits" in made.graph.read_bytes()


@pytest.mark.train
def test_float32_can_be_asked_for(corpus_file: Path, tmp_path: Path) -> None:
    run = train_small(
        corpus_file,
        tmp_path / "exact",
        "export.weights='float32'",
        "train.steps=2",
        "evaluate.typed=0",
    )
    made = bundle.load(run.path)
    assert made.facts["graph"] == {"weights": "float32"}
    assert b"MatMulNBits" not in made.graph.read_bytes()
