"""Bits per character: equal to a direct computation with stock transformers."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from prompt_gen import bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.evaluate.likelihood import Likelihood, _windows, joined, measure
from prompt_gen.evaluate.metrics import AMONG
from prompt_gen.run import Run
from tests.conftest import train_small
from tests.graph.graphs import with_graph


def bits(found: Likelihood) -> float:
    return found.numbers()["bits_per_char"](np.ones((1, len(found.nats_N))))[0]


def stock_among(stock, completer: Completer, lines: list[str], k: int) -> int:
    n_among, tokenizer = 0, completer.tokenizer
    for line in lines:
        ids = torch.tensor([tokenizer.bos_id, *tokenizer.encode(line), tokenizer.eos_id])
        with torch.no_grad():
            best = stock(ids[None, :-1]).logits[0].topk(k).indices
        n_among += int((best == ids[1:, None]).any(dim=1).sum())
    return n_among


def stock_bits(stock, completer: Completer, lines: list[str]) -> float:
    nats, tokenizer = 0.0, completer.tokenizer
    for line in lines:
        ids = torch.tensor([tokenizer.bos_id, *tokenizer.encode(line), tokenizer.eos_id])
        with torch.no_grad():
            logprobs = stock(ids[None, :-1]).logits[0].log_softmax(-1)
        nats -= logprobs.gather(1, ids[1:, None]).sum().item()
    return nats / math.log(2) / sum(len(line) + 1 for line in lines)


@pytest.fixture(scope="module", params=["qwen3", "gpt2"])
def of_a_kind(
    request: pytest.FixtureRequest, corpus_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """A run of each of two architectures: with rotary and with learned positions."""
    if request.param == "qwen3":
        return request.getfixturevalue("trained")
    where = tmp_path_factory.mktemp("runs") / request.param
    settings = (f"model.architecture={request.param}", "train.steps=20", "evaluate.typed=0")
    return train_small(corpus_file, where, *settings)


def test_bits_per_character_are_those_of_stock_transformers(
    of_a_kind: Run, lines: list[str], tmp_path: Path
) -> None:
    made, network = bundle.load(of_a_kind.path), EngineConfig(experts="network")
    completer = Completer.of(with_graph(made, "float32", tmp_path), network)
    stock = AutoModelForCausalLM.from_pretrained(of_a_kind.station("bundle")).eval()
    sample = [line for line in lines[::9] if len(completer.tokenizer.encode(line)) < 60]
    ours = measure(completer, sample)
    assert bits(ours) == pytest.approx(stock_bits(stock, completer, sample), abs=1e-4)
    for k, n_among in zip(AMONG, ours.among_NK.sum(axis=0), strict=True):
        assert n_among == stock_among(stock, completer, sample, k)
    in_eight_bits = measure(Completer.of(made, network), sample)
    assert bits(in_eight_bits) == pytest.approx(bits(ours), abs=0.005)


def test_the_order_and_company_of_lines_do_not_matter(
    completer: Completer, lines: list[str]
) -> None:
    together = measure(completer, lines[:40])
    backwards = measure(completer, lines[:40][::-1])
    np.testing.assert_allclose(together.nats_N, backwards.nats_N[::-1], rtol=1e-5)
    np.testing.assert_array_equal(together.among_NK, backwards.among_NK[::-1])


def test_parts_of_the_lines_are_the_lines(completer: Completer, lines: list[str]) -> None:
    parts = joined([measure(completer, lines[:7]), measure(completer, lines[7:20])])
    np.testing.assert_allclose(parts.nats_N, measure(completer, lines[:20]).nats_N, rtol=1e-5)


@pytest.mark.parametrize(
    ("nats_per_char", "n_outcomes"), [(0.0, 1), (math.log(2), 2), (math.log(8), 8)]
)
def test_a_uniform_model_has_the_bits_of_its_choice(nats_per_char: float, n_outcomes: int) -> None:
    """Characters as tokens, ends included: log2 of the outcomes, whatever the text."""
    chars_N = np.array([3, 9, 40])
    uniform = Likelihood((chars_N + 1) * nats_per_char, chars_N + 1, chars_N, np.zeros((3, 2)))
    found = {name: number(np.ones((1, 3)))[0] for name, number in uniform.numbers().items()}
    assert found["bits_per_char"] == pytest.approx(math.log2(n_outcomes))
    assert found["perplexity"] == pytest.approx(n_outcomes)
    assert found["perplexity_char"] == pytest.approx(n_outcomes)


@pytest.mark.parametrize("context", [7, 8, 65])
@pytest.mark.parametrize("n", [2, 7, 8, 9, 10, 12, 13, 14, 30, 31, 66, 67, 99, 100, 328])
def test_windows_score_every_token_once(n: int, context: int) -> None:
    ids = list(range(n))
    scored = [
        token
        for piece, n_scored in _windows(ids, context)
        for at, token in enumerate(piece)
        if at >= n_scored
    ]
    assert scored == ids[1:]
    assert all(len(piece) <= context + 1 for piece, _ in _windows(ids, context))


def test_a_line_longer_than_the_context_is_scored(completer: Completer) -> None:
    long = "平时要注意休息，" * 60
    score = measure(completer, [long])
    assert 0 < bits(score) < 20
