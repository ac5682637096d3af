"""A target: the cheapest way that meets it is taken, and nothing is when none does."""

from pathlib import Path

import pytest

from prompt_gen import bundle, pipeline
from prompt_gen.engine import Completer
from prompt_gen.errors import GateNotMet, UsageError
from prompt_gen.pipeline import Compressed, side_by_side
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from tests.compress.made import QUICK


@pytest.fixture(autouse=True)
def _sizes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes are real; bits are counted down, so that what comes later seems better."""
    bits = iter(range(100, 0, -1))

    def measured(bundles: dict, *_: object) -> dict:
        numbers = {"bits_per_char": {"value": next(bits)}, "p50_ms": {"value": 5.0}}
        rows = [
            {"name": name, **{n: {"value": v} for n, v in side_by_side.sizes_of(made).items()}}
            | numbers
            for name, made in bundles.items()
        ]
        return {"rows": rows, "differences": {}}

    monkeypatch.setattr(side_by_side, "measure", measured)


def to_target(base: Path, out: Path, *settings: str) -> Compressed:
    asked = ("compress.method=auto", f"compress.base={base}", *settings)
    return pipeline.compress_to_target(Run(out), resolve((*QUICK, *asked)))


def size_of(found: Compressed, name: str) -> float:
    return next(row["model_mb"]["value"] for row in found.measured["tried"] if row["name"] == name)


def test_the_best_of_the_cheapest_group_is_taken(trained: Run, tmp_path: Path) -> None:
    found = to_target(trained.path, tmp_path / "first", "compress.target_mb=100")
    assert [row["name"] for row in found.measured["tried"]] == [
        "quantize-int8", "quantize-dynamic", "quantize-int4",
    ]  # fmt: skip
    assert found.measured["chosen"] == "quantize-int4"  # fewest bits, as they are counted here
    assert bundle.load(tmp_path / "first").name == "first"
    assert bundle.load(tmp_path / "first").compressed == found.measured
    assert Completer.load(tmp_path / "first").complete("高血压")
    assert not (tmp_path / "first" / "tries").exists()


def test_none_is_taken_that_does_not_meet_it(trained: Run, tmp_path: Path) -> None:
    with pytest.raises(GateNotMet, match=r"none of \d+ ways meets p50_ms 1; .*p50_ms 5.00"):
        to_target(trained.path, tmp_path / "out", "compress.target_ms=1")
    assert not (tmp_path / "out" / "bundle").exists()
    with pytest.raises(UsageError, match="auto needs a target"):
        to_target(trained.path, tmp_path / "out")
