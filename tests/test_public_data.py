"""The road on real text; skipped where the public data sets are missing."""

from pathlib import Path

import pytest

from prompt_gen import bundle, pipeline
from prompt_gen.engine import Completer
from prompt_gen.run import Run
from prompt_gen.settings import resolve

pytestmark = [pytest.mark.data, pytest.mark.train]


def test_the_books_corpus_makes_steps_and_keeps_what_was_typed(data: Path, tmp_path: Path) -> None:
    """28 kB, on which the book's own program makes no step and loses letters and digits."""
    run = Run(tmp_path / "run")
    settings = resolve(
        ["train.steps=20", "evaluate.typed=3", "evaluate.max_typed_chars=8",
         "evaluate.calibration_keys=0"]
    )  # fmt: skip
    report = pipeline.train([data / "llm-dev-ch17-train.txt"], run, settings)
    assert bundle.load(run.path).facts["training"]["steps"] == 20
    assert report.numbers["bits_per_char"]["value"] < 11
    assert report.value("duplicates") == 0
    assert report.value("prefix_valid") == 1

    completer = Completer.load(run.path)
    typed = "冠心病的HbA1c是40%"
    found = completer.complete(typed)
    assert len(found) == 5
    assert all(c.text.startswith(typed) for c in found)
    assert completer.tokenizer.decode(completer.tokenizer.encode(typed)) == typed


def test_every_line_of_the_books_corpus_has_its_fate(data: Path, tmp_path: Path) -> None:
    from prompt_gen import corpus
    from prompt_gen.config import CorpusConfig

    made = corpus.read([data / "llm-dev-ch17-train.txt"], CorpusConfig(), Run(tmp_path / "run"))
    assert made.facts["fates"] == {"dropped: blank": 62, "kept": 126}
    assert sum(made.facts["documents"].values()) == 126
