"""Vocabularies made elsewhere: taken as they are, mended where that is safe, or refused."""

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import (
    AddedToken,
    Regex,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers import Tokenizer as Stock

from prompt_gen import corpus, vocab
from prompt_gen.config import CorpusConfig, VocabConfig
from prompt_gen.errors import DataError, NotFound
from prompt_gen.run import Event, Run
from prompt_gen.vocab import BOS, EOS, Tokenizer, adopt, bytelevel
from tests.conftest import lines_of

LINES = lines_of("health-zh.txt")[:300] + lines_of("helpdesk-en.txt")[:50]
WORDS = "[PAD]\n[UNK]\n[CLS]\n高血压\n糖尿病\n患者\n##患者\n吃\n高\n血压\n\npassword\n"


def stock(like: str) -> Stock:
    """A byte-level BPE as its makers train it."""
    made = Stock(models.BPE())
    specials = ["<|endoftext|>"]
    if like == "gpt2":
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.post_processor = processors.ByteLevel(trim_offsets=False)
    else:
        made.normalizer = normalizers.NFC()
        made.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(bytelevel.CLAUSES), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        specials.append("<|im_start|>")
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        LINES,
        trainers.BpeTrainer(
            vocab_size=700, initial_alphabet=alphabet, special_tokens=specials, show_progress=False
        ),
    )
    if like == "qwen":
        made.add_tokens([AddedToken("<tool_call>", normalized=False)])
    return made


def saved(made: Stock, where: Path) -> Path:
    made.save(str(where / "tokenizer.json"))
    return where / "tokenizer.json"


def words(where: Path, text: str = WORDS) -> Path:
    (where / "vocab.txt").write_text(text, "utf-8")
    return where / "vocab.txt"


@pytest.mark.parametrize("like", ["gpt2", "qwen"])
def test_a_stock_byte_level_bpe_keeps_its_ids_and_gets_our_ends(like: str, tmp_path: Path) -> None:
    made = stock(like)
    tokenizer, _ = adopt.adopt(saved(made, tmp_path), LINES)
    for line in (*LINES[:100], "it's 38.5℃\n"):
        ids = tokenizer.encode(line)
        assert ids == made.encode(line, add_special_tokens=False).ids
        assert tokenizer.decode(ids) == line
    assert {tokenizer.readable(tokenizer.bos_id), tokenizer.readable(tokenizer.eos_id)} == {
        BOS,
        EOS,
    }
    assert tokenizer.size == made.get_vocab_size() + 2
    assert tokenizer.token_bytes[made.token_to_id("<|endoftext|>")] == b""


