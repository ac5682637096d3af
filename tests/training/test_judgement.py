"""What is told of a run while it goes on: the same at every look, and without touching the run."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from prompt_gen import bundle, pipeline, shards, vocab
from prompt_gen.cli.watcher import Watcher
from prompt_gen.run import Event, Run
from prompt_gen.settings import resolve
from prompt_gen.training import heldout
from prompt_gen.training.samples import BORDER, N_BEGINNINGS, N_GIVEN, N_NEW, Samples
from tests.conftest import SMALL


@pytest.fixture(scope="module")
def told(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Event]]:
    """A short run with a mean of weights, and all that it told."""
    run, events = Run(tmp_path_factory.mktemp("runs") / "told"), list[Event]()
    few = ("train.steps=24", "train.negatives=100", "train.average=0.3", "evaluate.typed=0")
    pipeline.train([corpus_file], run, resolve((*SMALL, *few)), events.append)
    return run, [event for event in events if event.station == "training"]


def test_every_look_stands_beside_the_same_references(told: tuple[Run, list[Event]]) -> None:
    run, events = told
    looks = [e.facts for e in events if "validation_bits_per_char" in e.facts and e.state == "note"]
    kept = json.loads((run.station("shards") / "references.json").read_text("utf-8"))
    del kept["fingerprint"]
    assert len(looks) >= 12
    assert all(look["references"] == kept for look in looks)
    facts = bundle.load(run.path).facts["training"]
    assert facts["references"] == kept
    assert facts["validation_bits_per_char"] == min(x["validation_bits_per_char"] for x in looks)
    last_is_best = looks[-1]["validation_bits_per_char"] == facts["validation_bits_per_char"]
    assert facts["best_is_mean"] == last_is_best


def test_samples_are_written_at_some_looks_and_begin_as_validation_lines(
    told: tuple[Run, list[Event]],
) -> None:
    run, events = told
    written = [e.facts["samples"] for e in events if "samples" in e.facts]
    assert 3 <= len(written) <= 5
    tokenizer = vocab.load(run)
    part = shards.load(run, tokenizer).validation
    lines = [tokenizer.decode(part[i].tolist()) for i in range(len(part))]
    for row in written:
        assert len(row) == N_BEGINNINGS
        for given in (sample.partition(BORDER)[0] for sample in row):
            assert any(line.startswith(given) for line in lines)


def test_a_short_run_is_warned_of(told: tuple[Run, list[Event]]) -> None:
    warnings = [e.facts["warning"] for e in told[1] if "warning" in e.facts]
    assert any("knows less than counts" in warning for warning in warnings)
    assert len(warnings) == len(set(warnings))


def test_the_command_line_says_it(
    told: tuple[Run, list[Event]], capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Watcher()
    for event in told[1]:
        watcher(event)
    said = capsys.readouterr().err
    references = bundle.load(told[0].path).facts["training"]["references"]
    assert f"(unigram {references['unigram']:.2f}, bigram {references['bigram']:.2f}, " in said
    assert BORDER in said
    assert "kept are the weights" in said


def test_samples_are_those_of_stock_generation_and_leave_chance_alone(trained: Run) -> None:
    tokenizer = vocab.load(trained)
    part = shards.load(trained, tokenizer).validation
    model = AutoModelForCausalLM.from_pretrained(trained.station("training") / "best")
    chosen = heldout.choose(part, tokenizer, 30, seed=0).documents
    model.train()
    samples, before = Samples(part, tokenizer, chosen, context=64), torch.get_rng_state()
    first = samples.of(model)
    assert torch.equal(torch.get_rng_state(), before)
    assert model.training
    assert samples.of(model) == first

    model.eval()
    by_number = {tokenizer.decode(part[i][: N_GIVEN + 1].tolist()): part[i] for i in chosen}
    for sample in first:
        given, _, added = sample.partition(BORDER)
        ids = torch.from_numpy(by_number[given][: N_GIVEN + 1].astype(int))[None]
        wanted = model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=N_NEW, do_sample=False,
            pad_token_id=tokenizer.eos_id, eos_token_id=tokenizer.eos_id,
        )[0, N_GIVEN + 1 :]  # fmt: skip
        assert tokenizer.decode(wanted.tolist()).rstrip("\ufffd") == added
