"""llama.cpp has the weights that transformers have: the same numbers, and the same texts."""

from pathlib import Path

import numpy as np
import pytest

from prompt_gen.model import ARCHITECTURES
from prompt_gen.replay.peers import context
from prompt_gen.replay.peers.hf import Stocked
from prompt_gen.replay.peers.llamacpp import Loaded, ways
from prompt_gen.vocab import load_tokenizer
from tests.replay.stock import LINES, PREFIXES, stock_directory

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed (extra llamacpp)")
pytest.importorskip("gguf", reason="gguf is not installed (extra llamacpp)")

N_TOKENS = 24
LONG = "".join(LINES[:20])
BOUNDS = {"qwen3": 1e-4, "llama": 1e-4, "gpt2": 5e-3}  # its GELU is a table in float16


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def stock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stock_directory(tmp_path_factory.mktemp("stock") / request.param, request.param)


def test_float32_gives_what_transformers_give(stock: Path) -> None:
    peer, reference = Loaded(stock, 1, "F32"), Stocked(stock, 1)
    tokenizer = load_tokenizer(stock)
    n_same = 0
    for prefix in PREFIXES:
        ids = [tokenizer.bos_id, *tokenizer.encode(prefix)]
        expected = reference.logits(ids)
        np.testing.assert_allclose(peer.logits(ids), expected, atol=BOUNDS[stock.name])
        greedy = reference.generate(prefix, 1, N_TOKENS, do_sample=False)
        n_same += peer.alternatives(prefix, 1, N_TOKENS) == greedy
    assert n_same >= len(PREFIXES) - 2  # two tokens may be equally probable but for rounding


def test_q8_0_is_near(stock: Path) -> None:
    peer, reference, tokenizer = Loaded(stock, 1), Stocked(stock, 1), load_tokenizer(stock)
    ids = [tokenizer.bos_id, *tokenizer.encode("".join(PREFIXES)[:30])]
    found, expected = peer.logits(ids), reference.logits(ids)
    away = np.sqrt(np.mean((found - expected) ** 2)) / expected.std()
    assert 5e-3 < away < 0.1  # float32 would be nearer by far


def test_what_was_asked_before_changes_nothing(stock: Path) -> None:
    peer = Loaded(stock, 1, "F32")
    keys = [LINES[0][:at] for at in (3, 4, 5, 9, 4)] + [LINES[1][:6], LINES[0][:5], LONG]
    alone = [Loaded(stock, 1, "F32").alternatives(typed, 5, N_TOKENS) for typed in keys]
    assert [peer.alternatives(typed, 5, N_TOKENS) for typed in keys] == alone


def test_of_a_text_that_is_too_long_the_end_is_read(stock: Path) -> None:
    assert len(load_tokenizer(stock).encode(LONG)) > context(stock)
    (expected,) = Stocked(stock, 1).generate(LONG, 1, N_TOKENS, do_sample=False)
    (found,) = Loaded(stock, 1, "F32").alternatives(LONG, 1, N_TOKENS)
    assert found[:8] == expected[:8]  # far behind it a rounding may have grown


def test_alternatives_differ_and_samples_are_drawn_anew(stock: Path) -> None:
    found = ways(stock, 1)
    assert len(set(found["alternatives"]("高血", 5, N_TOKENS))) == 5
    samples = found["samples"]("高血", 5, N_TOKENS)
    assert len(set(samples)) == 5
    assert samples != found["samples"]("高血", 5, N_TOKENS)
