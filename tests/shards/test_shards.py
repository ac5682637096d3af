"""Shards: what goes in comes out, and old files stay as long as their texts do."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import corpus, shards
from prompt_gen.corpus import Corpus
from prompt_gen.run import Event, Run
from prompt_gen.shards import sealed
from prompt_gen.shards.part import TextsHash, open_part
from prompt_gen.shards.writer import PartWriter
from prompt_gen.vocab import Tokenizer
from tests.conftest import write_part
from tests.shards.conftest import SMALL_FILE, files_of, flip


def with_train(run: Run, texts: list[str], counts: list[int] | None = None) -> Corpus:
    """The run's corpus with other training documents, as if its files had changed."""
    n = counts or [1] * len(texts)
    write_part(run.station("corpus"), "train", texts, n)
    return replace(corpus.load(run), fingerprint=f"{hash((*texts, *n))}")


def test_documents_come_back(run: Run, tokenizer: Tokenizer) -> None:
    texts = corpus.load(run)
    loaded = shards.write(texts, tokenizer, run)
    for part in ("train", "validation"):
        made, wanted = getattr(loaded, part), getattr(texts, part)
        assert len(made) == len(wanted)
        for ids, text in zip(made, wanted, strict=True):
            assert ids[0] == tokenizer.bos_id
            assert ids[-1] == tokenizer.eos_id
            assert tokenizer.decode(ids[1:-1]) == text
        assert made.n_tokens == made.lengths.sum()
        assert made.n_chars == sum(map(len, wanted))
        assert (made.weights == wanted.weights).all()


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=60)


