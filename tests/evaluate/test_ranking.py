"""Ranks: a perfect predictor, a late one, a partly right one."""

import numpy as np
import pytest

from prompt_gen.evaluate import ranking
from prompt_gen.evaluate.typed import Typed, at_border, n_right, target
from tests.evaluate.test_typing import typed_with

LINES = ("高血压患者，要少吃盐。", "the cat sat on the mat")


def values(typed: Typed) -> dict[str, float]:
    weights_RN = np.ones((1, len(typed.lines)))
    return {name: number(weights_RN)[0] for name, number in ranking.numbers(typed, [1, 3]).items()}


def perfect(prefix: str) -> list[str]:
    line = next(line for line in LINES if line.startswith(prefix))
    return [target(line, len(prefix), 24)]


def test_a_perfect_predictor_has_one_everywhere() -> None:
    assert set(values(typed_with(perfect, *LINES)).values()) == {1.0}


def test_silence_has_zero_everywhere() -> None:
    assert set(values(typed_with(lambda _: [], *LINES)).values()) == {0.0}


def test_the_second_place_is_worth_half() -> None:
    found = values(typed_with(lambda prefix: ["zzz", *perfect(prefix)], *LINES))
    assert (found["success@1"], found["success@3"]) == (0, 1)
    assert found["mrr@3"] == found["pmrr@3"] == 0.5
    assert found["exact@1"] == 0


def test_a_right_clause_counts_in_part() -> None:
    def clause(prefix: str) -> list[str]:
        rest = perfect(prefix)[0]
        return [rest[: rest.find("，") + 1] or rest]

    found = values(typed_with(clause, LINES[0]))
    assert found["pmrr@3"] == 1
    assert found["mrr@3"] < 1


def test_final_marks_are_no_difference() -> None:
    found = values(typed_with(lambda prefix: [perfect(prefix)[0].rstrip("。") or "。"], LINES[0]))
    assert found["success@1"] == 1


def test_the_partial_rank_is_never_below_the_whole_one() -> None:
    def other_mark(prefix: str) -> list[str]:
        return [perfect(prefix)[0].rstrip("。") + "！"]

    found = values(typed_with(other_mark, LINES[0]))
    assert found["mrr@3"] == found["pmrr@3"] == 1


def test_exact_counts_beginnings_with_enough_left_only() -> None:
    line = "甲乙丙"
    found = values(typed_with(lambda prefix: [line[len(prefix) :]], line))
    assert found["exact@2"] == 1  # of the one beginning that has two left
    assert np.isnan(found["exact@8"])


@pytest.mark.parametrize(
    ("line", "typed", "completion", "n"),
    [
        ("高血压", 1, "血压", 2),
        ("高血压", 1, "血脂", 1),
        ("高血压", 1, "血压高", 2),
        ("高", 1, "a", 0),
    ],
)
def test_right_characters(line: str, typed: int, completion: str, n: int) -> None:
    assert n_right(line, typed, completion) == n


@pytest.mark.parametrize(
    ("line", "at", "is_border"),
    [("吃盐，多喝水", 3, True), ("吃盐，多喝水", 2, True), ("吃盐，多喝水", 4, False),
     ("the cat", 3, True), ("the cat", 4, True),
     ("the cat", 5, False), ("the cat", 7, True)],
)  # fmt: skip
def test_borders(line: str, at: int, is_border: bool) -> None:
    assert at_border(line, at) is is_border


def test_the_target_stops_where_candidates_do() -> None:
    assert target("要吃盐。还要喝水", 1, 24) == "吃盐。"
    assert len(target("一" * 40, 1, 24)) == 24
