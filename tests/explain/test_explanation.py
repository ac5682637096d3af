"""An explanation speaks of the list that `complete` gives, and of what a key had to read."""

import pytest

from prompt_gen.engine import Completer
from prompt_gen.errors import UsageError
from prompt_gen.explain import Explanation, explain
from tests.explain.test_branches import every


def completions(found: Explanation) -> list[str]:
    return [each.candidate.text for each in found.shown]


@pytest.mark.parametrize("text", ["高血压", "糖尿病患者要", "Please che"])
def test_the_list_is_that_of_complete(completer: Completer, text: str) -> None:
    (found,) = explain(completer, text)
    assert completions(found) == [each.text for each in completer.complete(text)]
    assert all(each.gain is not None for each in found.shown)
    assert found.tree.ranks == {each.rank for each in found.shown}
    by_rank = {branch.rank: branch for branch in every(found.tree)}
    for each in found.shown:
        assert by_rank[each.rank].text == each.candidate.completion
        assert by_rank[each.rank].p == pytest.approx(each.p)


def test_the_second_key_knows_what_the_first_has_read(completer: Completer) -> None:
    first, second = explain(completer, "高血压", "患")
    (fresh,) = explain(completer, "高血压患")
    assert (first.n_known, fresh.n_known) == (0, 0)
    assert (second.typed, second.key) == ("高血压患", "患")
    assert completions(second) == completions(fresh)
    assert second.n_opened == fresh.n_opened
    assert second.n_read < fresh.n_read


def test_explaining_leaves_no_session_even_when_it_fails(completer: Completer) -> None:
    before = len(completer.sessions)
    explain(completer, "高血压", "患")
    with pytest.raises(UsageError):
        explain(completer, "高血压", "\n")
    assert len(completer.sessions) == before


def test_nothing_to_explain_is_an_error(completer: Completer) -> None:
    with pytest.raises(UsageError, match="nothing to complete"):
        explain(completer, "高血压\n ")
