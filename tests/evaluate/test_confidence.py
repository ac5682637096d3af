"""Confidence: calibration error, area and curve have the values that arithmetic says."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.calibration import calibrated, fit_temperature
from prompt_gen.evaluate.confidence import curve, firsts, numbers, reliability
from prompt_gen.evaluate.metrics import metric
from prompt_gen.evaluate.numbers import draws
from prompt_gen.evaluate.typed import Offer, Typed
from tests.evaluate.typing_of import LINES, candidate, constant, oracle, silent, typed_of

Key = tuple[float, bool]  # the first candidate's score, and whether it is right


def typed_by(lines: Sequence[Sequence[Key | None]]) -> Typed:
    """One line of `a` for each row of keys; None where nothing is offered."""

    def offer(at: int, key: Key | None) -> Offer:
        shown = () if key is None else (candidate("a" * at, "a" if key[1] else "b", key[0]),)
        return Offer(shown, 1.0, 1)

    offers = [[offer(at, key) for at, key in enumerate(keys, 1)] for keys in lines]
    return Typed(["a" * (len(keys) + 1) for keys in lines], offers, 24, 5)


def values(typed: Typed, temperature: float = 1.0) -> dict[str, float]:
    ones_1N = np.ones((1, len(typed.lines)))
    return {name: float(f(ones_1N)[0]) for name, f in numbers(typed, temperature).items()}


@pytest.fixture(scope="module")
def honest() -> Typed:
    """A first candidate is right as often as its score says."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.02, 0.98, (400, 50))
    right = rng.uniform(size=scores.shape) < scores
    return typed_by([list(zip(*row, strict=True)) for row in zip(scores, right, strict=True)])


def sharpened(typed: Typed, temperature: float) -> Typed:
    keys = [
        [(float(calibrated(np.array([o.candidates[0].score]), 1 / temperature)[0]),
          o.candidates[0].completion == "a") for o in row]
        for row in typed.offers
    ]  # fmt: skip
    return typed_by(keys)


def test_honest_scores_have_no_calibration_error(honest: Typed) -> None:
    assert values(honest)["calibration_error"] < 0.015
    _, scores_S, right_S = firsts(honest)
    assert fit_temperature(scores_S, right_S) == pytest.approx(1, abs=0.03)
    for row in reliability(honest):
        assert row["right"] == pytest.approx(row["score"], abs=0.06)


def test_sharpened_scores_are_mended_by_their_temperature(honest: Typed) -> None:
    boastful = sharpened(honest, 2.0)
    _, scores_S, right_S = firsts(boastful)
    temperature = fit_temperature(scores_S, right_S)
    assert temperature == pytest.approx(2, rel=0.03)
    found = values(boastful, temperature)
    assert found["calibration_error"] < 0.015
    # the mean of |p² / (p² + (1 - p)²) - p| for p between 0 and 1
    assert found["calibration_error_raw"] == pytest.approx(np.log(2) / 2 - 1 / 4, abs=0.01)
    assert found["coverage_area"] == pytest.approx(values(honest)["coverage_area"])


@pytest.mark.parametrize(
    ("keys", "error", "area"),
    [
        ([(0.9, True), (0.9, True)], 0.1, 1.0),
        ([(0.9, True), (0.9, False)], 0.4, 0.5),  # one bin, and a tie in which none is first
        ([(0.9, True), (0.1, False)], 0.1, (1 + 1 / 2) / 2),
        ([(0.1, True), (0.9, False)], 0.9, (0 + 1 / 2) / 2),
        ([(0.9, True), (0.5, False), (0.5, True)], (0.1 + 0) / 3, (1 + 2 / 3 + 2 / 3) / 3),
        ([(1.0, True), None], 0.0, 1 / 2),  # silence is not calibrated, and covers nothing
        ([(0.0, True), (0.0, False)], 0.5, 0.5),
        ([None, None], np.nan, 0.0),
    ],
)
def test_known_answers(keys: list[Key | None], error: float, area: float) -> None:
    found = values(typed_by([keys]))
    assert found["calibration_error"] == pytest.approx(error, nan_ok=True)
    assert found["coverage_area"] == pytest.approx(area)


def test_an_oracle_a_constant_and_one_who_knows_half_the_lines() -> None:
    sure = values(typed_of(LINES, oracle(LINES, score=1.0)))
    assert sure == {"calibration_error": 0, "calibration_error_raw": 0, "coverage_area": 1}
    fool = values(typed_of(LINES, constant("别的", score=0.25)))
    assert fool == pytest.approx(
        {"calibration_error": 0.25, "calibration_error_raw": 0.25, "coverage_area": 0}
    )
    known = LINES[0]
    typed = typed_of(LINES, lambda t: oracle(LINES, 1.0)(t) if known.startswith(t) else silent(t))
    share = (len(known) - 1) / sum(len(line) - 1 for line in LINES)
    assert values(typed)["coverage_area"] == pytest.approx(share)
    assert curve(typed) == [{"threshold": 1.0, "coverage": share, "precision": 1.0}]


def test_the_curve_falls_in_coverage_as_the_threshold_rises(honest: Typed) -> None:
    points = curve(honest)
    assert len(points) == 100
    assert points[0]["coverage"] == 1
    for before, after in pairwise(points):
        assert before["threshold"] < after["threshold"]
        assert before["coverage"] > after["coverage"]
    mean = np.mean([point["precision"] for point in points])
    assert values(honest)["coverage_area"] == pytest.approx(mean, abs=0.01)


def test_nothing_offered_draws_no_curve() -> None:
    typed = typed_of(LINES, silent)
    assert curve(typed) == reliability(typed) == []


def test_reliability_counts_every_key_that_has_a_candidate(honest: Typed) -> None:
    assert sum(row["keys"] for row in reliability(honest)) == len(honest.line_P)
    assert sum(row["keys"] for row in reliability(typed_by([[None, (0.5, True)]]))) == 1


KEYS = st.lists(
    st.lists(
        st.none() | st.tuples(st.sampled_from([0.0, 0.2, 0.21, 0.5, 0.9, 1.0]), st.booleans()),
        min_size=1, max_size=6,
    ),
    min_size=1, max_size=6,
)  # fmt: skip


@given(KEYS, st.randoms())
@settings(deadline=None)
def test_the_order_of_lines_and_equal_weights_change_nothing(lines: list, rng) -> None:
    typed = typed_by(lines)
    before = values(typed, 2.0)
    twos_1N = np.full((1, len(lines)), 2.0)
    for name, number in numbers(typed, 2.0).items():
        assert number(twos_1N)[0] == pytest.approx(before[name], nan_ok=True)
    rng.shuffle(lines)
    after = values(typed_by(lines), 2.0)
    assert after == {name: pytest.approx(value, nan_ok=True) for name, value in before.items()}


@given(KEYS, st.integers(0, 99))
@settings(deadline=None)
def test_weights_are_lines_typed_so_often(lines: list, seed: int) -> None:
    weights_RN = draws(len(lines), 4, seed)
    found = numbers(typed_by(lines), 0.7)
    for at, weights_N in enumerate(weights_RN.astype(int)):
        repeated = [row for row, n in zip(lines, weights_N, strict=True) for _ in range(n)]
        for name, expected in values(typed_by(repeated), 0.7).items():
            assert found[name](weights_RN)[at] == pytest.approx(expected, nan_ok=True)


def test_all_names_are_in_the_table() -> None:
    assert {metric(name).section for name in numbers(typed_of(LINES, silent))} == {"confidence"}
