"""Who waits, and who is told at once to come again."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_gen.errors import Cancelled, Overloaded
from prompt_gen.server.admission import Admission
from prompt_gen.server.wanted import Wanted


class Visit:
    """A request that stays at work until it is let go."""

    def __init__(self, admission: Admission) -> None:
        self.wanted, self.done = Wanted(), asyncio.Event()
        self.is_at_work = False
        self.task = asyncio.create_task(self._stay(admission))

    async def _stay(self, admission: Admission) -> None:
        async with admission.place(self.wanted):
            self.is_at_work = True
            try:
                await self.done.wait()
            finally:
                self.is_at_work = False


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_places_go_to_those_who_wait_longest() -> None:
    async def test() -> None:
        admission = Admission(2, max_waiting=2, max_wait_s=1)
        visits = [Visit(admission) for _ in range(4)]
        await settle()
        assert [each.is_at_work for each in visits] == [True, True, False, False]
        assert (admission.n_at_work, admission.n_waiting) == (2, 2)
        visits[0].done.set()
        await settle()
        assert [each.is_at_work for each in visits] == [False, True, True, False]
        for each in visits:
            each.done.set()
        await asyncio.gather(*(each.task for each in visits))
        assert (admission.n_at_work, admission.n_waiting) == (0, 0)

    run(test)


def test_a_full_queue_refuses() -> None:
    async def test() -> None:
        admission = Admission(1, max_waiting=1, max_wait_s=1)
        visits = [Visit(admission) for _ in range(3)]
        await settle()
        with pytest.raises(Overloaded, match="1 requests wait"):
            await visits[2].task
        for each in visits:
            each.done.set()
        await asyncio.gather(*(each.task for each in visits[:2]))

    run(test)


def test_a_wait_that_would_be_too_long_is_refused_though_there_is_room() -> None:
    """The first request takes 50 ms, so the fourth in a row would wait for three times a tenth."""

    async def test() -> None:
        admission = Admission(1, max_waiting=100, max_wait_s=0.012)
        first = Visit(admission)
        await asyncio.sleep(0.05)
        first.done.set()
        await first.task
        visits = [Visit(admission) for _ in range(30)]
        await settle()
        assert 0 < admission.n_waiting < 3
        assert admission.expected_wait_s > 0.012
        for each in visits:
            each.done.set()
        outcomes = await asyncio.gather(*(v.task for v in visits), return_exceptions=True)
        assert sum(isinstance(each, Overloaded) for each in outcomes) >= 27
        last = Visit(admission)  # recovered: a free place is taken whatever was before
        await settle()
        assert last.is_at_work
        last.done.set()
        await last.task

    run(test)


def test_who_is_no_longer_wanted_leaves_the_queue() -> None:
    async def test() -> None:
        admission = Admission(1, max_waiting=5, max_wait_s=1)
        visits = [Visit(admission) for _ in range(3)]
        await settle()
        visits[1].wanted.end("superseded")
        await settle()
        assert admission.n_waiting == 1
        with pytest.raises(Cancelled):
            await visits[1].task
        for each in visits:
            each.done.set()
        await asyncio.gather(visits[0].task, visits[2].task)

    run(test)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(["come", "done", "end", "cancel"]), st.integers(0, 9))),
    st.integers(1, 3),
)
def test_no_place_is_lost_or_made(steps: list[tuple[str, int]], n_places: int) -> None:
    """Whatever comes and goes in whatever order, at the end all places are free."""

    async def test() -> None:
        admission, visits = Admission(n_places, max_waiting=3, max_wait_s=1e9), list[Visit]()
        for what, which in steps:
            if what == "come":
                visits.append(Visit(admission))
            elif visits:
                visit = visits[which % len(visits)]
                act = {"done": visit.done.set, "cancel": visit.task.cancel}
                act.get(what, lambda v=visit: v.wanted.end("superseded"))()
            if which % 2:
                await settle()
            assert sum(visit.is_at_work for visit in visits) <= n_places
        for visit in visits:
            visit.done.set()
        await asyncio.gather(*(visit.task for visit in visits), return_exceptions=True)
        assert (admission.n_at_work, admission.n_waiting) == (0, 0)
        await asyncio.wait_for(visited(admission), 5)

    run(test)


async def visited(admission: Admission) -> None:
    async with admission.place(Wanted()):
        pass
