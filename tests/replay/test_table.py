"""The table over sides with known answers, in this process and by turns in others."""

from typing import Any

import numpy as np
import pytest

from prompt_gen.cli import show
from prompt_gen.config import EvaluateConfig
from prompt_gen.evaluate import typing
from prompt_gen.evaluate.typed import Typed
from prompt_gen.replay import turns
from prompt_gen.replay.keys import type_lines
from prompt_gen.replay.sides import Alone
from prompt_gen.replay.table import table
from prompt_gen.replay.turns import Process, take_turns
from prompt_gen.run import Event
from tests.replay.toys import LINES, MAX_CHARS, Diaries, Diary, Toys, perfect, second, useless

CONFIG = EvaluateConfig(resamples=100)
MANY = LINES * 4  # enough for intervals


def table_of(**sides: Any) -> dict[str, Any]:
    found = {name: type_lines(side, MANY, 5) for name, side in sides.items()}
    return table(MANY, found, MAX_CHARS, 5, CONFIG)


def value(row: dict[str, Any], name: str) -> float:
    return row[name]["value"]


def test_a_perfect_side_saves_the_ceiling_and_a_useless_one_nothing() -> None:
    made = table_of(perfect=Alone(perfect), useless=Alone(useless))
    top, (first, second) = made["ceiling"]["value"], made["sides"]
    assert 0.5 < top < 1
    assert value(first["numbers"], "saved@5") == top
    assert value(second["numbers"], "saved@5") == 0
    gap = second["difference"]["saved@5"]
    assert gap["value"] == top
    assert gap["low"] <= top <= gap["high"]
    assert "difference" not in first


def test_equal_sides_differ_by_nothing_in_every_draw() -> None:
    made = table_of(one=Alone(perfect), other=Alone(perfect))
    assert made["sides"][1]["difference"]["saved@5"] == {"value": 0, "low": 0, "high": 0}


def test_saved_and_ceiling_are_those_of_evaluations() -> None:
    found = type_lines(Alone(second), MANY, 5)
    typed = Typed(MANY, [[key.offer for key in row] for row in found], MAX_CHARS, 5)
    made = table(MANY, {"one": found}, MAX_CHARS, 5, CONFIG)
    once = np.ones((1, len(MANY)))
    for row, way in (
        (made["sides"][0]["numbers"]["saved@5"], typing.rational(typed, 5, CONFIG.min_right)),
        (made["ceiling"], typing.ceiling(typed, CONFIG.min_right)),
    ):
        assert row["value"] == pytest.approx(float(way.saved(once)[0]), abs=1e-6)


def test_passes_are_told_only_where_they_are_counted() -> None:
    counted, uncounted = table_of(diary=Diary(), plain=Alone(perfect))["sides"]
    assert value(counted["numbers"], "passes") == 1
    assert value(counted["numbers"], "zero_passes") == 0
    assert not {"passes", "zero_passes"} & uncounted["numbers"].keys()


def test_by_turns_in_processes_gives_what_one_process_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "BLOCK", 3)
    monkeypatch.setattr(turns, "REST_S", 0.0)
    told = list[Event]()
    with Process(Toys(), 1) as one, Process(Diaries(), 1) as other:
        players = [*one.players(LINES[0]), *other.players(LINES[0])]
        assert [player.name for player in players] == ["perfect", "useless", "diary"]
        found = take_turns(players, LINES, 5, told.append)
    for name, side in {"perfect": Alone(perfect), "useless": Alone(useless)}.items():
        alone = type_lines(side, LINES, 5)
        texts = [[key.offer.candidates for key in row] for row in found[name]]
        assert texts == [[key.offer.candidates for key in row] for row in alone]
    who = [event.facts["typing"] for event in told]
    assert who == ["perfect", "useless", "diary", "useless", "diary", "perfect"]
    assert "left_s" not in told[2].facts
    assert told[3].facts["left_s"] > 0
    assert told[-1].done < told[-1].total == 3 * sum(map(len, LINES))


def test_what_is_printed_has_a_row_for_each_side(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"n": 5, "lines": 20, "keys": 100, "source": "heldout.txt", "threads": 1}
    show.bench(facts | table_of(ours=Diary(), other=Alone(useless)))
    head, ours, other, below = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["p50", "ms", "p95", "ms"]
    assert ours.split()[0] == "ours"
    assert ours.split()[6:8] == ["1.00", "0.0%"]  # passes, and keys without one
    assert other.split()[6:8] == ["-", "-"]
    assert "0.0% (0.0% to 0.0%)" in other
    assert "20 lines (heldout.txt)" in below