def test_stock_transformers_load_what_was_brought_along(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer, _ = adopt.adopt(saved(stock("qwen"), tmp_path), LINES)
    tokenizer.save(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    for line in (*LINES[:20], "cafe\u0301 <tool_call> 38.5℃"):
        assert loaded(line)["input_ids"] == [tokenizer.bos_id, *tokenizer.encode(line)]


def test_what_would_change_text_is_left_out_and_said(tmp_path: Path) -> None:
    tokenizer, remarks = adopt.adopt(saved(stock("qwen"), tmp_path), LINES)
    assert tokenizer.decode(tokenizer.encode("cafe\u0301 <tool_call>")) == "cafe\u0301 <tool_call>"
    assert any("NFC" in remark for remark in remarks)
    assert any("parts of characters" in remark for remark in remarks)


def test_our_own_tokenizer_comes_back_the_same(tmp_path: Path) -> None:
    own = Tokenizer(vocab.TOKENIZERS.load("bpe").fit(LINES, 800))
    own.save(tmp_path)
    tokenizer, remarks = adopt.adopt(tmp_path / "tokenizer.json", LINES)
    assert tokenizer.hash == own.hash
    assert remarks == []


def spaced(made: Stock) -> None:
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)


def swallowing(made: Stock) -> None:
    made.add_tokens([AddedToken("<b>", lstrip=True, normalized=False)])


def without_a_split(made: Stock) -> None:
    made.pre_tokenizer = pre_tokenizers.Whitespace()


@pytest.mark.parametrize(
    ("breaking", "says"),
    [
        (spaced, "loses text: .*comes back as"),
        (swallowing, r"'a <b> b' comes back as 'a<b> b'"),
        (without_a_split, "loses text"),
    ],
)
def test_what_loses_text_is_refused_with_the_text(tmp_path: Path, breaking, says: str) -> None:
    made = stock("gpt2")
    breaking(made)
    with pytest.raises(DataError, match=says):
        adopt.adopt(saved(made, tmp_path), LINES)


def test_the_corpus_own_lines_are_checked(tmp_path: Path) -> None:
    made = stock("gpt2")
    drop = pre_tokenizers.Split("hydrant", "removed")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [drop, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    path = saved(made, tmp_path)
    adopt.adopt(path, LINES)
    with pytest.raises(DataError, match=r"loses text: 'hydrant ' comes back as ' here'"):
        adopt.adopt(path, [*LINES, "hydrant here"])


def test_tokens_of_unknown_bytes_are_refused(tmp_path: Path) -> None:
    metaspace = Stock(models.WordPiece({"[UNK]": 0, "高": 1, "##血": 2}, unk_token="[UNK]"))
    with pytest.raises(
        DataError, match=r"2 tokens whose bytes are not known, e\.g\. '##血' \(id 2\)"
    ):
        adopt.adopt(saved(metaspace, tmp_path), LINES)


def test_a_missing_byte_is_refused(tmp_path: Path) -> None:
    few = Stock(models.BPE(vocab={c: i for i, c in enumerate(bytelevel.ALPHABET[:200])}, merges=[]))
    with pytest.raises(DataError, match="no token for 56 bytes"):
        adopt.adopt(saved(few, tmp_path), LINES)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("tokenizer.json", b"{", "is not a tokenizer"),
        ("tokenizer.json", b"{}", "it has no 'model'"),
        ("tokenizer.json", b'{"model": {"type": "BPE"}}', "is not a tokenizer"),
        ("vocab.txt", b"\xb8\xdf\xd1\xaa", "is not UTF-8: byte 0 is 0xb8"),
        ("vocab.txt", b"[UNK]\n\n", "holds no word"),
    ],
)
def test_what_is_no_vocabulary_is_refused(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        adopt.adopt(tmp_path / name, LINES)


@cache
def of_words() -> Tokenizer:
    with TemporaryDirectory() as where:
        return adopt.adopt(words(Path(where)), LINES)[0]


@given(text=st.text())
@settings(max_examples=100, deadline=None)
def test_a_list_of_words_becomes_lossless(text: str) -> None:
    tokenizer = of_words()
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_words_are_the_entries_and_their_weights_are_the_corpus(tmp_path: Path) -> None:
    tokenizer, remarks = adopt.adopt(words(tmp_path), LINES)
    read = [tokenizer.readable(i) for i in tokenizer.encode("高血压患者吃糖尿病")]
    assert read == ["高血压", "患者", "吃", "糖尿病"]
    assert tokenizer.size == 2 + 256 + 7
    assert remarks == []


def test_words_that_no_text_can_reach_are_counted(tmp_path: Path) -> None:
    _, remarks = adopt.adopt(words(tmp_path, "高血压\n维生素B12\n不，好\n"), LINES)
    assert "2 of 3 entries are never used" in remarks[0]


@pytest.mark.parametrize("kind", ["unigram", "word"])
def test_our_vocab_txt_gives_the_same_entries_again(kind: str, tmp_path: Path) -> None:
    made = Tokenizer(vocab.TOKENIZERS.load(kind).fit([*LINES, r"a\b c\n d" * 3], 900))
    listed = "\n".join(made.readable(i) for i in range(made.size)) + "\n"
    again, _ = adopt.adopt(words(tmp_path, listed), LINES)
    assert set(again.token_bytes) == set(made.token_bytes)


def test_a_run_takes_a_source_and_looks_at_its_content(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "lines.txt").write_text("\n".join(lines), "utf-8")
    run = Run(tmp_path / "run")
    read = corpus.read([tmp_path / "lines.txt"], CorpusConfig(), run)
    path = words(tmp_path)
    config = VocabConfig(source=str(path))
    first = vocab.fit(read, config, run)
    assert first.size == 2 + 256 + 7
    assert run.facts("vocab")["kind"] == "from vocab.txt"
    assert vocab.load(run).hash == first.hash
    events: list[Event] = []
    vocab.fit(read, config, run, events.append)
    assert [event.state for event in events] == ["skipped"]
    words(tmp_path, WORDS + "维生素\n")
    assert vocab.fit(read, config, run).size == first.size + 1
    path.unlink()
    with pytest.raises(NotFound, match=r"vocab\.txt"):
        vocab.fit(read, config, run)


def test_a_changed_normalizer_does_not_hide_in_the_file(tmp_path: Path) -> None:
    content = json.loads(stock("gpt2").to_str())
    content["truncation"] = {
        "direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0,
    }  # fmt: skip
    content["model"]["dropout"] = 0.5
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    tokenizer, remarks = adopt.adopt(tmp_path / "tokenizer.json", LINES)
    assert len({tuple(tokenizer.encode(LINES[0])) for _ in range(8)}) == 1
    assert any("dropout" in remark for remark in remarks)
