"""What has been read of a line: found again, and forgotten in the order it was used."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.trie import Node, Trie
from tests.engine.toy import Toy, n_predictions_in, vocabulary_of

BPE = vocabulary_of()
TOY = Toy(BPE)
keys = st.lists(st.lists(st.integers(2, 5), min_size=1, max_size=5), min_size=1, max_size=8)


def typed(trie: Trie, toy: Toy, ids: list[int]) -> list[Node]:
    """A key: what is behind each of its tokens, read where it was not."""
    trie.now += 1
    path = trie.path(ids)
    unread = [node for node in path if node.probs_V is None]
    if unread:
        trie.read(toy, unread, unread)
    return path


def test_what_was_read_is_not_read_again() -> None:
    toy, trie = Toy(BPE), Trie()
    first = typed(trie, toy, [0, 2, 3])
    again = typed(trie, toy, [0, 2, 4])
    assert toy.passes == [[0, 2, 3], [4]]
    assert again[:2] == first[:2]
    assert again[2].state == (0, 2, 4)
    assert trie.n_predictions == n_predictions_in(trie) == 4


def test_only_what_is_wanted_is_kept() -> None:
    toy, trie = Toy(BPE), Trie()
    path = trie.path([0, 2, 3])
    trie.read(toy, path, path[2:])
    assert [node.probs_V is not None for node in path] == [False, False, True]
    assert [node.state for node in path] == [(0,), (0, 2), (0, 2, 3)]
    assert trie.n_predictions == 1


@settings(max_examples=150, deadline=None)
@given(keys=keys, n_kept=st.integers(0, 12))
def test_the_newest_key_and_the_room_are_kept(keys: list[list[int]], n_kept: int) -> None:
    toy, trie = TOY, Trie()
    for ids in keys:
        path = typed(trie, toy, ids)
        trie.forget(n_kept)
        assert trie.n_predictions == n_predictions_in(trie) <= max(n_kept, len(ids))
        assert all(node.probs_V is not None for node in path)
        assert trie.path(ids) == path


@settings(max_examples=100, deadline=None)
@given(keys=keys, n_kept=st.integers(0, 12))
def test_what_was_used_later_stays_longer(keys: list[list[int]], n_kept: int) -> None:
    toy, trie = TOY, Trie()
    for ids in keys:
        typed(trie, toy, ids)
    known = {id(node): node for node in nodes(trie) if node.probs_V is not None}
    trie.forget(n_kept)
    left = {id(node) for node in nodes(trie) if node.probs_V is not None}
    gone = [node.last_used for at, node in known.items() if at not in left]
    assert max(gone, default=0) <= min((known[at].last_used for at in left), default=trie.now)
    # What was used by one key goes together, and no more of it than there is no room for.
    assert not gone or len(left) + gone.count(max(gone)) > n_kept


def nodes(trie: Trie) -> list[Node]:
    found = [trie.root]
    for node in found:
        found += node.children.values()
    return found


@settings(max_examples=100, deadline=None)
@given(keys=keys, n_kept=st.integers(0, 12), ids=st.lists(st.integers(2, 5), min_size=1))
def test_what_was_forgotten_is_read_as_it_was(
    keys: list[list[int]], n_kept: int, ids: list[int]
) -> None:
    toy, trie = TOY, Trie()
    for key in keys:
        typed(trie, toy, key)
        trie.forget(n_kept)
    fresh = typed(Trie(), toy, ids)
    again = typed(trie, toy, ids)
    assert [node.state for node in again] == [node.state for node in fresh]
    assert all((a.probs_V == b.probs_V).all() for a, b in zip(again, fresh, strict=True))


@pytest.mark.parametrize("n_kept", [3, 100])
def test_nothing_is_forgotten_where_there_is_room(n_kept: int) -> None:
    toy, trie = Toy(BPE), Trie()
    typed(trie, toy, [0, 2, 3])
    trie.now += 1
    trie.forget(n_kept)
    assert trie.n_predictions == 3


def test_what_is_behind_a_token_is_forgotten_before_those_behind_it_that_were_used_since() -> None:
    toy, trie = Toy(BPE), Trie()
    first, second = typed(trie, toy, [0, 2])
    trie.now += 1
    second.last_used = trie.now
    trie.forget(1)
    assert first.probs_V is None
    assert second.probs_V is not None
    assert trie.path([0, 2]) == [first, second]


def test_what_was_read_by_this_key_is_used_by_it() -> None:
    toy, trie = Toy(BPE), Trie()
    (first,) = typed(trie, toy, [0])
    trie.now += 1
    node = first.child(2)
    trie.read(toy, [node], [node])
    trie.forget(1)
    assert first.children == {2: node}
    assert trie.n_predictions == 1
