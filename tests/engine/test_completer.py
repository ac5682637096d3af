"""The completer as a user has it: exact prefixes, distinct lists, clear errors."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.engine.candidates import family
from prompt_gen.engine.modes import MODES
from prompt_gen.errors import InvalidRequest, SettingError
from tests.conftest import lines_of
from tests.engine.toy import Toy, vocabulary_of

REASONS = ("sentence", "clause", "eos", "stop", "length", "open")


def check(typed: str, found: list[Candidate]) -> None:
    texts = [c.text for c in found]
    assert len(set(texts)) == len(texts)
    for c in found:
        assert c.text == typed + c.completion
        assert c.completion.strip()
        assert "\ufffd" not in c.completion
        assert 0 < c.score <= 1
        assert c.finish_reason in REASONS
        assert all(0 < end < len(c.completion) and 0 < score <= 1 for end, score in c.stops)


def is_over(completer: Completer, typed: str) -> bool:
    """Whether the text ends there, as far as the model knows."""
    return any(each.p_end > 0.9 for each in completer.tree(typed).opened if not each.place.text)


@pytest.fixture(scope="module")
def uncalibrated(completer: Completer) -> Completer:
    return Completer(completer.tokenizer, completer.model, completer.config)


@pytest.mark.parametrize("typed", ["高血压", "孩子发烧", "I need", "感冒以后"])
def test_probabilities_of_the_model_sum_to_at_most_one(uncalibrated: Completer, typed: str) -> None:
    found = uncalibrated.complete(typed, n=20)
    check(typed, found)
    for c in found:
        longer = [other for other in found if other.completion.startswith(c.completion)]
        assert all(other.score <= c.score + 1e-6 for other in longer)
    apart = [
        c for c in found
        if not any(c is not o and o.completion.startswith(c.completion) for o in found)
    ]  # fmt: skip
    assert 0 < sum(c.score for c in apart) <= 1 + 1e-6


@pytest.mark.parametrize("typed", ["高血压患者", "I need"])
def test_ends_of_clauses_are_as_probable_as_if_they_were_shown(
    uncalibrated: Completer, typed: str
) -> None:
    found = uncalibrated.complete(typed, n=20, max_chars=60, places=100, worth=0.1)
    shown = {c.completion: c.score for c in found}
    for c in found:
        for end, score in c.stops:
            assert c.completion[end - 1] in "。！？!?…；;，,、：:"
            assert score >= c.score - 1e-6
            assert score == pytest.approx(shown.get(c.completion[:end], score))


def test_every_cut_of_a_line_is_kept(completer: Completer) -> None:
    lines = lines_of("health-zh.txt")[-45:] + lines_of("helpdesk-en.txt")[-15:]
    for line in lines:
        for at in range(1, len(line) + 1):
            found = completer.complete(line[:at], n=3, max_chars=3, session="lines")
            check(line[:at], found)
            assert found or is_over(completer, line[:at])


any_text = st.text(st.characters(exclude_categories=["Cs"])) | st.text(
    "高血压患者HbA1c 40%🙂e\u0301\n"
)


@given(text=any_text)
@settings(max_examples=150, deadline=None)
def test_any_text_is_kept(completer: Completer, text: str) -> None:
    found = completer.complete(text, n=3, max_chars=6)
    check(text, found)
    is_blank = not text.rpartition("\n")[2].strip()
    assert not (found and is_blank)
    assert found or is_blank or is_over(completer, text)


@pytest.mark.parametrize("mode", MODES)
@given(text=any_text, seed=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_any_text_is_kept_in_every_mode(
    completer: Completer, mode: str, text: str, seed: int
) -> None:
    check(text, completer.complete(text, n=3, max_chars=6, mode=mode, seed=seed))


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
            found = completer.complete(prefix)
            texts = [c.text for c in found] == [c.text for c in expected[prefix]]
            # Rows that are read together with others differ in the last digits.
            scores = [c.score for c in expected[prefix]]
            if not texts or [c.score for c in found] != pytest.approx(scores, abs=1e-5):
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


@pytest.mark.parametrize("text", ["高血压", "我想问一下孩子"])
def test_a_short_list_is_the_beginning_of_a_long_one(completer: Completer, text: str) -> None:
    long, short = (completer.complete(text, n=n) for n in (10, 3))
    assert [c.text for c in short] == [c.text for c in long[:3]]


def test_of_candidates_that_differ_in_final_marks_one_is_shown(completer: Completer) -> None:
    for typed in ("高血压", "孩子发烧", "糖尿病患者", "睡前"):
        found = completer.complete(typed, n=8)
        assert len({family(c.completion) for c in found}) == len(found)


def test_a_pass_that_runs_at_the_deadline_is_the_last_one() -> None:
    vocabulary = vocabulary_of()
    toy = Toy(vocabulary, delay_s=0.03)
    slow = Completer(vocabulary.tokenizer, toy, EngineConfig(batch=1, worth=0.0, places=500))
    assert slow.complete("甲", deadline_ms=100)
    assert 1 <= toy.n_passes <= 4


def test_no_pass_is_made_once_it_was_cancelled() -> None:
    vocabulary = vocabulary_of()
    toy = Toy(vocabulary)
    completer = Completer(vocabulary.tokenizer, toy, EngineConfig(batch=1, worth=0.0, places=500))
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(toy.n_passes)
        return len(asked) == 3

    assert completer.complete("甲", cancelled)
    assert toy.n_passes == asked[-1]
    assert len(asked) == 3
