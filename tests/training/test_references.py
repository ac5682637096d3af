"""What n-grams reach: by hand, and as the report's baselines say."""

from math import log2
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import shards, vocab
from prompt_gen.config import EngineConfig
from prompt_gen.evaluate import likelihood
from prompt_gen.evaluate.baselines import ngram
from prompt_gen.run import Event, Run, silent
from prompt_gen.shards import Part, Shard, ShardSet
from prompt_gen.training import heldout, references
from prompt_gen.vocab import TOKENIZERS, Tokenizer

CHARACTERS = Tokenizer(TOKENIZERS.load("char").fit(["甲乙"], 300))


def part_of(counted: dict[str, int]) -> Part:
    """A part of texts, each standing for so many lines."""
    bos, eos = CHARACTERS.bos_id, CHARACTERS.eos_id
    documents = [[bos, *CHARACTERS.encode(text), eos] for text in counted]
    tokens = np.array([token for ids in documents for token in ids], np.uint16)
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.uint64)
    weights = np.sqrt(list(counted.values())).astype(np.float32)
    return Part((Shard(tokens, offsets, sum(map(len, counted)), "", ""),), weights)


def set_of(train: dict[str, int], validation: list[str]) -> ShardSet:
    return ShardSet(part_of(train), part_of(dict.fromkeys(validation, 1)), str(train))


def test_bits_are_those_of_arithmetic(tmp_path: Path) -> None:
    made = set_of({"甲": 2, "乙": 1}, ["甲"])
    found = references.references(made, CHARACTERS, [0], tmp_path, silent)
    uniform = 1 / (CHARACTERS.size - 1)

    # Six tokens: 甲 twice, 乙 once, the end thrice; discounts of counts 1, 2, 3 are 1/3, 1, 3.
    shared = (1 / 3 + 1 + 3) / 6 * uniform
    assert found.unigram == pytest.approx(-log2(((2 - 1) / 6 + shared) * shared) / 2)

    # Kinds of tokens that come before: one before 甲, one before 乙, two before the end; of so few
    # kinds of counts the discounts are the set ones, 1/2 and 1.
    first = (1 - 0.5) / 4 + 0.5 * uniform
    last = (2 - 1) / 4 + 0.5 * uniform
    bigrams = ((2 - 1) / 3 + 0.5 * first) * ((2 - 1) / 2 + 0.5 * last)
    assert found.bigram == pytest.approx(-log2(bigrams) / 2)
    assert found.share == 1


def test_they_are_those_of_the_baseline_of_the_report(trained: Run, tmp_path: Path) -> None:
    tokenizer = vocab.load(trained)
    made = shards.load(trained, tokenizer)
    chosen = heldout.choose(made.validation, tokenizer, 30, seed=0)
    found = references.references(made, tokenizer, chosen.documents, tmp_path / "kept", silent)
    counts = np.rint(made.train.weights**2).clip(1).astype(int)
    texts = [tokenizer.decode(made.train[i].tolist()) for i in range(len(made.train))]
    lines = [tokenizer.decode(made.validation[i].tolist()) for i in chosen.documents]
    for name, order in references.ORDERS.items():
        (tmp_path / name).mkdir()
        ngram.build(list(zip(texts, counts, strict=True)), tokenizer, order, tmp_path / name)
        scores = likelihood.measure(ngram.load(tmp_path / name, EngineConfig()), lines)
        bits = scores.numbers()["bits_per_char"](np.ones((1, len(lines))))[0]
        assert getattr(found, name) == pytest.approx(bits, rel=1e-5)
    assert found.kneser_ney < found.bigram < found.unigram


def test_of_much_text_every_so_many_documents_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["甲乙", "乙", "甲", "乙乙", "乙甲甲"]
    much = set_of(dict.fromkeys(texts, 1), ["乙甲"])
    half = set_of(dict.fromkeys(texts[::2], 1), ["乙甲"])
    wanted = references.references(half, CHARACTERS, [0], tmp_path / "half", silent)
    monkeypatch.setattr(references, "MAX_TOKENS", much.train.n_tokens - 1)
    found = references.references(much, CHARACTERS, [0], tmp_path / "much", silent)
    assert (found.unigram, found.bigram) == (wanted.unigram, wanted.bigram)
    assert (found.kneser_ney, found.share) == (wanted.kneser_ney, 3 / 5)


def test_the_error_is_that_of_drawing_lines_anew(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["".join(rng.choice([*"甲乙"], n)) for n in rng.integers(1, 9, 60)]
    part = part_of({"甲甲甲乙": 3, "甲乙": 2})
    validation = Part(tuple(part_of({line: 1}).shards[0] for line in lines), np.ones(60))
    made = ShardSet(part, validation, "lines")
    found = references.references(made, CHARACTERS, range(60), tmp_path, silent)
    drawn = []
    for seed in range(40):
        chosen = np.random.default_rng(seed).integers(0, 60, 60).tolist()
        again = references.references(made, CHARACTERS, chosen, tmp_path, silent)
        drawn.append(again.kneser_ney)
    assert found.error == pytest.approx(np.std(drawn), rel=0.35)


def test_the_same_text_is_counted_once_and_other_text_again(tmp_path: Path) -> None:
    events: list[Event] = []
    made = set_of({"甲": 2, "乙": 1}, ["甲", "乙"])
    first = references.references(made, CHARACTERS, [0], tmp_path, events.append)
    assert references.references(made, CHARACTERS, [0], tmp_path, events.append) == first
    assert len(events) == 1
    for other, documents in ((made, [1]), (set_of({"甲": 9}, ["甲"]), [0])):
        found = references.references(other, CHARACTERS, documents, tmp_path, events.append)
        assert found != first
    (tmp_path / "references.json").write_text("{", "utf-8")
    assert references.references(made, CHARACTERS, [0], tmp_path, events.append) == first
    assert [path.name for path in tmp_path.iterdir()] == ["references.json"]


def test_characters_of_documents_are_counted_exactly() -> None:
    texts = ["甲乙", "é🙂", "甲乙甲乙", "乙"]  # the second has characters of several tokens
    part = part_of(dict.fromkeys(texts, 1))
    chosen = heldout.choose(part, CHARACTERS, 3, seed=1)
    assert len(set(chosen.documents)) == 3
    assert chosen.n_chars == sum(len(texts[i]) for i in chosen.documents)
    assert chosen.n_predicted == chosen.n_chars + 3
