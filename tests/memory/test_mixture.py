"""A mixture is a distribution, whatever its weights, and believes who was right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prompt_gen.memory import estimate, mixture
from prompt_gen.memory.fitting import Evidence
from prompt_gen.memory.mixture import EXPERTS, FEATURES, Mixture
from tests.memory.corpora import BOS, SIZE, Lines, indexed, some_lines, word_lists

SHAPE = (len(FEATURES), len(EXPERTS))
weights = arrays(np.float64, SHAPE, elements=st.floats(-20, 20))


@settings(deadline=None)
@given(lines=some_lines, words=word_lists, weights=weights, seed=st.integers(0, 99))
@pytest.mark.parametrize("has_network", [True, False])
def test_probabilities_sum_to_one(
    has_network: bool, lines: Lines, words: list[int], weights: np.ndarray, seed: int
) -> None:
    made = estimate.build(indexed(lines), SIZE, 3)
    ids = np.array([[BOS, *words]])
    every, _ = made.index.follow(made.index.start(), ids, np.array([ids.shape[1]]))
    found = made.behind(every)
    network = np.random.default_rng(seed).dirichlet(np.ones(SIZE), ids.shape[1])
    mixed = Mixture(weights).mixed(network if has_network else None, found, made.unigrams)
    assert mixed.sum(axis=1) == pytest.approx(np.ones(ids.shape[1]), abs=1e-9)
    assert (mixed >= 0).all()


def drawn(n: int) -> Evidence:
    """The network is right where no match is read, the match where it stands in many lines."""
    rng = np.random.default_rng(0)
    features = np.zeros((n, len(FEATURES)))
    features[:, 0] = 1
    is_read = rng.random(n) < 0.5
    features[:, 3], features[:, 4] = is_read, ~is_read
    good, bad = rng.uniform(0.5, 1, n), rng.uniform(0, 0.1, n)
    probability = np.stack([np.where(is_read, bad, good), bad, np.where(is_read, good, 0)], axis=1)
    there = np.stack([np.ones(n, bool), np.ones(n, bool), is_read], axis=1)
    return Evidence(features, there, probability)


def test_who_was_right_is_believed() -> None:
    evidence = drawn(2000)
    share = evidence.fit().of_features(evidence.features_TF, evidence.is_there_TE)
    is_read = evidence.is_there_TE[:, 2]
    assert share[~is_read, 0].mean() > 0.9
    assert share[is_read, 2].mean() > 0.9
    assert (share[~is_read, 2] == 0).all()


def test_no_round_makes_the_text_less_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    evidence, before = drawn(300), np.inf
    for rounds in (0, 1, 2, 5, 20):
        monkeypatch.setattr(mixture, "_ROUNDS", rounds)
        found = evidence.nats(evidence.fit())
        assert found < before
        before = found


def test_nothing_to_learn_from_leaves_the_weights() -> None:
    nothing = Evidence(np.zeros((0, SHAPE[0])), np.zeros((0, SHAPE[1]), bool), np.zeros((0, 3)))
    assert nothing.fit().as_lists() == Mixture(mixture._BEFORE).as_lists()


@pytest.mark.parametrize("rows", [[], [[1.0] * 3], [["a"] * 3] * 5, [[np.nan] * 3] * 5])
def test_other_numbers_are_no_weights(rows: list) -> None:
    with pytest.raises(ValueError, match=r"mixture|convert"):
        Mixture.of(rows)


@settings(deadline=None)
@given(lines=some_lines, words=word_lists, weights=weights, seed=st.integers(0, 99))
def test_pieces_add_up_to_the_weighed_experts(
    lines: Lines, words: list[int], weights: np.ndarray, seed: int
) -> None:
    made, fitted = estimate.build(indexed(lines), SIZE, 3), Mixture(weights)
    ids = np.array([[BOS, *words]])
    every, _ = made.index.follow(made.index.start(), ids, np.array([ids.shape[1]]))
    found, n = made.behind(every), ids.shape[1]
    network = np.random.default_rng(seed).dirichlet(np.ones(SIZE), n)
    share = fitted.of_features(mixture.features(found), mixture.there(found, has_network=True))
    pieces = fitted.pieces(found, has_network=True)
    for token in range(SIZE):
        wanted = [network[:, token], *found.of(np.full(n, token), made.unigrams)]
        put_together = (
            pieces.of_network_B * network[:, token]
            + pieces.of_unigrams_B * made.unigrams[token]
            + pieces.some.of(np.full(n, token))
        )
        assert put_together == pytest.approx((share * np.stack(wanted, axis=1)).sum(axis=1))
