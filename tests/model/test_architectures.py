"""Every architecture: stock, the same from the same seed, and equal in ONNX and in torch."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from prompt_gen.config import ModelConfig
from prompt_gen.engine.language_model import chain, read_line
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import SettingError, UnknownChoice
from prompt_gen.graph import completing
from prompt_gen.model import ARCHITECTURES, Shape, build, check
from prompt_gen.training import checkpoint
from tests.graph.graphs import VOCAB, load, random_model, save

KINDS = [
    pytest.param((name, positions), id=f"{name}-{positions}")
    for name in ARCHITECTURES
    for positions in ARCHITECTURES.load(name).POSITIONS
]


def graph_of(model: PreTrainedModel, where: Path) -> Graph:
    save(model, where)
    return load(completing.export(where, "hash"), where)


def stock_probs(model: PreTrainedModel, ids: Sequence[int] | np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(torch.tensor(ids)[None]).logits[0].softmax(-1).numpy()


def is_near(found_KV: np.ndarray, expected_KV: np.ndarray) -> None:
    np.testing.assert_allclose(found_KV, expected_KV, atol=1e-5)
    np.testing.assert_allclose(np.log(found_KV), np.log(expected_KV), atol=1e-4)


@pytest.fixture(params=KINDS, scope="module")
def pair(request, tmp_path_factory) -> tuple[PreTrainedModel, Graph]:
    """A model as stock transformers have it, and its graph."""
    model = random_model(*request.param)
    return model, graph_of(model, tmp_path_factory.mktemp("graph"))


IDS = np.random.default_rng(0).integers(0, VOCAB, (2, 20)).tolist()


def test_the_graph_gives_what_stock_transformers_give(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    for line in IDS:
        probs_TV, states = read_line(graph, line)
        is_near(probs_TV, stock_probs(model, line))
        assert len(states) == len(line)


def test_only_the_wanted_rows_are_given_in_their_order(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    probs_KV, _ = graph.read(IDS[0], chain(20), [7, 3, 19])
    is_near(probs_KV, stock_probs(model, IDS[0])[[7, 3, 19]])


def test_a_line_in_pieces_is_as_good_as_the_whole(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    expected_TV = stock_probs(model, IDS[0])
    state = None
    for start, end in ((0, 5), (5, 6), (6, 13), (13, 20)):
        n = end - start
        probs_KV, states = graph.read(IDS[0][start:end], chain(n, state), range(n))
        is_near(probs_KV, expected_TV[start:end])
        state = states[-1]


def test_branches_are_read_in_one_pass(pair: tuple[PreTrainedModel, Graph]) -> None:
    """Two lines behind different tokens of a third, one of them parting in the very call."""
    model, graph = pair
    shared, (a, b) = IDS[0][:9], IDS[1][:2]
    _, states = read_line(graph, shared)
    _, (other,) = graph.read([b], [None], [0])
    n_passes = graph.n_passes
    tokens = [a, b, a, b, a, b]
    before = [states[4], 0, states[8], 0, other, None]
    probs_KV, _ = graph.read(tokens, before, range(6))
    assert graph.n_passes == n_passes + 1
    lines = [
        [*shared[:5], a], [*shared[:5], a, b], [*shared, a], [*shared[:5], a, b], [b, a], [b],
    ]  # fmt: skip
    is_near(probs_KV, np.stack([stock_probs(model, line)[-1] for line in lines]))


def test_a_state_can_be_gone_on_from_again(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    _, states = read_line(graph, IDS[0][:6])
    for token in (1, 2, 1):
        probs_KV, _ = graph.read([token], [states[2]], [0])
        is_near(probs_KV[0], stock_probs(model, [*IDS[0][:3], token])[-1])


def test_a_pass_may_have_more_tokens_than_the_context(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    lines = np.random.default_rng(1).integers(0, VOCAB, (9, 16)).tolist()
    before = [each for row in range(9) for each in chain(16, at=16 * row)]
    probs_KV, _ = graph.read([i for line in lines for i in line], before, range(9 * 16))
    is_near(probs_KV, np.concatenate([stock_probs(model, line) for line in lines]))


def test_rows_of_the_pool_are_given_back_when_states_are_dropped(
    pair: tuple[PreTrainedModel, Graph],
) -> None:
    model, graph = pair
    before = graph._pool.n_held
    _, states = read_line(graph, IDS[0])
    assert graph._pool.n_held == before + 20
    last = states[-1]
    del states
    assert graph._pool.n_held == before + 20  # the last token looks at all before it
    probs_KV, states = graph.read([3], [last], [0])
    is_near(probs_KV[0], stock_probs(model, [*IDS[0], 3])[-1])
    del last, states
    assert graph._pool.n_held == before


def test_a_pool_that_grows_keeps_its_rows(pair: tuple[PreTrainedModel, Graph]) -> None:
    model, graph = pair
    lines = np.random.default_rng(2).integers(0, VOCAB, (40, 12)).tolist()
    held = [read_line(graph, line)[1][-1] for line in lines]
    assert graph._pool.n_held >= 40 * 12
    probs_KV, _ = graph.read([5] * 40, held, range(40))
    is_near(probs_KV, np.stack([stock_probs(model, [*line, 5])[-1] for line in lines]))


@pytest.mark.parametrize("kind", KINDS)
def test_saved_weights_load_in_stock_transformers(kind: tuple[str, str], tmp_path: Path) -> None:
    model = random_model(*kind)
    checkpoint.save_best(tmp_path, checkpoint.weights_of(model), model.config)
    stock = AutoModelForCausalLM.from_pretrained(tmp_path)
    ids = range(10)
    assert type(stock) is type(model)
    np.testing.assert_array_equal(stock_probs(stock, ids), stock_probs(model, ids))


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
