"""Two processes train what one trains, however the weights lie, and end together."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from prompt_gen import corpus, shards, vocab
from prompt_gen.pipeline.start import Start
from prompt_gen.run import Run, silent
from prompt_gen.settings import RunConfig, resolve
from prompt_gen.training import Trained
from tests.conftest import ROOT, SMALL

SETTINGS = (*SMALL, "train.steps=12", "train.negatives=100", "train.device=cpu")


def launched(*command: str) -> subprocess.CompletedProcess[str]:
    """A command run by two processes of this machine."""
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2")
    where = ("--master-addr", "127.0.0.1", "--master-port", "0", "--standalone")
    paths = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    return subprocess.run(
        (*torchrun, *where, *command), env=environment, capture_output=True, text=True, check=False
    )


def prepared(corpus_file: Path, where: Path, *more: str) -> tuple[Run, RunConfig]:
    """A run with shards, and the settings that it is to be trained with."""
    run, config = Run(where), resolve((*SETTINGS, *more))
    documents = corpus.read([corpus_file], config.corpus, run)
    run.record_settings(config.model_dump())
    shards.write(documents, vocab.fit(documents, config.vocab, run, silent), run)
    return run, config


def fit(run: Run, config: RunConfig, resume: bool = False) -> Trained:
    tokenizer = vocab.load(run)
    return Start.of(run, config, tokenizer, shards.load(run, tokenizer)).fit(silent, resume=resume)


def weights(run: Run) -> dict:
    newest = sorted((run.station("training") / "checkpoints").glob("step-*"))[-1]
    return load_file(newest / "model.safetensors")


@pytest.fixture(scope="module")
def alone(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Trained]:
    run, config = prepared(corpus_file, tmp_path_factory.mktemp("runs") / "one")
    return run, fit(run, config)


@pytest.mark.train
@pytest.mark.parametrize("sharding", ["ddp", "fsdp"])
def test_two_processes_train_what_one_trains(
    corpus_file: Path, tmp_path: Path, alone: tuple[Run, Trained], sharding: str
) -> None:
    more = (f"train.sharding={sharding}", "train.average=0.5")
    run, config = prepared(corpus_file, tmp_path / "run", *more)
    done = launched("tests/training/together.py", str(run.path))
    assert done.returncode == 0, done.stderr
    ours, expected = weights(run), weights(alone[0])
    assert ours.keys() == expected.keys()
    for name in ours:  # AdamW makes steps of one size from gradients of any: 1e-8 is enough
        if "embed" not in name:
            assert abs(ours[name] - expected[name]).max() < 1e-4, name
    # One process goes on with what two have written; the plan is over, it only looks again.
    facts = fit(run, config, resume=True).facts
    assert facts["steps"] == 12
    bits = alone[1].facts["validation_bits_per_char"]
    # The mean of weights may be better than the last ones that the other run ends with.
    assert facts["validation_bits_per_char"] == pytest.approx(bits, rel=1e-3)
    assert all((weights(run)[name] == ours[name]).all() for name in ours)


@pytest.mark.train
def test_an_error_of_the_first_is_told_once_and_ends_all(tmp_path: Path) -> None:
    done = launched("-m", "prompt_gen", "train", str(tmp_path / "none.txt"), "--out", str(tmp_path))
    assert done.returncode != 0
    assert done.stderr.count("error: ") == 1
    assert "none.txt" in done.stderr
