"""Sessions: what is kept from key to key, and for how long."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.sessions import Sessions
from prompt_gen.engine.trie import Trie
from tests.engine.toy import Toy, vocabulary_of

TOY = Toy(vocabulary_of())
WAIT_S = 60


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions(max_sessions=3, max_predictions=60, max_age_s=100, clock=clock)


def use(sessions: Sessions, name: str | None, n: int = 0, about: object = None) -> Trie:
    """A key that reads so many tokens, each behind the one before."""
    with sessions.key(name, about) as trie:
        path = trie.path([2 + (at + trie.now) % 250 for at in range(n)])
        if unread := [node for node in path if node.probs_V is None]:
            trie.read(TOY, unread, unread)
        return trie


def test_a_session_is_found_by_its_name(sessions: Sessions) -> None:
    first = use(sessions, "a")
    assert use(sessions, "a") is first
    assert use(sessions, "b") is not first
    assert len(sessions) == 2


def test_without_a_name_nothing_is_kept(sessions: Sessions) -> None:
    assert use(sessions, None, 5) is not use(sessions, None, 5)
    assert len(sessions) == sessions.n_predictions == 0


def test_of_too_many_those_go_that_were_used_least_recently(sessions: Sessions) -> None:
    tries = {name: use(sessions, name) for name in "abc"}
    assert use(sessions, "a") is tries["a"]
    use(sessions, "d")
    assert len(sessions) == 3
    assert use(sessions, "a") is tries["a"]
    assert use(sessions, "c") is tries["c"]
    assert use(sessions, "b") is not tries["b"]


def test_what_was_not_used_for_long_goes(sessions: Sessions, clock: Clock) -> None:
    old = use(sessions, "a", 5)
    clock.now += 60
    young = use(sessions, "b", 5)
    clock.now += 60
    assert use(sessions, "b") is young
    assert len(sessions) == 1
    assert sessions.n_predictions == 5
    assert use(sessions, "a") is not old


def test_what_probabilities_depend_on_begins_anew(sessions: Sessions) -> None:
    first = use(sessions, "a", 5, about=("user", 1))
    assert use(sessions, "a", 0, about=("user", 1)) is first
    assert use(sessions, "a", 0, about=("user", 2)) is not first
    assert sessions.n_predictions == 0


def test_a_session_can_be_dropped(sessions: Sessions) -> None:
    first = use(sessions, "a", 5)
    sessions.forget("a")
    sessions.forget("never seen")
    assert len(sessions) == 0
    assert use(sessions, "a") is not first


keys = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 50)), max_size=30)


@settings(max_examples=100, deadline=None)
@given(keys=keys)
def test_where_nobody_is_typing_any_more_room_is_made(keys: list[tuple[str, int]]) -> None:
    clock = Clock()
    sessions = Sessions(max_sessions=3, max_predictions=60, max_age_s=1000, clock=clock)
    for name, n in keys:
        clock.now += 20
        use(sessions, name, n)
        assert sessions.n_predictions <= 60


@settings(max_examples=100, deadline=None)
@given(keys=keys)
def test_fields_that_are_typed_in_share_the_room(keys: list[tuple[str, int]]) -> None:
    sessions = Sessions(max_sessions=3, max_predictions=60, max_age_s=1000, clock=Clock())
    newest: dict[str, int] = {}
    for name, n in keys:
        use(sessions, name, n)
        newest[name] = n
    for name, n in newest.items():  # one key more for each
        use(sessions, name, n)
    assert sessions.n_predictions <= sum(max(60 // len(sessions), n) for n in newest.values())


def test_what_the_newest_key_needs_is_kept(sessions: Sessions) -> None:
    trie = use(sessions, "a", 100)
    assert trie.n_predictions == sessions.n_predictions == 100
    use(sessions, "a", 3)
    assert sessions.n_predictions <= 60


def test_a_key_that_failed_leaves_the_session_usable(sessions: Sessions) -> None:
    with pytest.raises(MemoryError), sessions.key("a") as trie:
        raise MemoryError
    assert use(sessions, "a") is trie


def test_two_keys_of_one_session_wait_for_each_other(sessions: Sessions) -> None:
    inside, goes_on = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with sessions.key("a"):
            inside.set()
            assert goes_on.wait(WAIT_S)
            order.append("first")

    def second() -> None:
        with sessions.key("a"):
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(first)]
        assert inside.wait(WAIT_S)
        running.append(pool.submit(second))
        use(sessions, "b")  # another session does not wait
        assert not running[1].done()
        goes_on.set()
        for each in running:
            each.result(WAIT_S)
    assert order == ["first", "second"]
