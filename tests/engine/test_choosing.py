"""Which list is chosen of a tree, against all lists there are."""

from collections.abc import Sequence
from itertools import accumulate, combinations, permutations
from math import e

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.candidates import Stop, family
from prompt_gen.engine.choosing import Beginnings, choose, next_characters
from prompt_gen.engine.places import Place
from prompt_gen.engine.tree import Opened, Tree
from prompt_gen.engine.trie import Node

Weighed = tuple[int, int, dict[str, "Weighed"]]  # itself, that the text ends, what follows


def tree_of(follows: dict[str, Weighed], w_other: int = 0) -> Tree:
    """A tree of characters: every place is as probable as its weight among its parent's."""
    opened: list[Opened] = []

    def place(text: str, p: float) -> Place:
        return Place(Node(None, 0), 0, p, text, b"", "")

    def behind(text: str, p: float, here: dict[str, Weighed], w_rest: int) -> list[Place]:
        total = sum(weight for weight, _, _ in here.values()) + w_rest
        found = []
        for piece, (weight, w_end, longer) in here.items():
            child = place(text + piece, p * weight / total)
            found.append(child)
            if longer:
                at = len(opened)
                opened.append(Opened(child, [], 0))
                deeper = behind(child.text, child.p, longer, w_end)
                w_all = sum(weight for weight, _, _ in longer.values()) + w_end
                opened[at] = Opened(child, deeper, child.p * w_end / w_all)
        return found

    return Tree(behind("", 1.0, follows, w_other), opened, is_cut=False)


def follows(depth: int, pieces: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Weighed]]:
    longer = st.just({}) if depth == 0 else st.just({}) | follows(depth - 1, pieces)
    return st.dictionaries(
        pieces, st.tuples(st.integers(1, 6), st.integers(0, 3), longer), min_size=1, max_size=4
    )


# Pieces of one place begin with different characters, so that its texts are distinct.
letters = st.sampled_from(["甲", "乙丙", "丙甲乙甲乙", "丁丁丁", "戊甲", "己甲乙甲"])
with_marks = st.sampled_from(["甲", "乙，丙", "丙丙丙。", "丁，", "丙", "。", "甲！"])
flat_trees = st.builds(tree_of, follows(0, letters), st.integers(0, 3))
small_trees = st.builds(tree_of, follows(1, letters), st.integers(0, 3))
marked_trees = st.builds(tree_of, follows(2, with_marks), st.integers(0, 3))


def n_common(a: str, b: str) -> int:
    """Characters that both begin with."""
    return next((at for at in range(len(a)) if a[at : at + 1] != b[at : at + 1]), len(a))


def saved(tree: Tree, shown: Sequence[str], first_rank: int = 0, step: int = 1) -> float:
    """Keystrokes that a list saves, by the formula: over all texts, of all candidates the best."""
    known = Beginnings(tree)
    total = 0.0
    for text, p in zip(known.texts, known.parting().tolist(), strict=True):
        most = 0
        for at, candidate in enumerate(shown):
            right = n_common(candidate, text)
            rank = first_rank + step * at
            most = max(most, right - 1 - rank - (right < len(candidate)))
        total += p * most
    return total


def best_saved(tree: Tree, n: int, **ranks: int) -> float:
    """What the best of all lists saves."""
    known = Beginnings(tree)
    ends = [known.texts[row] for row in known.reasons]
    lists = permutations(ends, min(n, len(ends)))
    return max((saved(tree, shown, **ranks) for shown in lists), default=0.0)


@settings(max_examples=150, deadline=None)
@given(tree=flat_trees, n=st.integers(1, 3))
def test_no_list_is_much_better(tree: Tree, n: int) -> None:
    chosen = [c.stop.completion for c in choose(tree, n)]
    # Were each rank as dear as the last one, a list would be worth what the set of it is.
    best = best_saved(tree, n, first_rank=n - 1, step=0)
    assert saved(tree, chosen) >= (1 - 1 / e) * best - 1e-9
    assert saved(tree, chosen) >= best_saved(tree, n) / 2 - 1e-9


@settings(max_examples=150, deadline=None)
@given(tree=small_trees)
def test_the_first_one_saves_most(tree: Tree) -> None:
    chosen = [c.stop.completion for c in choose(tree, 1)]
    assert saved(tree, chosen) == pytest.approx(best_saved(tree, 1))


@settings(max_examples=150, deadline=None)
@given(tree=small_trees | marked_trees)
def test_gains_are_what_each_saves_beside_those_before_it(tree: Tree) -> None:
    chosen = choose(tree, 4)
    shown = [c.stop.completion for c in chosen]
    totals = [saved(tree, shown[:n]) for n in range(1, len(shown) + 1)]
    assert list(accumulate(c.gain for c in chosen)) == pytest.approx(totals)
    known = Beginnings(tree)
    p = dict(zip(known.texts, known.p, strict=True))
    assert [c.p for c in chosen] == pytest.approx([min(1, p[text]) for text in shown])


