"""The whole command, from a bundle to a table."""

import json
from pathlib import Path

import pytest

from prompt_gen.run import Run
from tests.cli.test_cli import prompt_gen


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "heldout.txt"
    path.write_text("高血压要\n感冒以后\nHow do\n", "utf-8")
    return path


def test_ours_and_every_way_of_peers_type_the_same_lines(trained: Run, data: Path) -> None:
    pytest.importorskip("ctranslate2", reason="CTranslate2 is not installed (extra bench)")
    asked = ("bench", trained.path, "--against", "ct2, hf", "--lines", 2, "--threads", 1)
    done = prompt_gen(*map(str, asked), "--data", data, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    ours = ["prompt-gen", "prompt-gen, no pauses", "prompt-gen, network"]
    names = [*ours, "ct2 alternatives", "ct2 beam", "hf beam", "hf samples"]
    assert [row["name"] for row in made["sides"]] == names
    assert (made["lines"], made["threads"], made["source"]) == (2, 1, "heldout.txt")
    for row in made["sides"]:
        assert 0 < row["numbers"]["p50_ms"]["value"] <= row["numbers"]["p99_ms"]["value"]
        assert row["numbers"]["candidates"]["value"] > 0.5
    assert made["sides"][0]["numbers"]["passes"]["value"] > 0
    assert "bench: 2 lines" in done.stderr


def test_an_unknown_peer_is_refused_before_the_bundle_is_looked_for(tmp_path: Path) -> None:
    done = prompt_gen("bench", tmp_path / "none", "--against", "ct")
    assert done.returncode == 2
    assert "unknown peer 'ct'" in done.stderr
    assert "ct2" in done.stderr
