"""n-grams as a language model: what the search asks for, and what it finds with it."""

import gzip
from collections import Counter
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import ngrams
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.covers import Vocabulary
from prompt_gen.evaluate import likelihood
from prompt_gen.evaluate.baselines import ngram
from prompt_gen.evaluate.baselines.ngram import NGram
from prompt_gen.vocab import TOKENIZERS, Tokenizer

SIZE, BOS = 600, 0  # so many that those picked out of them come in no order
LINES = [([2, 3, 4, 3], 2), ([2, 3, 5], 1), ([4, 4, 2, 3], 3), ([*range(SIZE - 1, 9, -2)], 2)]
WIDE = EngineConfig(n=5, diversity=0, deadline_ms=60_000)


@pytest.fixture(scope="module", params=[1, 2, 3, 5])
def model(request: pytest.FixtureRequest) -> NGram:
    with TemporaryDirectory() as directory:
        ngrams.build(LINES, SIZE, BOS, 1, request.param, Path(directory))
        return NGram(ngrams.load(Path(directory)))


def logs(model: NGram, tokens: list[int]) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(model.model.distribution(tokens))


tokens = st.lists(st.integers(1, 7), min_size=1, max_size=5)


@settings(deadline=None)
@given(shared=tokens, rows=st.lists(tokens, min_size=1, max_size=3), n_top=st.integers(1, SIZE))
def test_every_way_of_reading_gives_the_distribution_behind_what_was_read(
    model: NGram, shared: list[int], rows: list[list[int]], n_top: int
) -> None:
    shared = [BOS, *shared]
    logprobs_V, cache = model.read(np.array(shared), model.empty_cache())
    assert np.array_equal(logprobs_V, logs(model, shared))

    paths, parents_B = [shared], np.zeros(len(rows), np.int64)
    for _ in range(2):  # all rows behind one, then each row behind another
        lengths_B = np.array([len(row) for row in rows])
        tokens_BS = np.zeros((len(rows), lengths_B.max()), np.int64)  # padding looks like BOS
        for row, ids in enumerate(rows):
            tokens_BS[row, : len(ids)] = ids
        scores_NV, cache = model.full(tokens_BS, lengths_B, cache, parents_B)
        before = [paths[parent] for parent in parents_B]
        paths = [path + ids for path, ids in zip(before, rows, strict=True)]
        wanted = [
            logs(model, path[: len(path) - len(ids) + at])
            for path, ids in zip(paths, rows, strict=True)
            for at in range(1, len(ids) + 1)
        ]
        assert np.array_equal(scores_NV, wanted)
        parents_B = np.arange(len(rows))[::-1]

    best_BC, ids_BC, _ = model.next(np.full(len(rows), 3), cache, parents_B, n_top)
    for row, parent in enumerate(parents_B):
        wanted_V = logs(model, [*paths[parent], 3])
        assert np.array_equal(best_BC[row], np.sort(wanted_V)[::-1][:n_top])
        assert np.array_equal(best_BC[row], wanted_V[ids_BC[row]])
        assert len(set(ids_BC[row])) == n_top


def test_each_call_is_a_pass(model: NGram) -> None:
    before = model.n_passes
    _, cache = model.read(np.array([BOS, 2]), model.empty_cache())
    _, cache = model.full(np.array([[3], [4]]), np.ones(2, int), cache, np.zeros(2, int))
    model.next(np.array([2, 2]), cache, np.arange(2), 3)
    assert model.n_passes == before + 3


def made(counted: dict[str, int], kind: str, order: int) -> Completer:
    tokenizer = Tokenizer(TOKENIZERS.load(kind).fit([*Counter(counted).elements()], 600))
    with TemporaryDirectory() as directory:
        ngram.build(list(counted.items()), tokenizer, order, Path(directory))
        return ngram.load(Path(directory), WIDE)


def test_the_search_finds_what_arithmetic_says() -> None:
    found = made({"甲乙": 6, "甲丙": 3, "丁": 1}, "char", order=2)
    tokenizer, model = found.tokenizer, found.model
    assert isinstance(model, NGram)
    (a,), (b,), eos = tokenizer.encode("甲"), tokenizer.encode("乙"), tokenizer.eos_id
    # Six of nine bigrams that begin with 甲; all discounts are set ones. Four kinds of tokens came
    # behind anything: 甲 and 丁 behind BOS, 乙 and 丙 behind 甲, the end behind three.
    uniform = 1 / (tokenizer.size - 1)
    first = ((1 - 0.5) / 7) + (4 * 0.5 + 1.5) / 7 * uniform
    behind_a = model.model.distribution([tokenizer.bos_id, a])
    assert behind_a[b] == pytest.approx((6 - 1.5) / 9 + (1.5 + 1.5) / 9 * first)

    end = model.model.distribution([a, b])[eos]
    possible = behind_a[Vocabulary(tokenizer).extending(b"")].sum() + behind_a[eos]
    best = found.complete("甲")[0]
    assert (best.completion, best.finish_reason) == ("乙", "eos")
    assert best.score == pytest.approx(behind_a[b] * end / possible)


def test_a_token_that_crosses_the_caret_is_found() -> None:
    found = made({"高血压怎么办": 9, "高血糖怎么办": 5}, "bpe", order=3)
    assert len(found.tokenizer.encode("高血压怎么办")) == 1
    first, second = found.complete("高血")[:2]
    assert (first.completion, second.completion) == ("压怎么办", "糖怎么办")
    assert first.score + second.score == pytest.approx(1, abs=0.1)
    assert first.score > second.score


@pytest.mark.data
def test_bits_per_character_of_medical_questions(data: Path) -> None:
    with gzip.open(data / "bench" / "medical-zh.train.txt.gz", "rt", encoding="utf-8") as file:
        lines = Counter(line.strip() for line in islice(file, 20_000))
    test = (data / "bench" / "medical-zh.test.txt").read_text("utf-8").splitlines()[:500]
    tokenizer = Tokenizer(TOKENIZERS.load("bpe").fit([*lines.elements()], 4096))
    with TemporaryDirectory() as directory:
        ngram.build(list(lines.items()), tokenizer, 5, Path(directory))
        scores = likelihood.measure(ngram.load(Path(directory), WIDE), test)
    bits = scores.numbers()["bits_per_char"](np.ones((1, len(test))))[0]
    assert bits == pytest.approx(4.707, abs=0.01)
