"""The worker and what keys ask of it: the newest key, thinking ahead, waiting, ending."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from prompt_gen import bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.engine import Candidate
from prompt_gen.errors import Cancelled, Damaged, Overloaded
from prompt_gen.run import Run
from prompt_gen.server.keystrokes import Found
from prompt_gen.server.limits import from_error
from prompt_gen.server.schema import CompleteRequest
from prompt_gen.server.serving import Serving
from prompt_gen.server.wanted import Wanted
from tests.server.conftest import count, wait_for


class Typing:
    """A server's parts with their model, and keys for it."""

    def __init__(self, serving: Serving) -> None:
        self.serving, self.worker = serving, serving.worker
        self.completer = self.worker.model.completer

    async def found(self, prompt: str, **settings) -> Found:
        request = CompleteRequest(prompt=prompt, **settings)
        return await self.serving.keystrokes.answer(self.worker.model, request, Wanted())

    async def key(self, prompt: str, **settings) -> list[Candidate]:
        return (await self.found(prompt, **settings)).candidates

    def lists(self, prompt: str, **settings) -> AsyncIterator[Found]:
        request = CompleteRequest(prompt=prompt, **settings)
        return self.serving.keystrokes.improving(self.worker.model, request, Wanted())


@asynccontextmanager
async def typing(
    trained: Run, engine: EngineConfig | None = None, config: ServeConfig | None = None
) -> AsyncIterator[Typing]:
    loaded = bundle.load(trained.path)
    serving = Serving.of(loaded, engine or EngineConfig(), config or ServeConfig())
    await serving.worker.models.load()
    yield Typing(serving)
    await asyncio.to_thread(serving.close)


def gated(typing: Typing, is_held: Callable[[], bool]) -> tuple[threading.Event, threading.Event]:
    """Hold passes of the model: an event that one is held, and one that lets all go on."""
    network = typing.completer.model.model
    held, go_on, true_read = threading.Event(), threading.Event(), network.read

    def read(*args):
        if is_held():
            held.set()
            go_on.wait(10)
        return true_read(*args)

    network.read = read  # type: ignore[method-assign]
    return held, go_on


def test_a_newer_keystroke_ends_older_work(trained: Run) -> None:
    """The old request is running when the new one comes; it stops at its next pass."""
    at_work = threading.local()
    passes: list[str] = []  # what was typed, for each

    async def type_two_keys() -> list[Candidate]:
        async with typing(trained) as opened:
            true_complete = opened.completer.complete

            def complete(text: str, *args, **settings):
                at_work.text = text
                return true_complete(text, *args, **settings)

            def note() -> bool:
                passes.append(getattr(at_work, "text", "ahead"))
                return True

            opened.completer.complete = complete  # type: ignore[method-assign]
            running, go_on = gated(opened, note)
            old = asyncio.create_task(opened.key("高血", max_chars=200, session="s", seq=1))
            await asyncio.to_thread(running.wait, 10)
            new = asyncio.create_task(opened.key("高血压", session="s", seq=2))
            with pytest.raises(Cancelled, match="newer keystroke"):
                await old  # at once, though its pass is still held
            go_on.set()
            return await new

    fresh = asyncio.run(type_two_keys())
    assert passes.count("高血") == 1
    assert all(c.text.startswith("高血压") for c in fresh)
    assert fresh


def test_a_key_that_comes_late_is_not_worked_on(trained: Run) -> None:
    async def type_backwards() -> list[str]:
        worked_on: list[str] = []
        async with typing(trained) as opened:
            await opened.key("高血压", session="s", seq=2)
            opened.completer.complete = lambda text, *_, **__: worked_on.append(text)  # type: ignore
            with pytest.raises(Cancelled):
                await opened.key("高血", session="s", seq=1)
        return worked_on

    assert asyncio.run(type_backwards()) == []


@pytest.mark.parametrize("seq", [1, None])
def test_a_key_that_comes_again_does_not_wait_for_what_is_thought_ahead(
    trained: Run, seq: int | None
) -> None:
    """Thinking holds the session that the second request waits for, and lets it go."""

    async def ask() -> tuple[list[Candidate], list[Candidate]]:
        async with typing(trained) as opened:
            thinking, go_on = gated(
                opened, lambda: threading.current_thread().name.startswith("ahead")
            )
            first = await opened.key("孩子发烧", session="s", seq=1)
            assert await asyncio.to_thread(thinking.wait, 10)
            again = asyncio.create_task(opened.key("孩子发烧", session="s", seq=seq))
            await asyncio.to_thread(wait_for, lambda: not opened.worker.quiet.is_set())
            go_on.set()
            return first, await asyncio.wait_for(again, 15)

    first, again = asyncio.run(ask())
    assert first
    assert again == first


