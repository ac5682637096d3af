"""Shards: what goes in comes out, and nothing foreign or damaged is taken."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import corpus, shards, vocab
from prompt_gen.errors import Damaged, Mismatch, UsageError
from prompt_gen.run import Event, Run


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Run:
    for station in ("corpus", "vocab", "shards"):
        shutil.copytree(trained.station(station), tmp_path / "run" / station)
    shutil.copy(trained.path / "run.json", tmp_path / "run")
    return Run(tmp_path / "run")


def test_documents_come_back(trained: Run) -> None:
    texts, tokenizer = corpus.load(trained), vocab.load(trained)
    loaded = shards.load(trained, tokenizer)
    for part in ("train", "validation"):
        shard, wanted = getattr(loaded, part), getattr(texts, part)
        assert len(shard) == len(wanted)
        for ids, text in zip(shard, wanted, strict=False):
            assert ids[0] == tokenizer.bos_id
            assert ids[-1] == tokenizer.eos_id
            assert tokenizer.decode(ids[1:-1]) == text
        assert shard.n_tokens == len(shard.tokens)
        assert shard.n_chars == sum(map(len, wanted))


def test_ids_take_two_bytes_and_are_mapped(trained: Run) -> None:
    tokens = shards.load(trained, vocab.load(trained)).train.tokens
    assert tokens.dtype == np.uint16
    assert isinstance(tokens, np.memmap)


def test_unchanged_shards_are_kept(copy: Run) -> None:
    events: list[Event] = []
    shards.write(corpus.load(copy), vocab.load(copy), copy, events.append)
    assert [event.state for event in events] == ["skipped"]


def test_foreign_shards_are_refused_with_both_hashes(copy: Run) -> None:
    path = copy.station("shards") / "train.shard"
    data = path.read_bytes()
    header = json.loads(data[len(shards.MAGIC) : shards.HEADER_BYTES])
    ours = header["vocab_hash"]
    path.write_bytes(data.replace(ours.encode(), b"0" * 64))
    with pytest.raises(Mismatch, match=f"{'0' * 12}.*{ours[:12]}"):
        shards.load(copy, vocab.load(copy))


@pytest.mark.parametrize("where", ["token", "offset", "cut", "magic", "header"])
def test_damaged_shards_are_refused(copy: Run, where: str) -> None:
    path = copy.station("shards") / "train.shard"
    data = bytearray(path.read_bytes())
    if where == "cut":
        del data[-9:]
    else:
        at = {"token": shards.HEADER_BYTES + 5, "offset": -3, "magic": 1, "header": 12}[where]
        data[at] ^= 64
    path.write_bytes(data)
    with pytest.raises(Damaged, match=r"train\.shard"):
        shards.load(copy, vocab.load(copy))


def test_a_run_without_shards_says_what_to_do(tmp_path: Path, trained: Run) -> None:
    with pytest.raises(UsageError, match="prompt-gen tokenize"):
        shards.load(Run(tmp_path / "run"), vocab.load(trained))
