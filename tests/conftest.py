"""Fixtures that several test files share: text, a small trained run, the public data."""

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from prompt_gen import bundle, pipeline
from prompt_gen.config import EngineConfig
from prompt_gen.corpus.documents import Writer
from prompt_gen.engine import Completer
from prompt_gen.run import Run
from prompt_gen.settings import resolve

# pytest rewrites the plugins' modules as they are imported, and Python 3.11 fails where two threads
# parse source at once: so not in the thread of a server.
importlib.import_module("anyio._backends._asyncio")

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = ROOT / "src" / "prompt_gen" / "data"
DATA = Path(os.environ.get("PROMPT_GEN_DATA", ROOT.parent / "shared" / "data"))

PATIENT = EngineConfig(deadline_ms=60_000)  # the machine may be busy, and lists are compared

SMALL = (
    "model.layers=1", "model.width=64", "model.context=64", "vocab.size=900",
    "train.steps=150", "train.batch_tokens=256", "evaluate.typed=2", "evaluate.workers=1",
    "evaluate.resamples=100", "evaluate.calibration_keys=0",
)  # fmt: skip

BROWSER = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run",
]  # fmt: skip


def lines_of(name: str) -> list[str]:
    return (BUNDLED / name).read_text("utf-8").splitlines()


def write_part(directory: Path, part: str, texts: list[str], counts: list[int]) -> None:
    """A part of a corpus as its station would leave it, no two texts nearly the same."""
    writer = Writer(directory, part)
    for text in texts:
        writer.add(text)
    writer.keep("counts", np.array(counts, np.int32))
    writer.keep("groups", np.arange(len(texts), dtype=np.int32))
    writer.close()


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """Chinese and English lines, the same in every test."""
    return lines_of("health-zh.txt")[:700] + lines_of("helpdesk-en.txt")[:200]


@pytest.fixture(scope="session")
def corpus_file(lines: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "lines.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def train_small(corpus_file: Path, where: Path, *settings: str, **how: bool) -> Run:
    run = Run(where)
    pipeline.train([corpus_file], run, resolve((*SMALL, *settings)), **how)
    return run


@pytest.fixture(scope="session")
def trained(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that went the whole road. Tests that change it work on a copy."""
    return train_small(corpus_file, tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture(scope="session")
def completer(trained: Run) -> Completer:
    return Completer.of(bundle.load(trained.path), PATIENT)


@pytest.fixture(scope="session")
def data() -> Path:
    """The public data sets of the benchmarks."""
    if not (DATA / "bench").is_dir():
        pytest.skip(f"the public data sets are not at {DATA} (set PROMPT_GEN_DATA)")
    return DATA


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Debian's chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=BROWSER)
        yield opened
        opened.close()
