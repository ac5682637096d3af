"""Simulated users: known answers, and what must hold between them."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.evaluate import typing
from prompt_gen.evaluate.typed import Typed, target
from prompt_gen.evaluate.typing import NOTHING, ceiling, lazy, oracle, pinyin_keys, rational
from tests.evaluate.typing_of import candidate, typed_of

LINE = "高血压患者要少吃盐"  # nine characters
Continue = Callable[[str], Sequence[str]]  # what was typed to completions


def typed_with(complete: Continue, *lines: str, max_chars: int = 24) -> Typed:
    return typed_of(
        lines, lambda prefix: [candidate(prefix, c) for c in complete(prefix)], max_chars
    )


def offering(*texts: str) -> Continue:
    return lambda prefix: [t[len(prefix) :] for t in texts if t.startswith(prefix) and t != prefix]


def saved(way: typing.Way) -> float:
    return float(way.saved(np.ones((1, len(way.typed.lines))))[0])


def keys(way: typing.Way) -> int:
    """All keys of a single line, the first one included."""
    return 1 + int(way.keys_P.sum())


@pytest.mark.parametrize(
    ("offered", "n_rational", "n_oracle", "n_lazy"),
    [
        ((), 9, 9, 9),
        ((LINE,), 1 + 1, 1 + 1, 1 + 1),  # the first key, and taking it
        (("高血压病人", LINE), 1 + 2, 1 + 1, 3 + 1 + 1),  # a step down; lazy: when it comes first
        (("高血压患者",), 1 + 1 + 4, 1 + 1 + 4, 1 + 1 + 4),  # a right beginning, the rest by hand
        (("高血压患者不能喝酒",), 1 + 2 + 4, 1 + 2 + 4, 9),  # the same, with a tail to cut off
        (("高血",), 9, 9, 9),  # taking one character costs what typing it does
        (("高血压",), 9, 1 + 1 + 6, 1 + 1 + 6),  # two are too few for the rational user to read
    ],
)
def test_known_answers(
    offered: tuple[str, ...], n_rational: int, n_oracle: int, n_lazy: int
) -> None:
    typed = typed_with(offering(*offered), LINE)
    assert keys(rational(typed, 5, min_right=3)) == n_rational
    assert keys(oracle(typed, 5)) == n_oracle
    assert keys(lazy(typed)) == n_lazy


def test_a_perfect_predictor_reaches_the_ceiling() -> None:
    perfect = typed_with(lambda prefix: [target(LINE, len(prefix), 24)], LINE)
    assert saved(rational(perfect, 1, 3)) == saved(ceiling(perfect, 3)) == pytest.approx(7 / 9)


def test_the_ceiling_depends_on_how_long_candidates_may_be() -> None:
    nothing = typed_with(offering(), LINE, max_chars=4)
    assert keys(ceiling(nothing, 3)) == 1 + 1 + 1  # four characters for a key, twice


def test_the_oracle_waits_where_waiting_pays() -> None:
    def complete(prefix: str) -> list[str]:
        return {"高": ["血压"], "高血": ["压患者要少吃盐"]}.get(prefix, [])

    typed = typed_with(complete, LINE)
    assert keys(oracle(typed, 1)) == 3  # typing one more opens the whole line
    assert keys(lazy(typed)) == 8  # taking the short one at once does not


@given(
    lines=st.lists(st.text("高血压吃。", min_size=2, max_size=9), min_size=1, max_size=4),
    offered=st.lists(st.text("高血压吃。", min_size=1, max_size=5), max_size=4, unique=True),
    min_right=st.integers(1, 4),
)
def test_between_users(lines: list[str], offered: list[str], min_right: int) -> None:
    typed = typed_with(lambda _: offered, *lines)
    best = {k: saved(oracle(typed, k)) for k in (1, 3)}
    assert 0 <= saved(rational(typed, 3, min_right)) <= best[3]
    assert best[1] <= best[3]
    assert saved(lazy(typed)) <= best[1]
    for way in (rational(typed, 3, min_right), oracle(typed, 3), lazy(typed)):
        written = typed.total(way.chars_P) + 1
        assert written.tolist() == list(map(len, lines))  # every line comes out whole
        assert ((way.keys_P > 0) | (way.chars_P == 0)).all()
        assert ((way.rank_P != NOTHING) <= (way.keys_P > 0)).all()


def test_parts_add_up_to_the_whole() -> None:
    typed = typed_with(offering(LINE), LINE, "别的一行")
    way = rational(typed, 5, 3)
    early_P = typed.length_P < 3
    parts = [way.saved_where(where_P).of_N.sum() for where_P in (early_P, ~early_P)]
    assert sum(parts) == way.saved.of_N.sum()


def test_pinyin() -> None:
    assert [pinyin_keys(c) for c in "高血a，"] == [len("gao") + 1, len("xue") + 1, 1, 1]
    typed = typed_with(offering("高血压病"), "高血压病")
    way = rational(typed, 1, 3)
    all_keys = sum(map(pinyin_keys, "高血压病"))
    number = way.saved_pinyin(np.ones((1, 1)))[0]
    assert number == pytest.approx((all_keys - pinyin_keys("高") - 1) / all_keys)


def test_english_has_no_pinyin() -> None:
    names = typing.numbers(typed_with(offering(), "the cat"), [1, 5], 3)
    assert {"saved@1", "saved@5", "saved_oracle@5", "saved_lazy", "ceiling"} <= set(names)
    assert not any("pinyin" in name for name in names)
