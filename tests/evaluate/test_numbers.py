"""Numbers over lines: values, intervals and differences that arithmetic says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.evaluate.numbers import Ratio, draws, measured


def test_the_first_row_of_draws_is_every_line_once() -> None:
    weights_RN = draws(7, 50, seed=0)
    assert weights_RN.shape == (51, 7)
    assert (weights_RN[0] == 1).all()
    assert (weights_RN.sum(axis=1) == 7).all()


def test_equal_seeds_pair_their_draws_and_others_do_not() -> None:
    assert np.array_equal(draws(9, 20, seed=3), draws(9, 20, seed=3))
    assert not np.array_equal(draws(9, 20, seed=3), draws(9, 20, seed=4))


def test_a_ratio_of_sums_is_not_a_mean_of_ratios() -> None:
    number = Ratio(np.array([1.0, 9.0]), np.array([1.0, 99.0]))
    assert number(np.ones((1, 2))) == pytest.approx([0.1])


def test_nothing_counted_is_undefined_not_zero() -> None:
    found = measured(Ratio(np.zeros(3), np.zeros(3))(draws(3, 100, 0)))
    assert np.isnan([found.value, found.low, found.high]).all()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.integers(0, 99))
def test_a_difference_to_oneself_is_exactly_zero(values: list[float], seed: int) -> None:
    number, weights_RN = Ratio(np.array(values), np.ones(len(values))), draws(len(values), 50, seed)
    found = measured(number(weights_RN) - number(weights_RN))
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_an_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, n_covered = np.random.default_rng(0), 0
    for seed in range(200):
        sample = rng.random(100) < 0.3
        found = measured(Ratio(sample, np.ones(100))(draws(100, 300, seed)))
        n_covered += found.low <= 0.3 <= found.high
    assert 0.90 <= n_covered / 200 <= 0.99


def test_pairing_narrows_the_interval_of_a_difference() -> None:
    rng = np.random.default_rng(1)
    hard_N = rng.random(300)  # lines differ much, predictors little
    ones_N, weights_RN = np.ones(300), draws(300, 500, 0)
    one, other = Ratio(hard_N + 0.02, ones_N), Ratio(hard_N, ones_N)
    paired = measured(one(weights_RN) - other(weights_RN))
    unpaired = measured(one(weights_RN) - other(draws(300, 500, 1)))
    assert paired.low > 0 > unpaired.low
