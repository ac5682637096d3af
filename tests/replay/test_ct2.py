"""CTranslate2 has the weights that transformers have: the same numbers, and the same texts."""

from pathlib import Path

import numpy as np
import pytest

from prompt_gen.model import ARCHITECTURES
from prompt_gen.replay.peers import context
from prompt_gen.replay.peers.ct2 import Converted, ways
from prompt_gen.replay.peers.hf import Stocked
from prompt_gen.vocab import load_tokenizer
from tests.replay.stock import LINES, PREFIXES, stock_directory

pytest.importorskip("ctranslate2", reason="CTranslate2 is not installed (extra bench)")

N_TOKENS = 24
LONG = "".join(LINES[:20])


@pytest.fixture(scope="module", params=list(ARCHITECTURES))
def stock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stock_directory(tmp_path_factory.mktemp("stock") / request.param, request.param)


def test_float32_gives_what_transformers_give(stock: Path) -> None:
    peer, reference = Converted(stock, 1, "float32"), Stocked(stock, 1)
    tokenizer = load_tokenizer(stock)
    for prefix in PREFIXES:
        ids = [tokenizer.bos_id, *tokenizer.encode(prefix)]
        np.testing.assert_allclose(peer.logits(ids), reference.logits(ids), atol=2e-4)
        expected = reference.generate(prefix, 1, N_TOKENS, do_sample=False)
        assert peer.generate(prefix, 1, N_TOKENS) == expected


def test_int8_is_near(stock: Path) -> None:
    peer, reference, tokenizer = Converted(stock, 1), Stocked(stock, 1), load_tokenizer(stock)
    ids = [tokenizer.bos_id, *tokenizer.encode("".join(PREFIXES)[:30])]
    found, expected = peer.logits(ids), reference.logits(ids)
    away = np.sqrt(np.mean((found - expected) ** 2)) / expected.std()
    assert 1e-3 < away < 0.1  # float32 would be nearer by far


def test_ways_give_as_many_texts_as_are_asked_for(stock: Path) -> None:
    for way in ways(stock, 1).values():
        assert [len(way("高血", n, 6)) for n in (1, 3, 5)] == [1, 3, 5]


def test_alternatives_begin_with_the_most_probable_tokens(stock: Path) -> None:
    peer, tokenizer = Converted(stock, 1, "float32"), load_tokenizer(stock)
    last = Stocked(stock, 1).logits([tokenizer.bos_id, *tokenizer.encode("高血")])[-1]
    best = [tokenizer.decode([i]) for i in np.argsort(-last)[:5].tolist()]
    assert peer.alternatives("高血", 5, 1) == best


def test_the_first_alternative_is_the_greedy_one_however_long_the_text(stock: Path) -> None:
    peer = Converted(stock, 1, "float32")
    for typed in (*PREFIXES[:10], LONG[:40]):
        assert peer.alternatives(typed, 5, N_TOKENS)[:1] == peer.generate(typed, 1, N_TOKENS)


def test_of_a_text_that_is_too_long_the_end_is_read(stock: Path) -> None:
    assert len(load_tokenizer(stock).encode(LONG)) > context(stock)
    stocked = Stocked(stock, 1).generate(LONG, 1, N_TOKENS, do_sample=False)
    assert Converted(stock, 1, "float32").generate(LONG, 1, N_TOKENS) == stocked
