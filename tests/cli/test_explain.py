"""`prompt-gen explain`, as a user runs it."""

import json
from pathlib import Path
from xml.etree import ElementTree

from prompt_gen.run import Run
from tests.cli.test_cli import prompt_gen


def test_it_shows_the_candidates_of_complete_and_draws_them(trained: Run, tmp_path: Path) -> None:
    path = tmp_path / "tree.svg"
    done = prompt_gen("explain", trained.path, "高血压", "--then", "患", "--svg", path, "-n", 3)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("keys saved") == 2
    completed = prompt_gen("complete", trained.path, "高血压患", "-n", 3, "--json")
    listed = json.loads(completed.stdout)["candidates"]
    drawn = "".join(ElementTree.parse(path).getroot().itertext())
    for candidate in listed:
        assert candidate["completion"] in done.stdout
        assert candidate["completion"][:10] in drawn


def test_as_json_it_is_the_whole_tree(trained: Run) -> None:
    done = prompt_gen("explain", trained.path, "高血压", "--then", "患", "--json")
    first, second = json.loads(done.stdout)["keys"]
    assert (first["key"], second["key"]) == ("", "患")
    assert first["tree"]["p"] == 1
    assert first["tree"]["branches"][0]["text"]
    assert [row["rank"] for row in first["shown"]] == [1, 2, 3, 4, 5]


def test_a_picture_that_has_no_place_is_refused_before_all_else(tmp_path: Path) -> None:
    done = prompt_gen("explain", "runs/none", "高血压", "--svg", tmp_path / "none" / "tree.svg")
    assert done.returncode == 2
    assert "no such directory" in done.stderr