@settings(deadline=None, max_examples=50)
@given(texts=TEXTS, max_bytes=st.integers(4500, 7000))
def test_any_document_can_be_had_from_any_file(
    texts: list[str], max_bytes: int, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    where = tmp_path_factory.mktemp("part")
    writer = PartWriter(where, "train", tokenizer, max_bytes)
    list(writer.add(texts))
    writer.finish(np.ones(len(texts)))
    part = open_part(where, "train", tokenizer)
    expected = [[tokenizer.bos_id, *ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(texts)]
    for i in reversed(range(len(texts))):
        assert part[i].tolist() == part[i - len(texts)].tolist() == expected[i]
    with pytest.raises(IndexError):
        part[len(texts)]
    assert part.lengths.tolist() == [len(ids) for ids in expected]
    counts = np.bincount([i for ids in expected for i in ids], minlength=tokenizer.size)
    assert (part.token_counts(tokenizer.size) == counts).all()
    for path in where.iterdir():
        assert path.stat().st_size <= max_bytes or len(part) == 1


@pytest.mark.parametrize(("size", "dtype"), [(1 << 16, "uint16"), ((1 << 16) + 1, "uint32")])
def test_ids_take_as_little_as_they_need_and_are_mapped(
    size: int, dtype: str, tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tokenizer, "size", size)
    monkeypatch.setattr(Tokenizer, "encode_batch", lambda _, texts: [[size - 1] for _ in texts])
    writer = PartWriter(tmp_path, "train", tokenizer, shards.MAX_BYTES)
    list(writer.add(["a", "b"]))
    writer.finish(np.ones(2))
    (shard,) = open_part(tmp_path, "train", tokenizer).shards
    assert shard.tokens.dtype == np.dtype(dtype)
    assert shard.tokens.tolist()[1::3] == [size - 1] * 2
    owner = shard.tokens
    while not isinstance(owner, np.memmap):
        owner = owner.base


def test_texts_are_taken_a_batch_at_a_time(
    tmp_path: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_gen.shards.writer._BATCH_CHARS", 100)
    n_taken = 0

    def texts() -> Iterator[str]:
        nonlocal n_taken
        for i in range(50):
            n_taken += 1
            yield f"第{i:02}句话没有说完"

    writer = PartWriter(tmp_path, "train", tokenizer, shards.MAX_BYTES)
    assert all(n_taken - n_done <= 20 for n_done in writer.add(texts()))  # one batch ahead
    assert n_taken == 50


# -- made again --------------------------------------------------------------------------------


def test_unchanged_shards_are_kept(copy: Run, tokenizer: Tokenizer) -> None:
    events: list[Event] = []
    shards.write(corpus.load(copy), tokenizer, copy, events.append)
    assert [event.state for event in events] == ["skipped"]


def test_new_documents_go_into_new_files(
    copy: Run, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {path.name: (path.stat().st_ino, path.read_bytes()) for path in files_of(copy)}
    texts, new = list(corpus.load(copy).train), ["新来的一句话。", "又来了一句话。"]
    encode, encoded = Tokenizer.encode_batch, list[str]()
    monkeypatch.setattr(
        Tokenizer, "encode_batch", lambda self, batch: encoded.extend(batch) or encode(self, batch)
    )
    counts = [4, *[1] * (len(texts) + 1)]
    wider = with_train(copy, texts + new, counts)
    events: list[Event] = []
    made = shards.write(wider, tokenizer, copy, events.append, max_bytes=SMALL_FILE)
    assert encoded == new
    facts = events[-1].facts
    assert (facts["kept"], facts["encoded"]) == (len(texts) + len(wider.validation), 2)
    assert (facts["train_tokens"], facts["train_chars"]) == (
        made.train.n_tokens,
        made.train.n_chars,
    )
    now = {path.name: (path.stat().st_ino, path.read_bytes()) for path in files_of(copy)}
    assert old.items() < now.items()
    assert [tokenizer.decode(ids[1:-1]) for ids in made.train] == texts + new
    assert made.train.weights[0] == 2


LINES = st.lists(st.text("a\n", max_size=3), max_size=4)


@given(LINES, LINES)
def test_only_equal_texts_have_equal_hashes(some: list[str], others: list[str]) -> None:
    first, second = TextsHash("train"), TextsHash("train")
    first.update(some)
    second.update(others)
    assert (first.value == second.value) == (some == others)
    assert TextsHash("train").value != TextsHash("validation").value


@pytest.mark.parametrize("change", ["edited", "removed", "swapped", "shortened"])
def test_files_behind_a_changed_document_are_made_anew(
    copy: Run, tokenizer: Tokenizer, change: str
) -> None:
    texts = list(corpus.load(copy).train)
    at = len(shards.load(copy, tokenizer).train.shards[0]) + 1  # in the second file
    match change:
        case "edited":
            texts[at] += "！"
        case "removed":
            del texts[at]
        case "swapped":
            texts[at : at + 2] = texts[at + 1], texts[at]
        case "shortened":
            del texts[at + 1 :]
    old = [path.stat().st_ino for path in files_of(copy)]
    made = shards.write(with_train(copy, texts), tokenizer, copy, max_bytes=SMALL_FILE)
    now = [path.stat().st_ino for path in files_of(copy)]
    assert [inode in old for inode in now] == [True] + [False] * (len(now) - 1)
    assert [tokenizer.decode(ids[1:-1]) for ids in made.train] == texts


def test_a_damaged_old_file_is_not_taken_over(copy: Run, tokenizer: Tokenizer) -> None:
    texts = list(corpus.load(copy).train)
    flip(files_of(copy)[1], sealed.HEADER_BYTES + 5)
    made = shards.write(with_train(copy, [*texts, "新"]), tokenizer, copy, max_bytes=SMALL_FILE)
    assert [tokenizer.decode(ids[1:-1]) for ids in made.train] == [*texts, "新"]


def test_without_hard_links_files_are_copied(
    copy: Run, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(1, "operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    old = files_of(copy)[0].read_bytes()
    texts = [*corpus.load(copy).train, "新来的一句话。"]
    events: list[Event] = []
    shards.write(with_train(copy, texts), tokenizer, copy, events.append)
    assert events[-1].facts["encoded"] == 1
    assert files_of(copy)[0].read_bytes() == old


@pytest.mark.parametrize("at", ["encode", "seal", "replace"])
def test_a_stop_at_any_point_leaves_the_old_shards(
    copy: Run, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    where = {
        "encode": (Tokenizer, "encode_batch"),
        "seal": (sealed.Writer, "seal"),
        "replace": (Path, "rename"),
    }
    old = {path: path.read_bytes() for path in sorted(copy.station("shards").iterdir())}
    texts = [*corpus.load(copy).train, "新来的一句话。"]
    wider = with_train(copy, texts)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(*where[at], stop)
        with pytest.raises(KeyboardInterrupt):
            shards.write(wider, tokenizer, copy)
    assert {path: path.read_bytes() for path in sorted(copy.station("shards").iterdir())} == old
    shards.load(copy, tokenizer)
