"""Who wins: the direction of each number, the interval that decides, and the words."""

import pytest

from prompt_gen.evaluate.verdicts import Verdict, verdicts

TITLES = {"popular": ("most popular completion", "最常见补全")}
AHEAD = {"value": 0.2, "low": 0.1, "high": 0.3}
BEHIND = {"value": -0.2, "low": -0.3, "high": -0.1}
EVEN = {"value": 0.01, "low": -0.1, "high": 0.12}


def said(number: str, row: dict, **kinds: dict) -> list[Verdict]:
    by_kind = {kind: {number: found} for kind, found in kinds.items()}
    return verdicts(TITLES, {"popular": {number: row}}, {"popular": by_kind}, (number,))


@pytest.mark.parametrize(
    ("number", "row", "winner"),
    [
        ("saved@5", AHEAD, "model"),
        ("saved@5", BEHIND, "other"),
        ("saved@5", EVEN, ""),
        ("bits_per_char", BEHIND, "model"),  # fewer bits are better
        ("bits_per_char", AHEAD, "other"),
    ],
)
def test_who_wins(number: str, row: dict, winner: str) -> None:
    (verdict,) = said(number, row)
    assert verdict["winner"] == winner


def test_the_words_name_the_winner_first_and_the_gap_without_sign() -> None:
    (model,) = said("saved@5", AHEAD)
    (other,) = said("saved@5", BEHIND)
    assert model["english"] == (
        "Keystrokes saved (k = 5): the model ahead of most popular completion, "
        "by 20.0 points (10.0 to 30.0)."
    )
    assert (
        "most popular completion ahead of the model, by 20.0 points (10.0 to 30.0)"
        in (other["english"])
    )
    assert (
        other["chinese"]
        == "节省击键 (k = 5)：最常见补全优于模型，差 20.0 个百分点（10.0 至 30.0）。"
    )


def test_a_baseline_that_wins_on_one_side_only_is_named_there() -> None:
    found = said("saved@5", EVEN, seen=BEHIND, unseen=AHEAD)
    assert [verdict["winner"] for verdict in found] == ["other", "model"]
    assert "seen in training" in found[0]["english"]
    assert "unseen" in found[1]["english"]


def test_what_was_not_measured_is_not_judged() -> None:
    assert verdicts(TITLES, {"popular": {"saved@5": None}}, {}, ("saved@5", "bits_per_char")) == []


def test_an_interval_that_touches_zero_decides_nothing() -> None:
    (verdict,) = said("saved@5", {"value": 0.1, "low": 0.0, "high": 0.2})
    assert verdict["winner"] == ""
    assert "do not tell" in verdict["english"]


def test_what_else_is_lost_is_said_in_one_sentence() -> None:
    rows = {"saved@5": AHEAD, "mrr@5": BEHIND, "chrf": BEHIND, "p95_ms": AHEAD, "bleu": EVEN}
    *_, last = verdicts(TITLES, {"popular": rows}, {}, ("saved@5",))
    assert last["winner"] == "other"
    assert last["english"].startswith("Ahead of the model: most popular completion in mrr@5,")
    assert last["english"].endswith(" mrr@5, chrf, p95_ms.")
