"""Latency: percentiles are exact at any weights, and a new process answers."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.errors import PromptGenError
from prompt_gen.evaluate.latency import cold_start, histogram, numbers
from prompt_gen.evaluate.metrics import metric
from prompt_gen.evaluate.numbers import draws
from prompt_gen.evaluate.typed import Offer, Typed
from prompt_gen.run import Run
from tests.evaluate.typing_of import LINES, silent, typed_of

TIMES = st.lists(
    st.lists(st.floats(0.001, 5000), min_size=1, max_size=8), min_size=1, max_size=6
)  # ms of the keys of each line


def timed(lines: list[list[float]], n_passes: int = 1) -> Typed:
    offers = [[Offer((), ms, n_passes) for ms in row] for row in lines]
    return Typed(["a" * (len(row) + 1) for row in lines], offers, 24, 5)


@given(TIMES, st.integers(0, 99))
@settings(deadline=None)
def test_percentiles_are_those_of_the_keys_of_each_draw(
    lines: list[list[float]], seed: int
) -> None:
    weights_RN = draws(len(lines), 5, seed)
    found = numbers(timed(lines))
    for at, weights_N in enumerate(weights_RN.astype(int)):
        ms = np.concatenate([np.repeat(row, n) for row, n in zip(lines, weights_N, strict=True)])
        for percent in (50, 95, 99):
            expected = np.sort(ms)[-(-len(ms) * percent // 100) - 1]  # in whole numbers
            assert found[f"p{percent}_ms"](weights_RN)[at] == expected


@pytest.mark.parametrize("n_keys", [1, 7, 40, 333])
def test_percentiles_are_numpys(n_keys: int) -> None:
    ms = np.random.default_rng(n_keys).lognormal(3, 1, n_keys)
    for name, number in numbers(timed([ms.tolist()])).items():
        if name.endswith("_ms"):
            expected = np.percentile(ms, int(name[1:3]), method="inverted_cdf")
            assert number(np.ones((1, 1))) == expected


@given(TIMES, st.randoms())
@settings(deadline=None)
def test_the_order_of_lines_and_equal_weights_change_nothing(lines: list, rng) -> None:
    ones_1N = np.ones((1, len(lines)))
    before = {name: number(ones_1N) for name, number in numbers(timed(lines)).items()}
    rng.shuffle(lines)
    for name, number in numbers(timed(lines)).items():
        assert number(ones_1N) == pytest.approx(before[name])
        assert number(2 * ones_1N) == pytest.approx(before[name])


def test_many_draws_are_measured_one_by_one() -> None:
    rng = np.random.default_rng(0)
    typed = timed([rng.lognormal(3, 1, 50).tolist() for _ in range(20)])
    weights_RN = draws(20, 2000, 0)  # of a thousand keys: more than are held at a time
    number = numbers(typed)["p95_ms"]
    values_R = number(weights_RN)
    assert len(values_R) == len(weights_RN)
    for at in (0, 1, 1000, 2000):
        assert values_R[at] == number(weights_RN[at : at + 1])


def test_known_answers() -> None:
    typed = timed([[float(ms) for ms in range(1, 51)], [float(ms) for ms in range(51, 101)]], 3)
    values = {name: float(f(np.ones((1, 2)))[0]) for name, f in numbers(typed).items()}
    assert values == {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99, "passes": 3}


def test_all_names_are_in_the_table_and_no_key_takes_no_time() -> None:
    nothing = timed([[]])
    for name, number in numbers(nothing).items():
        assert metric(name).section == "latency"
        assert np.isnan(number(np.ones((2, 1)))).all()
    assert histogram(nothing) == []


@given(TIMES)
@settings(deadline=None)
def test_every_key_is_in_the_first_bar_that_holds_it(lines: list[list[float]]) -> None:
    bars = histogram(timed(lines))
    ms = np.concatenate(lines)
    edges = [bar["up_to_ms"] for bar in bars]
    assert edges == sorted(edges)
    assert bars[0]["keys"] > 0 < bars[-1]["keys"]
    for edge, n_keys in zip(edges, np.cumsum([bar["keys"] for bar in bars]), strict=True):
        assert n_keys == (ms <= edge).sum()
    assert n_keys == len(ms)


def test_a_new_process_answers_from_an_odd_path(trained: Run, tmp_path: Path) -> None:
    odd = tmp_path / "-c 临床 'a\" $x;\n\\ 🙂"
    shutil.copytree(trained.station("bundle"), odd)
    found = cold_start(odd, "高血压\x00\n患者")
    assert found["cold_start_ms"] > 0
    assert 20 < found["memory_mb"] < 2000


def test_a_process_without_an_answer_says_why(tmp_path: Path) -> None:
    with pytest.raises(PromptGenError, match=r"could not complete with.*holds no bundle"):
        cold_start(tmp_path, "高血压")


def test_times_and_passes_come_from_the_offers() -> None:
    typed = typed_of(LINES, silent, ms=lambda typed: float(len(typed)), n_passes=2)
    found = numbers(typed)
    ones_1N = np.ones((1, len(LINES)))
    assert found["p99_ms"](ones_1N) == max(map(len, LINES)) - 1
    assert found["passes"](ones_1N) == 2
