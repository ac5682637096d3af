"""The completer as a user has it: exact prefixes, distinct lists, clear errors."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine import Completer
from prompt_gen.errors import InvalidRequest, SettingError
from tests.conftest import lines_of


def check(typed: str, found: list) -> None:
    texts = [c.text for c in found]
    assert len(set(texts)) == len(texts)
    for c in found:
        assert c.text == typed + c.completion
        assert c.completion.strip()
        assert "\ufffd" not in c.completion
        assert 0 < c.score <= 1
        assert c.finish_reason in ("sentence", "eos", "length", "deadline")
    scores = [c.score for c in found]
    assert scores == sorted(scores, reverse=True)


@pytest.fixture(scope="module")
def uncalibrated(completer: Completer) -> Completer:
    return Completer(completer.tokenizer, completer.model, completer.config)


@pytest.mark.parametrize("typed", ["高血压", "孩子发烧", "I need", "感冒以后"])
def test_probabilities_of_the_model_sum_to_at_most_one(uncalibrated: Completer, typed: str) -> None:
    found = uncalibrated.complete(typed, n=20)
    check(typed, found)
    assert 0 < sum(c.score for c in found) <= 1 + 1e-6


def test_every_cut_of_200_lines_is_kept(completer: Completer) -> None:
    lines = lines_of("health-zh.txt")[-150:] + lines_of("helpdesk-en.txt")[-50:]
    for line in lines:
        for at in range(1, len(line) + 1):
            found = completer.complete(line[:at], n=3, max_chars=3)
            check(line[:at], found)
            assert len(found) > 0


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]))
    | st.text("高血压患者HbA1c 40%🙂e\u0301\n")
)
@settings(max_examples=150, deadline=None)
def test_any_text_is_kept(completer: Completer, text: str) -> None:
    found = completer.complete(text, n=3, max_chars=6)
    check(text, found)
    assert bool(found) == bool(text.rpartition("\n")[2].strip())


@pytest.mark.parametrize("text", ["", " ", "\n", "高血压\n", "\t\u3000 "])
def test_blank_text_has_no_continuation(completer: Completer, text: str) -> None:
    assert completer.complete(text) == []


def test_only_the_last_line_counts(completer: Completer) -> None:
    alone = completer.complete("高血压")
    below = completer.complete("别的话\n  高血压")
    assert [c.completion for c in alone] == [c.completion for c in below]
    assert all(c.text.startswith("别的话\n  高血压") for c in below)


@pytest.mark.parametrize("n", [1, 3, 20])
def test_at_most_n_are_given(completer: Completer, n: int) -> None:
    assert 1 <= len(completer.complete("高血压", n=n)) <= n


@pytest.mark.parametrize("max_chars", [1, 5, 200])
def test_none_is_longer_than_asked(completer: Completer, max_chars: int) -> None:
    found = completer.complete("感冒以后", max_chars=max_chars)
    assert found
    assert max(len(c.completion) for c in found) <= max_chars


def test_text_beyond_the_context_is_completed_from_its_end(completer: Completer) -> None:
    long = "平时要注意休息，" * 100 + "高血压患者"
    found = completer.complete(long)
    check(long, found)
    assert found


def test_the_same_question_has_the_same_answer(completer: Completer) -> None:
    assert completer.complete("孩子发烧") == completer.complete("孩子发烧")


def test_threads_do_not_disturb_each_other(completer: Completer) -> None:
    prefixes = ["高血压", "糖尿病", "孩子", "I need", "感冒"]
    expected = {p: completer.complete(p) for p in prefixes}
    wrong = []

    def ask(prefix: str) -> None:
        for _ in range(5):
            if completer.complete(prefix) != expected[prefix]:
                wrong.append(prefix)

    threads = [threading.Thread(target=ask, args=(p,)) for p in prefixes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n": 0}, "setting 'n' cannot be 0"),
        ({"n": 21}, "setting 'n' cannot be 21"),
        ({"max_char": 3}, "unknown setting 'max_char'.*'max_chars'"),
        ({"deadline_ms": -1}, "deadline_ms"),
    ],
)
def test_bad_settings_are_refused(completer: Completer, settings: dict, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        completer.complete("高血压", **settings)


def test_broken_unicode_is_refused(completer: Completer) -> None:
    with pytest.raises(InvalidRequest, match="surrogate"):
        completer.complete("高血压\ud83d")


def test_a_short_list_comes_from_as_wide_a_search(completer: Completer) -> None:
    graph, passes = completer.model, []
    true_next = graph.next
    graph.next = lambda tokens, *rest: passes.append(len(tokens)) or true_next(tokens, *rest)  # type: ignore[method-assign]
    try:
        completer.complete("高血压", n=1)
    finally:
        graph.next = true_next  # type: ignore[method-assign]
    assert passes[0] == 5
