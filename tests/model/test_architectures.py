"""Every architecture: stock, the same from the same seed, and equal in ONNX and in torch."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from prompt_gen.config import ModelConfig
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import SettingError, UnknownChoice
from prompt_gen.export import onnx
from prompt_gen.model import ARCHITECTURES, Shape, build, check
from prompt_gen.training import checkpoint

VOCAB = 300
KINDS = [
    pytest.param(name, positions, id=f"{name}-{positions}")
    for name in ARCHITECTURES
    for positions in ARCHITECTURES.load(name).POSITIONS
]


def random_model(architecture: str, positions: str = "auto") -> PreTrainedModel:
    """A model whose every weight matters: fresh ones hold zeros and ones."""
    config = ModelConfig(architecture=architecture, positions=positions, context=64)
    model = build(config, Shape(2, 128), VOCAB, seed=0).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def graph_of(model: PreTrainedModel, where: Path) -> Graph:
    checkpoint.save_best(where, checkpoint.weights_of(model), model.config)
    (where / "model.onnx").write_bytes(onnx.export(where, "hash"))
    bundle = SimpleNamespace(graph=where / "model.onnx", tokenizer=SimpleNamespace(hash="hash"))
    return Graph(bundle)  # type: ignore[arg-type]


def stock_logprobs(model: PreTrainedModel, ids: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.from_numpy(ids)[None]).logits[0].log_softmax(-1).numpy()


@pytest.mark.parametrize(("architecture", "positions"), KINDS)
def test_the_graph_gives_what_stock_transformers_give(
    architecture: str, positions: str, tmp_path: Path
) -> None:
    model = random_model(architecture, positions)
    graph = graph_of(model, tmp_path)
    ids = np.random.default_rng(0).integers(0, VOCAB, (2, 20))
    expected = [stock_logprobs(model, row) for row in ids]

    # Both rows at once, the second one padded.
    lengths = np.array([20, 13])
    logprobs, _ = graph.full(ids, lengths, graph.empty_cache(), np.zeros(2, int))
    np.testing.assert_allclose(logprobs[:20], expected[0], atol=1e-4)
    np.testing.assert_allclose(logprobs[20:], expected[1][:13], atol=1e-4)

    # In pieces: a shared beginning, two rows that part from it, then one token each.
    last, cache = graph.read(ids[0, :5], graph.empty_cache())
    np.testing.assert_allclose(last, expected[0][4], atol=1e-4)
    rows = np.stack([ids[0, 5:8], [ids[0, 5], 0, 0]])
    logprobs, cache = graph.full(rows, np.array([3, 1]), cache, np.zeros(2, int))
    np.testing.assert_allclose(logprobs[:3], expected[0][5:8], atol=1e-4)
    np.testing.assert_allclose(logprobs[3], expected[0][5], atol=1e-4)
    top, best, cache = graph.next(ids[0, [6, 8]], cache, np.array([1, 0]), 5)
    for row, at in enumerate((6, 8)):
        np.testing.assert_allclose(top[row, 0], expected[0][at].max(), atol=1e-4)
        assert best[row, 0] == expected[0][at].argmax()
    assert list(cache.n_tokens_R) == [7, 9]


@pytest.mark.parametrize(("architecture", "positions"), KINDS)
def test_saved_weights_load_in_stock_transformers(
    architecture: str, positions: str, tmp_path: Path
) -> None:
    model = random_model(architecture, positions)
    checkpoint.save_best(tmp_path, checkpoint.weights_of(model), model.config)
    stock = AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = np.arange(10)
    assert type(stock) is type(model)
    np.testing.assert_array_equal(stock_logprobs(stock, ids), stock_logprobs(model, ids))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_config_says_what_converters_read(architecture: str, tmp_path: Path) -> None:
    model = random_model(architecture)
    model.config.save_pretrained(tmp_path)
    written = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert written["architectures"] == [type(model).__name__]
    if "rope_parameters" in written:  # converters of before it look one level up
        assert written["rope_theta"] == written["rope_parameters"]["rope_theta"] == 10_000


def test_sinusoids_are_those_of_the_paper_and_stay(tmp_path: Path) -> None:
    config = ModelConfig(architecture="gpt2", positions="sinusoidal", context=64)
    table = build(config, Shape(1, 64), VOCAB, seed=0).transformer.wpe.weight
    scale = 0.02  # as large as fresh embeddings
    for position, pair in ((0, 0), (1, 0), (7, 3), (63, 31)):
        angle = position / 10_000 ** (2 * pair / 64)
        found = table[position, 2 * pair : 2 * pair + 2].tolist()
        assert found == pytest.approx([scale * np.sin(angle), scale * np.cos(angle)], abs=1e-7)
    assert not table.requires_grad


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"architecture": "gpt3"}, UnknownChoice, "'gpt2'"),
        ({"architecture": "gpt2", "positions": "rotary"}, SettingError, "learned, sinusoidal"),
        ({"architecture": "llama", "positions": "learned"}, SettingError, "It has: rotary"),
    ],
)
def test_what_an_architecture_does_not_have_is_refused(settings, error, says: str) -> None:
    with pytest.raises(error, match=says):
        check(ModelConfig(**settings))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_seed_decides_the_weights(architecture: str) -> None:
    config = ModelConfig(architecture=architecture)
    first, same, other = (build(config, Shape(1, 64), VOCAB, seed) for seed in (1, 1, 2))
    weights = [next(model.parameters()) for model in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_future_does_not_reach_the_past(architecture: str) -> None:
    model = random_model(architecture)
    embedded = model.get_input_embeddings()(torch.arange(12)[None]).detach().requires_grad_()
    model(inputs_embeds=embedded).logits[0, 5].sum().backward()
    reached = embedded.grad[0].abs().sum(-1) > 0
    assert reached.tolist() == [True] * 6 + [False] * 6
