"""What is drawn from, against softmax of logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.drawing import Drawing, sharpened

TOKENS = np.array([4, 7, 9, 7])  # one token by two ways
P = np.array([0.5, 0.25, 0.2, 0.05])


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


@given(
    temperature=st.floats(0.05, 2),
    presence=st.floats(-2, 2),
    frequency=st.floats(-2, 2),
    bias=st.floats(-20, 20),
    n=st.integers(0, 9),
)
@settings(max_examples=200, deadline=None)
def test_it_is_the_softmax_of_changed_logits(
    temperature: float, presence: float, frequency: float, bias: float, n: int
) -> None:
    drawing = Drawing(temperature, 1.0, presence, frequency, {9: bias})
    changes = np.array([0, 1, 0, 1]) * (-(n > 0) * presence - n * frequency)
    expected = softmax((np.log(P) + changes + [0, 0, bias, 0]) / temperature)
    found = drawing.distribution(P, TOKENS, {7: n} if n else {})
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"temperature": 0.0}, [1, 0, 0, 0]),
        ({"top_p": 0.0}, [1, 0, 0, 0]),
        ({"top_p": 0.75}, [2 / 3, 1 / 3, 0, 0]),
        ({"top_p": 0.76}, [0.5 / 0.95, 0.25 / 0.95, 0.2 / 0.95, 0]),
        ({"temperature": 0.0, "bias": {9: 100.0}}, [0, 0, 1, 0]),
        ({"bias": {9: 100.0}}, [0, 0, 1, 0]),
        ({"bias": {4: -100.0}}, [0, 0.5, 0.4, 0.1]),
        ({"bias": {5: 100.0}}, P),  # a token that is not there
    ],
)
def test_extremes_leave_what_they_say(how: dict, expected: list[float]) -> None:
    assert Drawing(**how).distribution(P, TOKENS, {}) == pytest.approx(expected, abs=1e-30)


def test_what_is_nearly_impossible_can_be_forced_and_what_is_impossible_cannot() -> None:
    p, tokens = np.array([1.0, 1e-44, 0.0]), np.array([0, 1, 2])
    assert Drawing(bias={1: 100.0}).distribution(p, tokens, {})[1] == pytest.approx(1)
    assert Drawing(bias={2: 100.0}).distribution(p, tokens, {})[2] == 0


@given(st.lists(st.floats(1e-6, 1), min_size=2, max_size=30), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_the_k_most_probable_are_kept_in_proportion(weights: list[float], k: int) -> None:
    p = np.array(weights) / sum(weights)
    found = sharpened(p, top_k=k)
    kept = found > 0
    assert kept.sum() == min(k, len(p))
    assert found[kept] / p[kept] == pytest.approx(np.full(kept.sum(), 1 / p[kept].sum()))
    assert not (~kept).any() or p[~kept].max() <= p[kept].min()


def test_a_cold_draw_of_small_probabilities_is_a_distribution() -> None:
    found = sharpened(np.array([1e-30, 2e-30, 0.0]), temperature=0.01)
    assert found == pytest.approx([0, 1, 0], abs=1e-12)
