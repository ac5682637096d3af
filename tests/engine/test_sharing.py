"""Calls of several threads in one pass: each gets what it would get alone."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from prompt_gen.engine.language_model import NOTHING, chain, read_line
from prompt_gen.engine.sharing import Shared
from tests.engine.toy import Toy, vocabulary_of

BPE = vocabulary_of()
WAIT_S = 60  # for what is sure to happen


class Held(Toy):
    """A pass waits until it is let go."""

    def __init__(self) -> None:
        super().__init__(BPE)
        self.goes_on = threading.Event()
        self.is_reading = threading.Event()

    def read(self, *arguments):
        self.is_reading.set()
        assert self.goes_on.wait(WAIT_S)
        return super().read(*arguments)


class Failing(Held):
    """A pass with the token 3 in it fails."""

    def read(self, tokens, *arguments):
        found = super().read(tokens, *arguments)
        if 3 in tokens:
            raise MemoryError("no room")
        return found


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as pool:
        yield pool


def ask_while_one_reads(
    shared: Shared, model: Held, calls: list[list[int]], pool: ThreadPoolExecutor
) -> list[Future]:
    """The answers to calls that came one after the other while a pass ran."""

    def wait_for(condition: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.001)

    first = pool.submit(read_line, shared, [0])
    assert model.is_reading.wait(WAIT_S)
    asked = []
    for n, tokens in enumerate(calls):
        asked.append(pool.submit(read_line, shared, tokens))
        wait_for(lambda n=n: len(shared._waiting) == n + 1)
    model.goes_on.set()
    first.result(WAIT_S)
    return asked


def test_many_threads_get_what_one_gets(pool: ThreadPoolExecutor) -> None:
    shared, alone = Shared(Toy(BPE, delay_s=0.0005)), Toy(BPE)

    def typist(seed: int) -> bool:
        rng, state, text = np.random.default_rng(seed), NOTHING, ()
        is_right = True
        for _ in range(25):
            tokens = [int(i) for i in rng.choice(alone.ids, rng.integers(1, 6))]
            wanted = sorted(rng.choice(len(tokens), rng.integers(1, len(tokens) + 1), False))
            probs_KV, states = shared.read(tokens, chain(len(tokens), state), wanted)
            whole = (*text, *tokens)
            expected = [alone.behind(whole[: len(text) + at + 1][-2:]) for at in wanted]
            is_right &= np.array_equal(probs_KV, expected) and states[-1] == whole
            at = int(rng.integers(len(tokens)))
            state, text = states[at], whole[: len(text) + at + 1]
        return is_right

    assert all(pool.map(typist, range(16)))
    assert shared.n_passes < 16 * 25


def test_calls_that_come_while_a_pass_runs_share_the_next_one(pool: ThreadPoolExecutor) -> None:
    model = Held()
    calls = [[2, 3], [4], [5, 6, 7]]
    answers = ask_while_one_reads(Shared(model), model, calls, pool)
    for tokens, answer in zip(calls, answers, strict=True):
        probs_TV, states = answer.result(WAIT_S)
        expected_TV, expected = read_line(Toy(BPE), tokens)
        assert np.array_equal(probs_TV, expected_TV)
        assert states == expected
    assert model.passes == [[0], [2, 3, 4, 5, 6, 7]]


def test_the_oldest_calls_are_read_first(pool: ThreadPoolExecutor) -> None:
    model = Held()
    calls = [[n] * 30 for n in range(2, 7)]
    for answer in ask_while_one_reads(Shared(model), model, calls, pool):
        answer.result(WAIT_S)
    assert model.passes == [[0], [2] * 30 + [3] * 30, [4] * 30 + [5] * 30, [6] * 30]


def test_a_call_larger_than_a_pass_is_read_alone(pool: ThreadPoolExecutor) -> None:
    model = Held()
    calls = [[2], [3] * 100, [4]]
    for answer in ask_while_one_reads(Shared(model), model, calls, pool):
        answer.result(WAIT_S)
    assert model.passes == [[0], [2], [3] * 100, [4]]


def test_a_failure_is_that_of_one_call_and_of_no_other(pool: ThreadPoolExecutor) -> None:
    model = Failing()
    shared = Shared(model)
    calls = [[2] * 20, [3] * 20, [4] * 20]
    answers = ask_while_one_reads(shared, model, calls, pool)
    with pytest.raises(MemoryError, match="no room"):
        answers[1].result(WAIT_S)
    for answer in (answers[0], answers[2]):
        assert len(answer.result(WAIT_S)[1]) == 20
    assert np.array_equal(read_line(shared, [5])[0], read_line(Toy(BPE), [5])[0])
