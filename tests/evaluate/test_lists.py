"""Within lists: invariants are counted, diversity has the values that arithmetic says."""

import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from sacrebleu.metrics.bleu import BLEU

from prompt_gen.engine import Candidate
from prompt_gen.evaluate import lists
from prompt_gen.evaluate.metrics import metric
from prompt_gen.evaluate.optional import absent
from prompt_gen.evaluate.typed import Typed
from tests.evaluate.typing_of import LINES, candidate, constant, oracle, silent, typed_of


def value(typed: Typed, name: str) -> float:
    return float(lists.numbers(typed)[name](np.ones((1, len(typed.lines))))[0])


@pytest.mark.parametrize(
    ("completions", "name", "expected"),
    [
        (("多喝水", "少吃盐"), "duplicates", 0),
        (("多", "多", "少", "多"), "duplicates", 2 * 8),  # of each of the eight beginnings
        (("aab", "b"), "distinct@1", 2 / 4),
        (("aab", "b"), "distinct@2", 1),
        (("aaa", "aa"), "distinct@2", 1 / 3),
        (("多", "少"), "distinct@2", np.nan),
        (("abcd", "abcx"), "edit_distance", 1 / 4),
        (("ab", "ab", "xy"), "edit_distance", 2 / 3),
        (("abcde", "abc"), "edit_distance", 2 / 5),
        (("abc",), "edit_distance", np.nan),
        (("abcd", "abcd"), "self_bleu", 100),
        (("abcd", "xyzw"), "self_bleu", 0),
        (("abcd",), "self_bleu", np.nan),
    ],
)
def test_known_answers(completions: tuple[str, ...], name: str, expected: float) -> None:
    typed = typed_of(["abcdefghi"], constant(*completions))
    assert value(typed, name) == pytest.approx(expected, nan_ok=True)


def test_duplicates_of_all_lines_are_counted() -> None:
    assert value(typed_of(["abc", "xyz"], constant("多", "多")), "duplicates") == 4


def test_lists_of_one_are_left_out() -> None:
    def complete(typed: str) -> list[Candidate]:
        texts = ("a b c d e", "a b c d x") if len(typed) == 1 else ("a",)
        return [candidate(typed, text) for text in texts]

    typed = typed_of(["123", "456"], complete)
    alone = typed_of(["12", "45"], complete)
    for name in ("edit_distance", "self_bleu"):
        assert value(typed, name) == value(alone, name) > 0


def test_the_line_alone_decides_which_lists_are_drawn() -> None:
    def complete(typed: str) -> list[Candidate]:
        return [candidate(typed, text) for text in (WORDS, WORDS[: 2 * len(typed)])]

    lines = ["123456789", "987654321"]
    numbers = [lists.self_bleu(typed_of(order, complete)) for order in (lines, lines[::-1])]
    first, second = (number(np.eye(2)) for number in numbers)
    assert first.tolist() == second[::-1].tolist()
    assert first[0] != first[1]


def test_an_oracle_breaks_nothing() -> None:
    typed = typed_of(LINES, oracle(LINES))
    assert value(typed, "duplicates") == 0
    assert value(typed, "prefix_valid") == 1


def test_what_was_typed_must_be_kept_exactly() -> None:
    def careless(typed: str) -> list[Candidate]:
        return [candidate(typed, "好"), candidate(typed.upper(), "好")]

    assert value(typed_of(["abc"], careless), "prefix_valid") == 1 / 2


def test_self_bleu_and_distance_are_the_libraries_means() -> None:
    shown = ["要注意休息，多喝水", "要注意饮食，少吃盐", "多休息"]
    typed = typed_of(LINES, constant(*shown))
    theirs = BLEU(tokenize="zh", effective_order=True)
    scores = [theirs.sentence_score(s, [t for t in shown if t != s]).score for s in shown]
    assert value(typed, "self_bleu") == pytest.approx(np.mean(scores))
    gaps = [Levenshtein.normalized_distance(a, b) for a, b in combinations(shown, 2)]
    assert value(typed, "edit_distance") == pytest.approx(np.mean(gaps))


def test_a_line_counts_by_its_lists_not_by_those_that_were_drawn() -> None:
    def complete(typed: str) -> list[Candidate]:
        other = "xyzw" if typed.startswith("a") else "abcd"
        return [candidate(typed, text) for text in ("abcd", other)]

    typed = typed_of(["a" * 31, "b" * 11], complete)  # 30 lists of score 0, 10 of 100
    assert value(typed, "self_bleu") == pytest.approx(100 * 10 / 40)


@pytest.mark.parametrize(
    ("module", "lost"), [("sacrebleu", {"self_bleu"}), ("rapidfuzz", {"edit_distance"})]
)
def test_what_must_hold_is_checked_without_any_library(
    module: str, lost: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = set(lists.numbers(typed_of(LINES, silent)))
    monkeypatch.setitem(sys.modules, module, None)
    assert everything - set(lists.numbers(typed_of(LINES, silent))) == lost
    assert set(absent(lists.NEEDS)) == lost


WORDS = "a b c d e f g h i"
COMPLETIONS = st.lists(st.text("高血压ab，", min_size=1, max_size=6), max_size=4)


@given(st.dictionaries(st.sampled_from(LINES), COMPLETIONS, min_size=1), st.randoms())
@settings(deadline=None)
def test_the_order_of_lines_and_equal_weights_change_nothing(
    shown: dict[str, list[str]], rng
) -> None:
    def numbers(lines: list[str]) -> dict[str, list[float]]:
        typed = typed_of(
            lines,
            lambda typed: constant(*next(shown[x] for x in lines if x.startswith(typed)))(typed),
        )
        found = lists.numbers(typed)
        ones_1N = np.ones((1, len(lines)))
        for number in found.values():
            assert number(2 * ones_1N) == pytest.approx(number(ones_1N), nan_ok=True)
        return {name: number(ones_1N).tolist() for name, number in found.items()}

    lines = list(shown)
    before = numbers(lines)
    rng.shuffle(lines)
    assert {name: pytest.approx(value, nan_ok=True) for name, value in before.items()} == numbers(
        lines
    )


def test_all_names_are_in_the_table_and_nothing_shown_is_nothing_measured() -> None:
    ours = lists.numbers(typed_of(LINES, silent))
    assert {metric(name).section for name in ours} == {"lists"}
    values = {name: float(number(np.ones((1, len(LINES))))[0]) for name, number in ours.items()}
    assert values.pop("duplicates") == 0
    assert np.isnan(list(values.values())).all()
