"""The modes that go from token to token, on models whose every text can be counted."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.line import Chosen
from prompt_gen.engine.modes import MODES
from tests.engine.toy import TEXTS, Fixed, Toy, after, enumerated, line_of, never, vocabulary_of

BPE, CHAR = vocabulary_of("bpe"), vocabulary_of("char")
seeds = st.integers(0, 1 << 30)
LEADING = Fixed(  # all that is probable begins with 甲
    CHAR, {"乙": {"甲": 0.9, "乙": 0.06, "丙": 0.04}, "甲": {"甲": 0.4, "乙": 0.3, "丙": 0.3}}
)


def run(mode: str, toy: Toy, typed: str, stops=never, vocabulary=BPE, **settings) -> list[Chosen]:
    return MODES.load(mode).run(line_of(toy, vocabulary, typed, stops=stops, mode=mode, **settings))


def texts(found: list[Chosen]) -> list[str]:
    return [c.stop.completion for c in found]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "tree"])
@settings(max_examples=25, deadline=None)
@given(seed=seeds, typed=st.sampled_from(["甲", "甲乙", "丙甲"]), n=st.integers(1, 20))
def test_lists_are_distinct_texts_that_may_follow_most_probable_first(
    mode: str, seed: int, typed: str, n: int
) -> None:
    toy = Toy(BPE, [*TEXTS, "甲", "乙"], seed)
    found = run(mode, toy, typed, n=n, max_chars=3, seed=seed)
    assert len(found) <= n
    assert len(set(texts(found))) == len(found)
    assert [c.p for c in found] == sorted((c.p for c in found), reverse=True)
    # Ways to one text go on as one of them does: the sum is true, each by itself nearly.
    assert sum(c.p for c in found) <= 1 + 1e-9
    expected = enumerated(toy, BPE, typed, max_chars=3).texts
    for c in found:
        assert c.stop.completion in expected
        assert c.stop.reason in ("sentence", "eos", "length")


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "tree"])
@settings(max_examples=25, deadline=None)
@given(seed=seeds, n=st.integers(1, 20))
def test_where_there_is_one_way_to_a_text_its_probability_is_exact(
    mode: str, seed: int, n: int
) -> None:
    toy = Toy(CHAR, ["甲乙丙"], seed)
    expected = enumerated(toy, CHAR, "甲乙", max_chars=3).texts
    for c in run(mode, toy, "甲乙", vocabulary=CHAR, n=n, max_chars=3, seed=seed):
        assert c.p == pytest.approx(expected[c.stop.completion])


@settings(max_examples=30, deadline=None)
@given(seed=seeds, typed=st.sampled_from(["甲", "乙丙", "丙甲"]))
def test_a_beam_as_wide_as_all_there_is_finds_the_most_probable(seed: int, typed: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"], seed)
    found = run("beam", toy, typed, vocabulary=CHAR, n=20, max_chars=2)
    expected = enumerated(toy, CHAR, typed, max_chars=2).texts
    expected.pop("", None)
    assert {c.stop.completion: c.p for c in found} == pytest.approx(dict(expected))


def test_beams_that_keep_off_each_other_begin_with_more_tokens() -> None:
    beam, diverse = (
        texts(run(mode, LEADING, "乙", vocabulary=CHAR, n=3, max_chars=3, diversity=5.0))
        for mode in ("beam", "diverse")
    )
    assert {text[0] for text in beam} == {"甲"}
    assert {text[0] for text in diverse} == {"甲", "乙", "丙"}


def test_a_row_says_what_others_have_not_said_if_it_is_nearly_as_probable() -> None:
    alike = {"甲": 0.5, "乙": 0.3, "丙": 0.2}
    toy = Fixed(CHAR, {"乙": alike, "甲": alike, "丙": alike})

    def second(diversity: float) -> set[str]:
        found = run("diverse", toy, "乙", vocabulary=CHAR, n=3, max_chars=2, diversity=diversity)
        return {text[1] for text in texts(found)}

    assert second(0.0) == {"甲"}
    assert second(1.0) == {"甲", "乙", "丙"}


def greedy(toy: Toy, typed: str, n_tokens: int) -> str:
    text, last = "", CHAR.encode(typed)[-2:]
    for _ in range(n_tokens):
        token = int(toy.behind(last).argmax())
        if token == toy.eos:
            break
        text += CHAR.texts[token] or ""
        last = (*last, token)[-2:]
    return text


@pytest.mark.parametrize("how", [{"temperature": 0.0}, {"top_k": 1}, {"top_p": 1e-9}])
@pytest.mark.parametrize("seed", range(5))
def test_of_the_most_probable_token_alone_the_text_is_the_greedy_one(how: dict, seed: int) -> None:
    toy = Toy(CHAR, ["甲乙丙"], seed)
    found = run("sample", toy, "丙甲", vocabulary=CHAR, n=5, max_chars=4, **how)
    expected = greedy(toy, "丙甲", 4)
    assert texts(found) == ([expected] if expected else [])


def test_the_same_seed_draws_the_same_list() -> None:
    toy = Toy(BPE)
    lists = [texts(run("sample", toy, "甲", n=4, max_chars=6, seed=seed)) for seed in (1, 1, 2, 3)]
    assert lists[0] == lists[1]
    assert lists[0] not in lists[2:]


def test_without_a_seed_lists_differ() -> None:
    toy = Toy(BPE)
    assert len({tuple(texts(run("sample", toy, "甲", n=4, max_chars=9))) for _ in range(6)}) > 1


def drawn(n: int, toy: Toy, typed: str, vocabulary=BPE, **settings) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in range(n):
        shown = texts(run("sample", toy, typed, vocabulary=vocabulary, n=1, seed=seed, **settings))
        found[shown[0] if shown else ""] += 1
    return found


def is_near(counts: Counter[str], expected: dict[str, float]) -> None:
    """Within five standard deviations."""
    n = counts.total()
    assert set(counts) <= {text for text, p in expected.items() if p > 0}
    for text, p in expected.items():
        assert abs(counts[text] / n - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1e-12, text


@pytest.mark.parametrize("typed", ["甲", "甲乙"])
def test_texts_are_drawn_as_often_as_they_are_probable(typed: str) -> None:
    toy = Toy(BPE)
    is_near(drawn(500, toy, typed, max_chars=2), enumerated(toy, BPE, typed, max_chars=2).texts)


ROW = {"甲": 0.5, "乙": 0.3, "丙": 0.15}  # and the end


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, {**ROW, "": 0.05}),
        ({"top_k": 2}, {"甲": 5 / 8, "乙": 3 / 8}),
        ({"top_p": 0.79}, {"甲": 5 / 8, "乙": 3 / 8}),
        ({"top_p": 0.81}, {"甲": 0.5 / 0.95, "乙": 0.3 / 0.95, "丙": 0.15 / 0.95}),
        ({"top_k": 3, "top_p": 0.5}, {"甲": 1.0}),
        ({"temperature": 0.5}, {t: p**2 / 0.365 for t, p in {**ROW, "": 0.05}.items()}),
        ({"temperature": 2.0}, {t: p**0.5 / 1.8656 for t, p in {**ROW, "": 0.05}.items()}),
    ],
)
def test_the_settings_shape_what_is_drawn_from(how: dict, expected: dict[str, float]) -> None:
    toy = Fixed(CHAR, {"丙": ROW})
    is_near(drawn(500, toy, "丙", vocabulary=CHAR, max_chars=1, **how), expected)


def test_what_was_said_is_said_less_often_with_a_penalty() -> None:
    toy = Fixed(CHAR, {"丙": {"甲": 1.0}, "甲": {"甲": 0.5, "乙": 0.5}})
    counts = drawn(500, toy, "丙", vocabulary=CHAR, max_chars=2, repetition_penalty=2.0)
    is_near(counts, {"甲甲": 1 / 3, "甲乙": 2 / 3})


@pytest.mark.parametrize("mode", MODES)
def test_what_is_on_its_way_when_the_time_is_up_is_shown(mode: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    found = run(mode, toy, "甲", stops=after(2), vocabulary=CHAR, n=5, max_chars=20, batch=1)
    assert found
    assert "open" in {c.stop.reason for c in found}
    assert toy.n_passes <= 4


@pytest.mark.parametrize("mode", MODES)
def test_what_is_not_allowed_is_not_shown(mode: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    line = line_of(
        toy, CHAR, "甲", allowed=lambda stop: "乙" not in stop.completion, n=5, max_chars=3, seed=1,
        min_confidence=0.02,
    )  # fmt: skip
    found = MODES.load(mode).run(line)
    assert found
    assert not any("乙" in c.stop.completion or c.p < 0.02 for c in found)


@pytest.mark.parametrize("mode", MODES)
def test_stop_texts_end_a_continuation(mode: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    found = run(mode, toy, "甲", vocabulary=CHAR, n=20, max_chars=5, stop=("丙", "乙乙"), seed=2)
    assert found
    assert not any("丙" in text or "乙乙" in text for text in texts(found))
