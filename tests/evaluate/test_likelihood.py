"""Bits per character: equal to a direct computation with stock transformers."""

import math

import pytest
import torch
from transformers import AutoModelForCausalLM

from prompt_gen.engine import Completer
from prompt_gen.evaluate.likelihood import _windows, measure
from prompt_gen.run import Run


@pytest.fixture(scope="module")
def stock(trained: Run):
    return AutoModelForCausalLM.from_pretrained(trained.station("bundle")).eval()


def stock_bits(stock, completer: Completer, lines: list[str]) -> float:
    nats, tokenizer = 0.0, completer.tokenizer
    for line in lines:
        ids = torch.tensor([tokenizer.bos_id, *tokenizer.encode(line), tokenizer.eos_id])
        with torch.no_grad():
            logprobs = stock(ids[None, :-1]).logits[0].log_softmax(-1)
        nats -= logprobs.gather(1, ids[1:, None]).sum().item()
    return nats / math.log(2) / sum(len(line) + 1 for line in lines)


def test_bits_per_character_are_those_of_stock_transformers(
    stock, completer: Completer, lines: list[str]
) -> None:
    sample = [line for line in lines[::9] if len(completer.tokenizer.encode(line)) < 60]
    ours = measure(completer, sample, lambda *_: None)
    assert ours.bits_per_char == pytest.approx(stock_bits(stock, completer, sample), abs=1e-4)
    assert ours.lines == len(sample)


def test_the_order_and_company_of_lines_do_not_matter(
    completer: Completer, lines: list[str]
) -> None:
    together = measure(completer, lines[:40], lambda *_: None)
    backwards = measure(completer, lines[:40][::-1], lambda *_: None)
    assert together.bits_per_char == pytest.approx(backwards.bits_per_char, abs=1e-6)
    assert together.perplexity == pytest.approx(backwards.perplexity, rel=1e-6)


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
    score = measure(completer, [long], lambda *_: None)
    assert 0 < score.bits_per_char < 20
