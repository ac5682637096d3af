"""A bundle in fewer bits: smaller on the disk, nearly as good, and never without its numbers."""

from pathlib import Path

import pytest

from prompt_gen import bundle, export, pipeline
from prompt_gen.engine import Completer
from prompt_gen.errors import OutputExists, PromptGenError, UsageError
from prompt_gen.pipeline import Compressed, side_by_side
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from tests.compress.made import QUICK, compressed


@pytest.fixture(scope="module")
def small(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Compressed:
    return compressed(trained.path, tmp_path_factory.mktemp("small") / "run")


def test_eight_bits_are_smaller_and_as_good(small: Compressed) -> None:
    before, after = small.measured["rows"]
    assert after["model_mb"]["value"] < 0.5 * before["model_mb"]["value"]
    assert after["packed_mb"]["value"] < after["model_mb"]["value"] < after["bundle_mb"]["value"]
    lost = small.measured["differences"]["after"]["network_bits_per_char"]
    assert abs(lost["value"]) < 0.01
    assert lost["low"] < lost["value"] < lost["high"]
    assert set(small.measured["differences"]["after"]) > {"saved@5", "p50_ms", "bits_per_char"}


def test_it_completes_from_its_graph_alone_and_can_be_evaluated(small: Compressed) -> None:
    run = small.bundle.path.parent
    assert not (small.bundle.path / "model.safetensors").exists()
    assert Completer.load(run).complete("高血压")
    report = pipeline.evaluate(run, resolve((*QUICK, "evaluate.typed=0")))
    assert report.value("bits_per_char") is not None
    assert bundle.load(run).compressed == small.measured  # an evaluation leaves it


def test_the_card_shows_what_was_measured(small: Compressed) -> None:
    card = (small.bundle.path / "README.md").read_text("utf-8")
    after = small.measured["rows"][1]
    assert f"{after['network_bits_per_char']['value']:.3f}" in card
    assert f"{after['model_mb']['value']:.3f}" in card
    assert "AutoModelForCausalLM" not in card


def test_what_needs_stock_weights_says_so(small: Compressed, tmp_path: Path) -> None:
    run = small.bundle.path.parent
    with pytest.raises(UsageError, match=r"no model.safetensors.*compress.stock=true"):
        export.write(small.bundle, "hf", tmp_path / "hf")
    with pytest.raises(UsageError, match=r"no model.safetensors.*compress.stock=true"):
        compressed(run, tmp_path / "again")


def test_no_bundle_without_its_numbers(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PromptGenError("nothing was measured")

    monkeypatch.setattr(side_by_side, "measure", fail)
    with pytest.raises(PromptGenError, match="nothing was measured"):
        compressed(trained.path, tmp_path / "out")
    assert not (tmp_path / "out" / "bundle").exists()


def test_a_bundle_alone_is_made_smaller_with_lines_of_a_file(
    trained: Run, corpus_file: Path, tmp_path: Path
) -> None:
    config = resolve((*QUICK, f"compress.base={trained.station('bundle')}", "compress.stock=true"))
    with pytest.raises(OutputExists, match="holds the bundle itself"):
        pipeline.compress(Run(trained.path), config)
    found = pipeline.compress(Run(tmp_path / "out"), config, data=corpus_file)
    assert found.measured["source"] == corpus_file.name
    assert found.bundle.is_stock
