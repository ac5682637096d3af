"""The tree as people read it: one branch for each beginning, nothing lost when it is folded."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.engine.trie import Trie
from prompt_gen.explain.branches import (
    END,
    INNER,
    KNOWN,
    NOTED,
    READ,
    Branch,
    branches,
    folded,
    read_nodes,
)
from tests.explain.trees import BOTH, Behind, grown


def every(branch: Branch) -> list[Branch]:
    return [branch, *chain.from_iterable(map(every, branch.branches))]


def by_text(branch: Branch) -> dict[str, Branch]:
    return {each.text: each for each in every(branch)}


@st.composite
def behind(draw: st.DrawFn, p: float = 1.0, depth: int = 4) -> Behind:
    """Places that have, with the end of the text, no more than the probability before them."""
    pieces = draw(st.lists(st.text("甲乙a", min_size=1, max_size=3), max_size=4, unique=True))
    shares = draw(st.lists(st.floats(0.01, 1), min_size=len(pieces) + 1, max_size=6))
    found: Behind = {}
    for piece, share in zip(pieces, shares, strict=False):
        here = p * share / sum(shares)
        if depth and draw(st.booleans()):
            found[piece] = (here, 0.0, draw(behind(here, depth - 1)))
        else:
            found[piece] = (here, draw(st.sampled_from(["", "sentence"])))
    return found


@given(behind(), st.floats(0, 0.5), st.integers(0, 5), st.data())
def test_probabilities_add_up_however_it_is_folded(
    some: Behind, least: float, most: int, data: st.DataObject
) -> None:
    tree = grown(Trie(), some)
    texts = sorted({place.text for each in tree.opened for place in each.behind})
    ranked = data.draw(st.lists(st.sampled_from(texts), max_size=3, unique=True)) if texts else []
    ranks = {text: rank for rank, text in enumerate(ranked, start=1)}
    whole = branches(tree, ranks)
    for shown in (whole, folded(whole, least, most)):
        assert shown.ranks == set(ranks.values())
        for branch in every(shown):
            parts = sum(each.p for each in branch.branches)
            parts += branch.p_folded + branch.p_end + branch.p_elsewhere
            assert parts == pytest.approx(branch.p)
            start = branch.text
            assert all(each.text == start + each.piece for each in branch.branches)
            ps = [each.p for each in branch.branches]
            assert ps == sorted(ps, reverse=True)


@given(behind())
def test_nothing_small_is_left_but_what_leads_to_a_candidate(some: Behind) -> None:
    whole = branches(grown(Trie(), some), {})
    shown = folded(whole, 0.1, 2)
    assert all(each.p >= 0.1 for each in every(shown)[1:])
    assert all(len(each.branches) <= 2 for each in every(shown))
    texts = by_text(whole)
    for each in every(shown):
        left = texts[each.text].branches
        assert each.n_folded == len(left) - len(each.branches)
        p_left = sum(one.p for one in left) - sum(one.p for one in each.branches)
        assert each.p_folded == pytest.approx(p_left)


def test_token_paths_that_spell_the_same_are_one_branch() -> None:
    found = by_text(branches(grown(Trie(), BOTH), {}))
    assert found["吃"].p == pytest.approx(0.09)
    assert {each.piece for each in found["吃"].branches} == {"盐", "糖"}
    assert "blood " not in found  # as good as all go on alike
    assert found["blood pressure"].n_opened == 2


def test_a_candidate_is_a_branch_of_its_own() -> None:
    found = by_text(branches(grown(Trie(), BOTH), {"blood ": 1}))
    assert found["blood "].rank == 1
    assert found["blood pressure"].piece == "pressure"


def test_what_became_of_every_place_is_told() -> None:
    found = by_text(branches(grown(Trie(), BOTH), {}))
    states = {text: branch.state for text, branch in found.items()}
    assert states["什么"] == READ
    assert states["什么？"] == END
    assert states["什么药 <b>&"] == NOTED
    assert states["吃"] == INNER  # most of it is a token that goes on


def test_what_was_read_before_is_known_and_all_else_was_read_now() -> None:
    trie = Trie()
    known = read_nodes(grown(trie, {"哪些": BOTH["哪些"]}))
    assert len(known) == 3
    again = by_text(branches(grown(trie, {"哪些": BOTH["哪些"], "什么": BOTH["什么"]}), {}, known))
    assert again["哪些"].state == again["哪些问题"].state == KNOWN
    assert again["什么"].state == READ
    assert again[""].state == KNOWN
