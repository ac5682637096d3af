"""n-grams as a language model: what the engine asks for, and what it finds with it."""

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
from prompt_gen.engine.choosing import Beginnings
from prompt_gen.engine.language_model import Before, read_line
from prompt_gen.evaluate import likelihood
from prompt_gen.evaluate.baselines import ngram
from prompt_gen.evaluate.baselines.ngram import NGram
from prompt_gen.vocab import TOKENIZERS, Tokenizer

SIZE, BOS = 600, 0  # so many that those picked out of them come in no order
LINES = [([2, 3, 4, 3], 2), ([2, 3, 5], 1), ([4, 4, 2, 3], 3), ([*range(SIZE - 1, 9, -2)], 2)]
WIDE = EngineConfig(n=5, deadline_ms=60_000, floor=1e-6, worth=1e-4, places=200)


@pytest.fixture(scope="module", params=[1, 2, 3, 5])
def model(request: pytest.FixtureRequest) -> NGram:
    with TemporaryDirectory() as directory:
        ngrams.build(LINES, SIZE, BOS, 1, request.param, Path(directory))
        return NGram(ngrams.load(Path(directory)))


branches = st.lists(
    st.tuples(st.integers(1, 7), st.integers(0, 20)), min_size=1, max_size=12
)  # a token, and which of those before it, or of none, it goes on from


@settings(deadline=None)
@given(shared=st.lists(st.integers(1, 7), min_size=1, max_size=5), branches=branches)
def test_behind_every_token_is_the_distribution_behind_what_was_read(
    model: NGram, shared: list[int], branches: list[tuple[int, int]]
) -> None:
    line = [BOS, *shared]
    probs_TV, states = read_line(model, line)
    paths = [line[: at + 1] for at in range(len(line))]
    assert np.array_equal(probs_TV, [model.model.distribution(path) for path in paths])

    known = [(state, path) for state, path in zip(states, paths, strict=True)]
    before: list[Before] = []
    for token, which in branches:
        earlier, path = known[which % len(known)]
        known.append((len(before), [*path, token]))  # its place in this call
        before.append(earlier)
    n_passes = model.n_passes
    tokens = [token for token, _ in branches]
    probs_KV, _ = model.read(tokens, before, range(len(tokens)))
    expected = [model.model.distribution(path) for _, path in known[len(line) :]]
    assert np.array_equal(probs_KV, expected)
    assert model.n_passes == n_passes + 1


def made(counted: dict[str, int], kind: str, order: int) -> Completer:
    tokenizer = Tokenizer(TOKENIZERS.load(kind).fit([*Counter(counted).elements()], 600))
    with TemporaryDirectory() as directory:
        ngram.build(list(counted.items()), tokenizer, order, Path(directory))
        return ngram.load(Path(directory), WIDE)


def test_the_engine_finds_what_arithmetic_says() -> None:
    found = made({"甲乙": 6, "甲丙": 3, "丁": 1}, "char", order=2)
    tokenizer, model = found.tokenizer, found.model.model
    assert isinstance(model, NGram)
    (a,), (b,) = tokenizer.encode("甲"), tokenizer.encode("乙")
    # Six of nine bigrams that begin with 甲; all discounts are set ones. Four kinds of tokens came
    # behind anything: 甲 and 丁 behind BOS, 乙 and 丙 behind 甲, the end behind three.
    uniform = 1 / (tokenizer.size - 1)
    first = ((1 - 0.5) / 7) + (4 * 0.5 + 1.5) / 7 * uniform
    behind_a = model.model.distribution([tokenizer.bos_id, a])
    assert behind_a[b] == pytest.approx((6 - 1.5) / 9 + (1.5 + 1.5) / 9 * first)

    known = Beginnings(found.tree("甲"))
    row = known.texts.index("乙")
    assert known.reasons[row] == "eos"
    assert known.p[row] == pytest.approx(behind_a[b], rel=1e-4)


def test_a_token_that_crosses_the_caret_is_found() -> None:
    found = made({"高血压怎么办": 9, "高血糖怎么办": 5}, "bpe", order=3)
    assert len(found.tokenizer.encode("高血压怎么办")) == 1
    scores = {c.completion: c.score for c in found.complete("高血", floor=0.003, worth=0.5)}
    assert scores["压怎么办"] + scores["糖怎么办"] == pytest.approx(1, abs=0.1)
    assert scores["压怎么办"] == max(scores.values()) > scores["糖怎么办"]


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
