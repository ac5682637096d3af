"""Lists that get better until the whole one is there."""

from itertools import pairwise

import pytest

from prompt_gen.engine import Completer

PROMPTS = ("高血压患者", "孩子发烧", "My order ", "糖尿病人可以")


@pytest.mark.parametrize("session", [None, "improving"])
@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_last_list_is_that_of_complete_at_no_more_passes(
    completer: Completer, prompt: str, session: str | None
) -> None:
    start = completer.model.n_passes
    alone = completer.complete(prompt, max_chars=60)
    n_alone = completer.model.n_passes - start
    lists = list(completer.improving(prompt, session=session, max_chars=60))
    assert completer.model.n_passes - start == 2 * n_alone
    assert [is_last for _, is_last in lists] == [False] * (len(lists) - 1) + [True]
    assert lists[-1][0] == alone
    if session:
        completer.sessions.forget(session)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_lists_on_the_way_are_of_the_same_kind(completer: Completer, prompt: str) -> None:
    *early, _ = (found for found, _ in completer.improving(prompt, max_chars=60))
    assert early[0] == completer.first(prompt, max_chars=60)
    assert all(one != other for one, other in pairwise(early))
    for found in early:
        assert all(each.text == prompt + each.completion for each in found)
        assert len({each.text for each in found}) == len(found)
    assert all(each.finish_reason != "open" for found in early[1:] for each in found)


def test_a_list_that_is_known_comes_alone(completer: Completer) -> None:
    known = completer.complete("高血压要", session="known")
    assert list(completer.improving("高血压要", session="known")) == [(known, True)]


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_blank_text_has_none(completer: Completer, prompt: str) -> None:
    assert list(completer.improving(prompt)) == [([], True)]


def test_who_no_longer_waits_has_no_more_passes_made(completer: Completer) -> None:
    """Only the caret is read, as that is before anybody is asked."""
    before = completer.model.n_passes
    *_, (_, is_last) = completer.improving("医生说高血", lambda: True, max_chars=100)
    assert is_last
    assert completer.model.n_passes - before <= 1


def test_the_text_before_the_last_line_is_kept(completer: Completer) -> None:
    for found, _ in completer.improving("第一行\n  高血压"):
        assert all(each.text == "第一行\n  高血压" + each.completion for each in found)
