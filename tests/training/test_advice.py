"""Warnings: each row speaks where it should, names the way out, and is silent elsewhere."""

from dataclasses import replace

import pytest

from prompt_gen.training.advice import WARNINGS, Look, Situation, warnings
from prompt_gen.training.recipe import RECIPES
from prompt_gen.training.references import References

REFERENCES = References(unigram=6.0, bigram=4.5, kneser_ney=4.0, error=0.15, share=1.0)


def run_of(*bits: float | tuple[float, float], until: float = 1.0, **facts: object) -> Situation:
    """Looks evenly over a share of a run: bits on validation, on training lines (else less)."""
    pairs = [each if isinstance(each, tuple) else (each, each - 0.1) for each in bits]
    looks = tuple(
        Look(100 * n, until * n / len(pairs), 2.0 * n / len(pairs), training, validation)
        for n, (validation, training) in enumerate(pairs, start=1)
    )
    return Situation(looks, REFERENCES, RECIPES["cpu"], **({"is_timed": True} | facts))  # type: ignore[arg-type]


GOOD = run_of(4.4, 4.2, 4.1, 4.05, 4.0, 3.95, 3.9, 3.8)
SAID = {
    "unclear": [
        (replace(run_of(4.2), references=replace(REFERENCES, error=0.3)), "0.60 bits", "more text"),
    ],
    "rate_too_high": [
        (run_of(4.4, 4.2, 4.9, until=0.3), "step 200", "train.matrix_lr=0.01"),
        (run_of(4.3, (5.0, 4.31), until=0.2), "step 100", "train.other_lr=0.003"),
    ],
    "learned_by_heart": [
        (run_of((4.2, 4.0), (4.1, 3.8), (4.15, 3.5), (4.2, 3.2)), "2.0 times", "train.dropout=0.1"),
    ],
    "worse_than_counts": [
        (run_of(6.9, 6.5, until=0.3), "single tokens (6.00)", "--minutes"),
        (run_of(6.9, 4.9, until=0.5, is_timed=False), "pairs of tokens (4.50)", "--steps"),
    ],
    "too_short": [
        (run_of(5.0, 4.5, 4.3, 4.1, 3.9, 3.7, 3.5, 3.4), "25% to 50%", "--minutes"),
    ],
    "worse_than_kneser_ney": [
        (run_of(4.4, 4.35, 4.3, 4.25), "(4.00 bits", "more text"),
    ],
}
CASES = [(name, *case) for name, cases in SAID.items() for case in cases]


def test_every_row_has_a_case() -> None:
    assert SAID.keys() == WARNINGS.keys()


@pytest.mark.parametrize(("name", "now", "fact", "way_out"), CASES, ids=[c[0] for c in CASES])
def test_a_row_says_what_it_saw_and_what_to_do(
    name: str, now: Situation, fact: str, way_out: str
) -> None:
    said = warnings(now)
    assert fact in said[name]
    assert way_out in said[name]


def test_a_good_run_is_not_warned_of_at_any_look() -> None:
    for n in range(1, len(GOOD.looks) + 1):
        assert warnings(replace(GOOD, looks=GOOD.looks[:n])) == {}


@pytest.mark.parametrize(("name", "now", "fact", "way_out"), CASES, ids=[c[0] for c in CASES])
def test_what_was_said_is_not_said_again(
    name: str, now: Situation, fact: str, way_out: str
) -> None:
    assert name not in warnings(replace(now, looks=(*now.looks, now.last)))


def test_rising_on_validation_lines_alone_is_no_matter_of_the_rate() -> None:
    assert "rate_too_high" not in warnings(run_of((4.2, 4.0), (4.6, 3.5)))


def test_more_time_is_not_advised_where_the_text_may_not_be_shown_again() -> None:
    (now, *_), *_ = SAID["too_short"]
    assert "too_short" not in warnings(replace(now, recipe=replace(now.recipe, max_epochs=2.0)))
