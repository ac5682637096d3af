"""The comparison of vocabularies: every number by hand on text that is small enough."""

import math
from pathlib import Path

import pytest

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig, VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.errors import CorpusTooSmall, MissingExtra
from prompt_gen.run import Event, Run
from prompt_gen.vocab import TOKENIZERS, Tokenizer
from prompt_gen.vocab import compare as comparing


@pytest.fixture(scope="module")
def read(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    run = Run(tmp_path_factory.mktemp("compare") / "run")
    return corpus.read([corpus_file], CorpusConfig(min_held_out=60), run)


@pytest.fixture(scope="module")
def made(read: Corpus) -> comparing.Comparison:
    return comparing.compare(read, VocabConfig(size=1024))


def test_every_kind_is_measured_in_three_sizes(made: comparing.Comparison) -> None:
    assert {row.kind for row in made.table} == set(TOKENIZERS)
    assert len([row for row in made.table if row.kind == "bpe"]) == 3
    assert len(set(made.table)) == len({(row.kind, row.size) for row in made.table})


def test_the_numbers_are_what_their_names_say(made: comparing.Comparison) -> None:
    for row in made.table:
        for share in (row.coverage, row.single_chars, row.token_prefixes):
            assert 0 < share <= 1
        assert 0 < row.bigram_bits < row.unigram_bits
        assert row.chars_per_s > 0
    characters = [row for row in made.table if row.kind == "char"]
    assert all(row.chars_per_token <= 1 and row.token_prefixes == 1 for row in characters)
    assert all(
        row.chars_per_token > max(c.chars_per_token for c in characters)
        for row in made.table
        if row.kind != "char" and row.size > 600
    )


def test_a_row_by_hand() -> None:
    tokenizer = Tokenizer(TOKENIZERS.load("char").fit(["甲乙丙丁"] * 3, 262))
    row = comparing._measure("char", tokenizer, ["甲乙"] * 8, ["甲乙龘"])
    assert row.chars_per_token == 3 / 5  # 龘 is three bytes
    assert row.coverage == 2 / 3
    assert row.single_chars == 2 / 5
    assert row.token_prefixes == 1


def test_bits_of_two_tokens_by_hand() -> None:
    """甲 is always followed by 乙: one pair, discounted once."""
    tokenizer = Tokenizer(TOKENIZERS.load("char").fit(["甲乙"] * 3, 600))
    ids = tokenizer.encode("甲乙")
    unigram, bigram = comparing.PairModel([ids] * 5, tokenizer).bits([ids])
    alone = (5 - 0.75) / 15 + 0.75 * 3 / 15 / tokenizer.size  # each of 甲, 乙 and the end
    joined = (5 - 0.75) / 5 + 0.75 * 1 / 5 * alone
    assert unigram == pytest.approx(-3 * math.log2(alone))
    assert bigram == pytest.approx(-3 * math.log2(joined))


def test_probabilities_sum_to_one() -> None:
    tokenizer = Tokenizer(TOKENIZERS.load("char").fit(["甲乙丙"] * 2, 600))
    model = comparing.PairModel(map(tokenizer.encode, ("甲乙甲", "乙", "丙", "乙甲")), tokenizer)
    every = range(tokenizer.size)
    assert sum(map(model.alone, every)) == pytest.approx(1)
    for left in (tokenizer.bos_id, *tokenizer.encode("甲丙x")):
        assert sum(model.behind(left, right) for right in every) == pytest.approx(1)


def test_one_is_recommended_in_words(made: comparing.Comparison) -> None:
    best = made.best
    assert best in made.table
    assert best.bigram_bits <= 1.01 * min(row.bigram_bits for row in made.table)
    assert f"{best.kind} with {best.size:,} entries" in made.advice
    assert f"{best.bigram_bits:.3f} bits" in made.advice
    assert made.flags == f"--kind {best.kind} --vocab-size {best.size}"
    assert made.as_dict()["recommended"]["kind"] == best.kind


def test_a_kind_that_is_not_installed_is_left_out_with_a_note(
    read: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = TOKENIZERS.load

    def without_word(name: str):
        if name == "word":
            raise MissingExtra("vocabulary 'word' needs the library 'rjieba'")
        return load(name)

    monkeypatch.setattr(TOKENIZERS, "load", without_word)
    events: list[Event] = []
    table = comparing.compare(read, VocabConfig(size=600), events.append).table
    assert {row.kind for row in table} == set(TOKENIZERS) - {"word"}
    assert len([e for e in events if "rjieba" in str(e.facts)]) == 1


def test_too_little_text_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("高血压\n", "utf-8")
    made = corpus.read([tmp_path / "one.txt"], CorpusConfig(), Run(tmp_path / "run"))
    with pytest.raises(CorpusTooSmall, match=r"there are \d training and \d validation documents"):
        comparing.compare(made, VocabConfig())