@settings(max_examples=150, deadline=None)
@given(tree=marked_trees, n=st.integers(1, 20))
def test_no_candidate_is_the_beginning_of_one_before_it(tree: Tree, n: int) -> None:
    shown = [c.stop.completion for c in choose(tree, n)]
    assert len(shown) <= n
    assert all(text.strip() for text in shown)
    families = [family(text) for text in shown]
    assert len(set(families)) == len(families)
    for longer, text in combinations(families, 2):
        assert not text or not longer.startswith(text)


@settings(max_examples=100, deadline=None)
@given(tree=marked_trees, least=st.floats(0, 1))
def test_nothing_less_probable_than_asked_is_shown(tree: Tree, least: float) -> None:
    shown = choose(tree, 20, least=least)
    assert all(c.p >= least for c in shown)
    assert shown or not any(c.p >= least for c in choose(tree, 20))


@settings(max_examples=100, deadline=None)
@given(tree=marked_trees)
def test_what_is_not_allowed_leaves_its_place_to_others(tree: Tree) -> None:
    usual = [c.stop.completion for c in choose(tree, 20)]
    first = usual[0] if usual else ""
    rest = [c.stop.completion for c in choose(tree, 20, allowed=lambda s: s.completion != first)]
    assert first not in rest
    for text in usual[1:]:
        assert any(family(other).startswith(family(text)) for other in rest)


def test_a_safe_beginning_is_shown_before_its_many_continuations() -> None:
    longer = {piece * 2: (1, 0, {}) for piece in "乙丙丁"}
    shown = [c.stop.completion for c in choose(tree_of({"甲甲甲甲，": (9, 1, longer)}, 1), 4)]
    assert shown[0] == "甲甲甲甲，"
    assert set(shown[1:]) == {"甲甲甲甲，" + text for text in longer}


def test_a_long_one_that_is_nearly_sure_is_shown_in_place_of_its_beginning() -> None:
    (only,) = choose(tree_of({"甲甲甲甲，": (9, 0, {"乙乙乙乙乙乙": (1, 0, {})})}, 1), 4)
    assert only.stop == Stop("甲甲甲甲，乙乙乙乙乙乙", "open")
    assert only.clauses == ((5, pytest.approx(0.9)),)


def test_a_candidate_that_goes_on_wrongly_costs_a_key_more() -> None:
    tree = tree_of({"甲甲甲": (1, 0, {"乙乙": (3, 0, {}), "丙丙": (1, 0, {})})})
    only = choose(tree, 1)[0]
    assert only.stop.completion == "甲甲甲乙乙"
    # In three of four cases five characters, less a key; else three, less one to cut them off.
    assert only.gain == pytest.approx(0.75 * 4 + 0.25 * (3 - 1 - 1))


def test_why_candidates_end() -> None:
    tree = tree_of({"甲，乙": (4, 0, {"。": (2, 0, {}), "丙": (1, 1, {"丁": (1, 1, {})})})})
    known = Beginnings(tree)
    assert {known.texts[row]: reason for row, reason in known.reasons.items()} == {
        "甲，": "clause", "甲，乙。": "sentence", "甲，乙丙": "eos", "甲，乙丙丁": "open",
    }  # fmt: skip


def test_a_text_ends_where_it_does_however_its_characters_come_again() -> None:
    ended, again = (Place(Node(None, 0), 0, p, "甲乙", b"", "") for p in (0.8, 0.0001))
    other = Place(Node(None, 0), 0, 0.1, "丙", b"", "")
    tree = Tree([ended, other], [Opened(ended, [], 0.8), Opened(other, [], 0.1)], is_cut=False)
    known = Beginnings(tree)
    assert known.reasons == {known.texts.index("甲乙"): "eos", known.texts.index("丙"): "eos"}
    begun = Place(Node(None, 0), 0, 0.01, "甲", b"", "")  # half of the next character is known
    late = Tree([ended, begun], [*tree.opened[:1], Opened(begun, [again], 0.0)], is_cut=False)
    assert Beginnings(late).reasons[Beginnings(late).texts.index("甲乙")] == "eos"


def test_nothing_is_chosen_where_nothing_follows() -> None:
    assert choose(Tree([], [], is_cut=False), 5) == []
    blank = tree_of({" ": (1, 0, {})})
    assert choose(blank, 5) == []


def test_the_likely_next_characters_come_first() -> None:
    tree = tree_of({"甲乙": (5, 0, {}), "丙": (3, 0, {}), "丁": (1, 0, {})}, 1)
    assert next_characters(tree, 0.2) == ["甲", "丙"]
    assert next_characters(tree, 0.0) == ["甲", "丙", "丁"]
