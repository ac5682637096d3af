"""Runs with shards in several small files, and what tests do to them."""

import shutil
from pathlib import Path

import pytest

from prompt_gen import corpus, shards, vocab
from prompt_gen.config import CorpusConfig, VocabConfig
from prompt_gen.run import Run
from prompt_gen.vocab import Tokenizer

SMALL_FILE = 6000  # bytes, so that a few documents fill one


@pytest.fixture(scope="module")
def made(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with a corpus and a vocabulary, and no shards yet."""
    run = Run(tmp_path_factory.mktemp("runs") / "run")
    vocab.fit(corpus.read([corpus_file], CorpusConfig(), run), VocabConfig(size=900), run)
    return run


@pytest.fixture(scope="module")
def tokenizer(made: Run) -> Tokenizer:
    return vocab.load(made)


@pytest.fixture
def run(made: Run, tmp_path: Path) -> Run:
    """A copy of it, to be changed."""
    shutil.copytree(made.path, tmp_path / "run")
    return Run(tmp_path / "run")


@pytest.fixture
def copy(run: Run, tokenizer: Tokenizer) -> Run:
    """The same with shards of several small files."""
    shards.write(corpus.load(run), tokenizer, run, max_bytes=SMALL_FILE)
    assert len(files_of(run)) >= 4
    return run


def files_of(run: Run) -> list[Path]:
    return sorted(run.station("shards").glob("train-*.shard"))


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 64
    path.write_bytes(data)
