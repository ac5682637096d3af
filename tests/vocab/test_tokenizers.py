"""Every kind of vocabulary: lossless for any text, without unknown tokens, stock to load."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import vocab
from prompt_gen.errors import Damaged, InvalidRequest
from prompt_gen.vocab import BOS, EOS, TOKENIZERS, Tokenizer, bytelevel, learning
from tests.conftest import lines_of

MIXED = "高血压患者龘𠮷 aé.!9\n\r\t\x00\x7f\u0301\u200d\u20e3👩👧🏽🇨🇳한글ไทยनमسلا<|bos>ＡĠ▁#'s"
ODD_TEXTS = [
    "",
    " ",
    "  高血压  ",
    "HbA1c是40%",
    "👩\u200d👩\u200d👧 e\u0301 \x00\r\n\t",
    f"{BOS}{EOS}",
    "龘𠮷",
    "﷽",
    "it's 38.5℃",
    "好" * 400,
]


@cache
def fitted(kind: str) -> Tokenizer:
    lines = lines_of("health-zh.txt")[:500] + lines_of("helpdesk-en.txt")[:100]
    return Tokenizer(TOKENIZERS.load(kind).fit(lines, 900))


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(st.text() | st.sampled_from(ODD_TEXTS) | st.text(MIXED))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_back_as_it_was(kind: str, text: str) -> None:
    tokenizer = fitted(kind)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert tokenizer.bos_id not in ids
    assert tokenizer.eos_id not in ids
    assert all(0 <= i < tokenizer.size for i in ids)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_every_byte_is_a_token_and_the_size_is_kept(kind: str) -> None:
    tokenizer = fitted(kind)
    singles = {data for data in tokenizer.token_bytes if len(data) == 1}
    assert len(singles) == 256
    assert tokenizer.size <= 900


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_stock_transformers_load_it_and_agree(kind: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    fitted(kind).save(tmp_path)
    stock = AutoTokenizer.from_pretrained(tmp_path)
    for text in ("糖尿病患者可以吃苹果吗？", "reset my password", " HbA1c 6.5% "):
        ids = fitted(kind).encode(text)
        assert stock(text)["input_ids"] == [fitted(kind).bos_id, *ids]
        assert stock.decode(ids) == text


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_a_saved_tokenizer_is_the_same(kind: str, tmp_path: Path) -> None:
    fitted(kind).save(tmp_path)
    assert vocab.load_tokenizer(tmp_path).hash == fitted(kind).hash


def test_words_are_found_again_when_encoding() -> None:
    tokenizer = fitted("word")
    pieces = [tokenizer.token_bytes[i].decode() for i in tokenizer.encode("高血压患者")]
    assert "".join(pieces) == "高血压患者"
    assert len(pieces) <= 3


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_tokens_bytes_are_the_texts_bytes(kind: str) -> None:
    tokenizer = fitted(kind)
    for text in [*ODD_TEXTS, MIXED]:
        assert b"".join(tokenizer.token_bytes[i] for i in tokenizer.encode(text)) == text.encode()


@pytest.mark.parametrize("kind", sorted({*TOKENIZERS} - {"char"}))
def test_frequent_strings_are_one_token(kind: str) -> None:
    assert fitted(kind).encode("高血压") == fitted(kind).encode("高血压患者")[:1]


def test_the_longest_entry_wins_in_wordpiece() -> None:
    tokenizer = Tokenizer(TOKENIZERS.load("wordpiece").fit(["甲乙丙丁", "甲乙", "丙丁"] * 9, 600))
    assert [tokenizer.readable(i) for i in tokenizer.encode("甲乙丙丁甲乙丙")] == [
        "甲乙丙丁",
        "甲乙",
        "丙",
    ]


def test_unigram_keeps_what_the_text_misses_most() -> None:
    """BPE needs every string on the way to a long one; here they make room."""
    word = "甲乙丙丙乙甲甲甲乙乙"
    tokenizer = Tokenizer(TOKENIZERS.load("unigram").fit([word] * 20, 2 + 256 + 6))
    assert tokenizer.size <= 2 + 256 + 6
    assert len(tokenizer.encode(word)) == 1
    plain = Tokenizer(TOKENIZERS.load("wordpiece").fit([word] * 20, 2 + 256 + 6))
    assert len(plain.encode(word)) > 1


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="surrogate"):
        fitted("bpe").encode("高\ud800")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(Damaged, match="not a tokenizer"):
        vocab.load_tokenizer(tmp_path)


def test_the_alphabet_is_the_libraries() -> None:
    every_byte = {bytelevel.unspell(character) for character in bytelevel.ALPHABET}
    assert every_byte == {bytes([byte]) for byte in range(256)}
    assert bytelevel.unspell(bytelevel.spell("高a ")) == "高a ".encode()


def test_text_is_split_as_llama_cpp_splits_it_under_the_name() -> None:
    assert bytelevel.PRE_TOKENIZER == "qwen2"
    pieces = bytelevel.pieces("It's 38.5℃,  高血压患者…\n\n DON'T'x ")
    assert pieces == [
        "It", "'s", " ", "3", "8", ".", "5", "℃,", " ", " 高血压患者", "…\n\n", " DON", "'T",
        "'x", " ",
    ]  # fmt: skip


@pytest.mark.parametrize(("n_chars", "size"), [(0, 1024), (100_000, 5000), (10**9, 8192)])
def test_the_size_follows_the_corpus(n_chars: int, size: int) -> None:
    assert learning.auto_size(n_chars) == size


def test_vocab_txt_has_a_readable_line_per_entry(trained) -> None:
    text = (trained.station("vocab") / "vocab.txt").read_text("utf-8")
    tokenizer = vocab.load(trained)
    assert len(text.split("\n")) == tokenizer.size + 1
    assert text.startswith(f"{BOS}\n{EOS}\n")
    assert "\n高血压\n" in text
