"""The station: documents to a memory that fits its room, once."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import memory, shards, vocab
from prompt_gen.config import MemoryConfig
from prompt_gen.errors import Damaged
from prompt_gen.memory import Memory, fitting
from prompt_gen.run import Event, Run


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """A run of its own that has shards and no memory yet."""
    path = shutil.copytree(trained.path, tmp_path / "run")
    shutil.rmtree(path / "memory")
    return Run(path)


def write(run: Run, seen: list[Event] | None = None, **settings: float) -> Memory | None:
    tokenizer = vocab.load(run)
    watch = (lambda event: None) if seen is None else seen.append
    return memory.write(
        shards.load(run, tokenizer), tokenizer, run, MemoryConfig(**settings), watch
    )


def test_a_memory_is_made_once(run: Run) -> None:
    for state in ("done", "skipped"):
        seen: list[Event] = []
        found = write(run, seen, budget=50)
        assert seen[-1].state == state
        assert found
        assert found.facts["documents"] == found.facts["of_documents"]
    write(run, seen, budget=50, order=3)
    assert seen[-1].state == "done"


def test_the_bytes_of_the_text_are_those_of_its_lines(run: Run) -> None:
    found = write(run, budget=50)
    texts = json.loads((run.path / "shards" / "station.json").read_text("utf-8"))
    tokenizer = vocab.load(run)
    part = shards.load(run, tokenizer).train
    lines = [tokenizer.decode(part[i].tolist()) for i in range(len(part))]
    assert found
    assert found.facts["text_bytes"] == sum(len(line.encode("utf-8")) + 1 for line in lines)
    assert sum(map(len, lines)) == texts["train_chars"]


def test_less_room_leaves_documents_out_and_says_what_it_costs(run: Run) -> None:
    whole = write(run, budget=50)
    assert whole
    room = whole.facts["bytes"] / whole.facts["text_bytes"]
    pruned = write(run, budget=room * 0.8)
    assert pruned
    assert pruned.facts["bytes"] <= room * 0.8 * pruned.facts["text_bytes"]
    assert 0 < pruned.facts["documents"] < whole.facts["documents"]
    assert pruned.facts["unpruned_bits_per_char"] == whole.facts["bits_per_char"]
    assert pruned.facts["bits_per_char"] > whole.facts["bits_per_char"]


def test_documents_of_many_lines_stay(run: Run) -> None:
    whole = write(run, budget=50)
    assert whole
    room = whole.facts["bytes"] / whole.facts["text_bytes"]
    pruned = write(run, budget=room * 0.8)
    assert pruned
    lines = [each.index.lines_at(each.index.documents) for each in (whole, pruned)]
    many = [int((counts > 1).sum()) for counts in lines]
    assert many[0] == many[1]


def test_no_room_is_no_memory(run: Run) -> None:
    write(run, budget=50)
    assert write(run, budget=0) is None
    assert not run.station("memory").exists()


def test_another_version_is_damaged(run: Run) -> None:
    write(run, budget=50)
    path = run.station("memory") / "memory.json"
    path.write_text(path.read_text("utf-8").replace('"version": 1', '"version": 99'), "utf-8")
    with pytest.raises(Damaged, match="version 99"):
        memory.load(run.station("memory"))


def test_a_memory_without_facts_is_damaged(run: Run) -> None:
    write(run, budget=50)
    (run.station("memory") / "memory.json").write_text("{", "utf-8")
    with pytest.raises(Damaged, match="cannot be read"):
        memory.load(run.station("memory"))


def test_the_likelihood_of_held_out_lines_is_that_of_their_tokens(run: Run) -> None:
    found, tokenizer = write(run, budget=50), vocab.load(run)
    assert found
    documents = fitting.sample(shards.load(run, tokenizer).validation, 40)[:5]
    nats = 0.0
    for document in documents:
        matches = found.index.start()
        for token, following in pairwise(document.tolist()):
            matches = found.index.extend(matches, np.array([token]))
            estimate = found.estimator.behind(matches)
            mixed = found.alone.mixed(None, estimate, found.estimator.unigrams)
            nats -= np.log(mixed[0, following])
    evidence = fitting.evidence(found.estimator, documents)
    assert evidence.nats(found.alone) == pytest.approx(nats)
