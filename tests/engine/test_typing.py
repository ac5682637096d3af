"""Typing in a session: every list is the one that a fresh completer gives."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import EngineConfig, PersonalConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.engine.choosing import next_characters
from prompt_gen.memory.personal import Personal
from prompt_gen.run import Run
from tests.conftest import lines_of
from tests.engine.toy import TEXTS, Toy, after, vocabulary_of

BPE = vocabulary_of("bpe")
LETTERS = "甲乙丙丁。"  # 丁 comes in two pieces
SMALL = EngineConfig(n=5, max_chars=4, places=6, worth=0.0, batch=2)
NO_ROOM = SMALL.model_copy(update={"session_mb": 1e-9})
TOY = Toy(BPE, [*TEXTS, "丁"])


def completer_of(toy: Toy, config: EngineConfig = SMALL) -> Completer:
    return Completer(BPE.tokenizer, toy, config)


FRESH = completer_of(TOY)  # as every call without a session is
edits = st.lists(
    st.tuples(st.just("type"), st.text(LETTERS, min_size=1, max_size=1))
    | st.tuples(st.just("paste"), st.text(LETTERS, max_size=6))
    | st.tuples(st.just("back"), st.integers(1, 3))
    | st.tuples(st.just("jump"), st.integers(0, 10))
    | st.tuples(st.just("think"), st.integers(0, 4)),
    max_size=14,
)


def texts_of(edits: list[tuple[str, str | int]], completer: Completer) -> Iterator[str]:
    """What stands left of the caret after every edit; the completer thinks when it is told to."""
    line, caret = "甲", 1
    for what, how in edits:
        if what == "think":
            completer.think(line[:caret], "field", after(how))
        elif what == "jump":
            caret = min(how, len(line))
        elif what == "back":
            n = min(how, caret)
            line, caret = line[: caret - n] + line[caret:], caret - n
        else:
            line, caret = line[:caret] + how + line[caret:], caret + len(how)
        yield line[:caret]


@pytest.mark.parametrize("config", [SMALL, NO_ROOM], ids=["room", "no room"])
@settings(max_examples=60, deadline=None)
@given(edits=edits)
def test_a_line_that_is_typed_in_a_session_has_the_lists_of_a_fresh_one(
    config: EngineConfig, edits: list[tuple[str, str | int]]
) -> None:
    completer = completer_of(TOY, config)
    for text in texts_of(edits, completer):
        assert completer.complete(text, session="field") == FRESH.complete(text)


@settings(max_examples=25, deadline=None)
@given(edits=edits, mode=st.sampled_from(["sample", "beam", "diverse"]), seed=st.integers(0, 99))
def test_so_it_is_in_every_mode(edits: list[tuple[str, str | int]], mode: str, seed: int) -> None:
    completer, how = completer_of(TOY), {"mode": mode, "seed": seed}
    for text in texts_of(edits, completer):
        completer.complete(text, session="field")  # what the tree has read is there for all modes
        assert completer.complete(text, session="field", **how) == FRESH.complete(text, **how)


@settings(max_examples=40, deadline=None)
@given(edits=edits, n=st.integers(0, 3))
def test_a_key_that_was_cancelled_is_answered_in_full_when_it_is_asked_again(
    edits: list[tuple[str, str | int]], n: int
) -> None:
    completer = completer_of(TOY)
    for text in texts_of(edits, completer):
        completer.complete(text, after(n), session="field")
        assert completer.complete(text, session="field") == FRESH.complete(text)


def is_nearly(found: list[Candidate], expected: list[Candidate]) -> None:
    assert [c.text for c in found] == [c.text for c in expected]
    assert [c.score for c in found] == pytest.approx([c.score for c in expected], abs=1e-5)


@pytest.mark.parametrize("thinks", [False, True])
def test_a_trained_model_gives_the_lists_of_a_fresh_one(completer: Completer, thinks: bool) -> None:
    lines = lines_of("health-zh.txt")[-4:] + lines_of("helpdesk-en.txt")[-1:]
    name = f"thinks {thinks}"
    for line in lines:
        cuts = [*range(1, len(line) + 1), len(line) - 1, len(line) // 2]  # back, and a jump
        for at in cuts:
            is_nearly(completer.complete(line[:at], session=name), completer.complete(line[:at]))
            if thinks:
                completer.think(line[:at], name, after(3))


def test_the_same_key_again_needs_no_pass() -> None:
    toy = Toy(BPE)
    completer = completer_of(toy)
    completer.complete("甲乙", session="field")
    n_passes = toy.n_passes
    completer.complete("甲乙", session="field")
    assert toy.n_passes == n_passes


@pytest.mark.parametrize("typed", ["甲", "甲乙", "乙丙甲"])
def test_after_thinking_the_likely_keys_need_no_pass(typed: str) -> None:
    toy = Toy(BPE)
    completer = completer_of(toy)
    completer.complete(typed, session="field")
    likely = next_characters(completer.tree(typed), 0.02)
    assert len(likely) > 1
    assert completer.think(typed, "field") == len(likely)
    n_passes = completer.model.n_passes
    for character in likely:
        completer.complete(typed + character, session="field")
    assert completer.model.n_passes == n_passes == toy.n_passes


def test_thinking_ends_at_the_next_pass_when_a_key_comes() -> None:
    toy = Toy(BPE)
    completer = completer_of(toy)
    completer.complete("甲", session="field")
    n_passes = toy.n_passes
    assert completer.think("甲", "field", lambda: True) == 0
    assert toy.n_passes == n_passes
    said: list[int] = []

    def cancelled() -> bool:
        if toy.n_passes > n_passes:
            said.append(toy.n_passes)
        return bool(said)

    completer.think("甲", "field", cancelled)
    assert toy.n_passes == said[0] == n_passes + 1


@pytest.mark.parametrize("settings", [{}, {"mode": "beam"}])
def test_there_is_nothing_to_think_of_behind_nothing(settings: dict) -> None:
    toy = Toy(BPE)
    text = "甲" if settings else " \n"
    assert completer_of(toy).think(text, "field", **settings) == 0
    assert toy.n_passes == 0


def test_thinking_keeps_to_the_room_of_the_session() -> None:
    completer = completer_of(TOY, NO_ROOM)
    completer.think("甲乙", "field")
    needed = completer_of(TOY)
    needed.complete("甲乙", session="field")
    assert completer.sessions.n_predictions <= needed.sessions.n_predictions


def test_what_a_user_has_taught_since_counts_for_the_next_key() -> None:
    completer, fresh = completer_of(TOY), completer_of(TOY)
    personal = Personal(BPE.tokenizer, PersonalConfig(), None, lambda: 1e9)  # no time passes
    completer.personal = fresh.personal = personal
    before = completer.complete("甲", user="anna", session="field")
    for _ in range(5):
        personal.learn("anna", "甲丁甲丁")
    after = completer.complete("甲", user="anna", session="field")
    assert after == fresh.complete("甲", user="anna")
    assert after != before
    assert completer.complete("甲", user="bert", session="field") == before


def test_what_was_read_is_given_back_at_once(trained: Run) -> None:
    completer = Completer.load(trained.path, experts="network")
    pool = completer.model.model._pool  # type: ignore[attr-defined]
    gc.disable()  # it may not come for long: what nodes hold does not look large to it
    try:
        completer.complete("高血压患者")
        assert pool.n_held == 0
        completer.complete("高血压患者", session="field")
        assert pool.n_held >= completer.sessions.n_predictions > 1
        completer.sessions.forget("field")
        assert pool.n_held == 0
    finally:
        gc.enable()