def test_the_servers_own_settings_hold_where_a_request_says_nothing(trained: Run) -> None:
    async def ask() -> list[Candidate]:
        async with typing(trained, EngineConfig(n=2, max_chars=3)) as opened:
            return await opened.key("高血压")

    found = asyncio.run(ask())
    assert len(found) == 2
    assert all(len(c.completion) <= 3 for c in found)


def test_a_model_that_cannot_be_loaded_is_not_loading_for_ever(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Damaged("the graph is broken", "Train it again")

    async def load() -> None:
        monkeypatch.setattr("prompt_gen.server.served.Completer.of", fail)
        with pytest.raises(Damaged, match="broken"):
            async with typing(trained):
                pass

    asyncio.run(load())


def test_waiting_in_the_queue_counts_against_the_deadline(trained: Run) -> None:
    left: list[float] = []

    def complete(*_: object, deadline_ms: float, **__: object) -> list:
        left.append(deadline_ms)
        time.sleep(0.05)
        return []

    async def ask() -> None:
        config = ServeConfig(keys_at_work=4, max_wait_ms=10_000)
        async with typing(trained, config=config) as opened:
            opened.completer.complete = complete  # type: ignore[method-assign]
            await asyncio.gather(*(opened.key(f"高血压{i}", deadline_ms=100) for i in range(10)))

    asyncio.run(ask())
    assert len(left) == 10
    # Four are at work at a time; the last two have waited for two rounds of 50 ms.
    assert sum(deadline_ms <= 50 for deadline_ms in left) >= 2
    assert min(left) >= 1


def test_what_is_asked_twice_at_a_time_is_computed_once(trained: Run) -> None:
    """Whoever leaves does not end it for the others; when all have left it ends."""

    async def ask() -> tuple[list[Candidate], int, list[Candidate]]:
        async with typing(trained) as opened:
            network, n_passes = opened.completer.model, opened.completer.model.n_passes
            alone = opened.completer.complete("高血压患者")
            n_alone = network.n_passes - n_passes
            held, go_on = gated(opened, lambda: True)
            leaving = asyncio.create_task(opened.key("高血压患者", session="a", seq=1))
            staying = asyncio.create_task(opened.key("高血压患者", session="b"))
            await asyncio.to_thread(held.wait, 10)
            n_passes = network.n_passes
            leaving.cancel()
            await asyncio.sleep(0)
            go_on.set()
            shared = await staying
            assert network.n_passes - n_passes <= n_alone
            return alone, network.n_passes - n_passes, shared

    alone, n_passes, shared = asyncio.run(ask())
    assert shared == alone
    assert n_passes > 0


def test_what_nobody_waits_for_ends_at_its_next_pass(trained: Run) -> None:
    async def ask() -> int:
        async with typing(trained) as opened:
            held, go_on = gated(opened, lambda: True)
            n_passes = opened.completer.model.n_passes
            both = [asyncio.create_task(opened.key("高血", max_chars=200)) for _ in range(2)]
            await asyncio.to_thread(held.wait, 10)
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            go_on.set()
            assert await asyncio.to_thread(opened.worker.quiet.wait, 10)
            return opened.completer.model.n_passes - n_passes

    assert asyncio.run(ask()) == 1


ONE = ServeConfig(keys_at_work=1, max_waiting=0, texts_at_work=1)


def test_a_key_that_would_wait_too_long_is_answered_by_the_memory(trained: Run) -> None:
    async def ask() -> None:
        async with typing(trained, config=ONE) as opened:
            held, go_on = gated(opened, lambda: True)
            first = asyncio.create_task(opened.key("高血压"))
            await asyncio.to_thread(held.wait, 10)
            found = await opened.found("糖尿病", n=3)
            assert found.is_hurried
            assert found.candidates == opened.completer.first("糖尿病", n=3) != []
            (streamed,) = [each async for each in opened.lists("糖尿病", n=3)]
            assert (streamed.candidates, streamed.is_hurried) == (found.candidates, True)
            assert streamed.is_final
            assert count(opened.serving, "hurried") == 2
            shared = asyncio.create_task(opened.key("高血压"))  # costs nothing more
            go_on.set()
            assert await first == await shared
            assert not (await opened.found("糖尿病")).is_hurried

    asyncio.run(ask())


def test_what_the_memory_cannot_answer_in_time_is_refused(trained: Run) -> None:
    """Another way of finding a list is asked for; the memory is at work for somebody else."""

    async def ask() -> None:
        async with typing(trained, config=ONE) as opened:
            held, go_on = gated(opened, lambda: True)
            first = asyncio.create_task(opened.key("高血压"))
            await asyncio.to_thread(held.wait, 10)
            with pytest.raises(Overloaded) as refused:
                await opened.key("糖尿病", strategy="beam")
            answer = from_error(refused.value)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            opened.serving.keystrokes.check()  # the memory could
            opened.completer.first = lambda *_, **__: go_on.wait(10) and []  # type: ignore
            hurried = asyncio.create_task(opened.found("糖尿病"))
            await asyncio.to_thread(wait_for, lambda: opened.worker.hurried.admission.n_at_work)
            with pytest.raises(Overloaded):
                await opened.key("孩子发烧")
            with pytest.raises(Overloaded):
                opened.serving.keystrokes.check()
            go_on.set()
            assert await first
            assert (await hurried).is_hurried

    asyncio.run(ask())


def test_no_list_of_the_model_is_begun_while_others_wait_for_the_memory(trained: Run) -> None:
    async def ask() -> None:
        async with typing(trained) as opened:
            go_on, waiting = threading.Event(), opened.worker.hurried
            others = [
                asyncio.create_task(opened.worker.run(waiting, lambda _: go_on.wait(10), Wanted()))
                for _ in range(2)
            ]
            await asyncio.to_thread(wait_for, lambda: waiting.admission.n_waiting)
            last = asyncio.create_task(opened.found("高血压"))
            await asyncio.to_thread(wait_for, lambda: waiting.admission.n_waiting > 1)
            go_on.set()
            assert (await last).is_hurried
            await asyncio.gather(*others)
            assert not (await opened.found("高血压")).is_hurried

    asyncio.run(ask())


def test_keys_need_not_wait_for_whole_texts(trained: Run) -> None:
    async def ask() -> None:
        async with typing(trained, config=ONE) as opened:
            go_on, texts = threading.Event(), opened.worker.texts
            text = asyncio.create_task(opened.worker.run(texts, lambda _: go_on.wait(10), Wanted()))
            await asyncio.to_thread(wait_for, lambda: texts.admission.n_at_work)
            with pytest.raises(Overloaded):
                await opened.worker.run(texts, lambda _: None, Wanted())
            found = await opened.found("高血压")
            assert found.candidates
            assert not found.is_hurried
            go_on.set()
            await text

    asyncio.run(ask())


def test_draws_without_a_seed_are_not_shared(trained: Run) -> None:
    """Whoever asks twice for something random wants two things."""

    async def shared(**how: int) -> float:
        async with typing(trained) as opened:
            wanted = {"strategy": "sample"} | how
            await asyncio.gather(*(opened.key("高血压患者", **wanted) for _ in range(2)))
            return count(opened.serving, "cache_hits")

    assert asyncio.run(shared()) == 0
    assert asyncio.run(shared(seed=1)) == 1


def test_work_yields_and_fails_in_a_thread_and_is_told_here(trained: Run) -> None:
    """What `stream` promises: each result as it comes, then what was raised."""

    async def ask() -> list[str]:
        async with typing(trained) as opened:
            go_on, found = threading.Event(), []

            def work(_: Callable[[], bool]) -> Iterator[str]:
                yield threading.current_thread().name
                go_on.wait(10)
                yield "second"
                raise Damaged("half of it")

            async def read() -> None:
                async for result in opened.worker.stream(opened.worker.texts, work, Wanted()):
                    found.append(result)
                    go_on.set()

            with pytest.raises(Damaged, match="half of it"):
                await read()
            return found

    first, second = asyncio.run(ask())
    assert first.startswith("texts")
    assert second == "second"


def test_who_asks_for_no_more_of_a_stream_ends_it(trained: Run) -> None:
    async def ask() -> int:
        async with typing(trained) as opened:
            n_made, wanted = 0, Wanted()

            def work(is_over: Callable[[], bool]) -> Iterator[int]:
                nonlocal n_made
                while not is_over():
                    n_made += 1
                    yield n_made
                    time.sleep(0.001)

            stream = opened.worker.stream(opened.worker.texts, work, wanted)
            async for _ in stream:
                break
            await stream.aclose()
            assert await asyncio.to_thread(opened.worker.quiet.wait, 10)
            return n_made

    assert asyncio.run(ask()) > 0
