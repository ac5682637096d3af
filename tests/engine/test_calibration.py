"""Temperature scaling: known temperatures are found, and the order of scores stays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.engine.calibration import calibrated, fit_temperature

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)
TEMPERATURES = st.floats(0.05, 20)


def drawn(n_keys: int = 40_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores that say how probable it is that each is right, and which were."""
    rng = np.random.default_rng(seed)
    scores_P = rng.uniform(0.01, 0.99, n_keys)
    return scores_P, rng.uniform(size=n_keys) < scores_P


def test_true_scores_have_temperature_one() -> None:
    assert fit_temperature(*drawn()) == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("temperature", [0.5, 2.0, 4.0])
def test_a_temperature_is_recovered(temperature: float) -> None:
    scores_P, right_P = drawn()
    sharpened_P = calibrated(scores_P, 1 / temperature)
    assert fit_temperature(sharpened_P, right_P) == pytest.approx(temperature, rel=0.03)
    assert calibrated(sharpened_P, temperature) == pytest.approx(scores_P)


def test_no_other_temperature_makes_the_data_more_probable() -> None:
    scores_P, right_P = drawn(300)

    def loss(temperature: float) -> float:
        p = calibrated(scores_P, temperature)
        return -np.log(np.maximum(np.where(right_P, p, 1 - p), 1e-300)).sum()

    best = fit_temperature(scores_P, right_P)
    assert loss(best) <= min(loss(best * 1.01), loss(best / 1.01))
    assert loss(best) <= min(map(loss, np.geomspace(0.05, 20, 200))) + 1e-9


@pytest.mark.parametrize(
    ("scores", "right"),
    [
        ([], []),
        ([0.1, 0.9], [1, 1]),
        ([0.1, 0.9], [0, 0]),
        ([0.5, 0.5], [0, 1]),
    ],
)
def test_data_that_say_nothing_change_nothing(scores: list[float], right: list[int]) -> None:
    assert fit_temperature(np.array(scores), np.array(right, bool)) == 1


@given(st.lists(st.tuples(st.sampled_from([0.0, 1e-9, 0.3, 0.5, 1 - 1e-9, 1.0]), st.booleans())))
def test_any_scores_have_a_temperature(pairs: list[tuple[float, bool]]) -> None:
    scores_P = np.array([score for score, _ in pairs])
    right_P = np.array([right for _, right in pairs], bool)
    assert 0.05 <= fit_temperature(scores_P, right_P) <= 20


@given(SCORES, TEMPERATURES)
def test_the_order_stays_and_probabilities_remain_probabilities(
    scores_P: np.ndarray, temperature: float
) -> None:
    ours_P = calibrated(np.sort(scores_P), temperature)
    assert (np.diff(ours_P) >= 0).all()
    assert ((ours_P >= 0) & (ours_P <= 1)).all()


@given(SCORES)
def test_temperature_one_changes_nothing(scores_P: np.ndarray) -> None:
    assert (calibrated(scores_P, 1.0) == scores_P).all()


@pytest.mark.parametrize("temperature", [0.5, 3.0])
def test_ends_stay_ends(temperature: float) -> None:
    assert calibrated(np.array([0.0, 0.5, 1.0, 1 + 1e-12]), temperature).tolist() == [0, 0.5, 1, 1]


def test_small_scores_stay_apart() -> None:
    ours_P = calibrated(np.array([1e-40, 1e-30, 1e-20]), 2.0)
    assert ours_P == pytest.approx([1e-20, 1e-15, 1e-10], rel=1e-9, abs=0)
