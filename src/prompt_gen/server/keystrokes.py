"""Requests of text fields: the newest key of each is answered, and the next one thought of."""

import time
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from prompt_gen.engine import Candidate
from prompt_gen.errors import Overloaded
from prompt_gen.server.ahead import Ahead
from prompt_gen.server.flights import Flights
from prompt_gen.server.metrics import Metrics
from prompt_gen.server.newest import Newest
from prompt_gen.server.schema import CompleteRequest
from prompt_gen.server.served import Served
from prompt_gen.server.wanted import Wanted
from prompt_gen.server.worker import IsOver, Worker

_APART_S = 0.005  # between two lists of a stream, at least


@dataclass(frozen=True)
class Found:
    """A list, and how long its request had to wait before it was begun."""

    candidates: list[Candidate]
    queue_ms: float
    is_final: bool = True  # no better list comes
    is_hurried: bool = False  # it is of the memory alone


class Keystrokes:
    """Answers `CompleteRequest`s with a worker."""

    def __init__(self, worker: Worker, metrics: Metrics) -> None:
        self._worker, self._metrics = worker, metrics
        self._flights = Flights(worker, metrics)
        self._newest = Newest()
        self._ahead = Ahead(worker)

    def close(self) -> None:
        """Think of nothing more."""
        self._ahead.close()

    async def answer(self, model: Served, request: CompleteRequest, wanted: Wanted) -> Found:
        """The list for a key; an older one of the same session ends at its next pass.

        Those who ask the same at the same time share one list. Where it would be late, it is of
        the memory alone.

        Raises:
            Cancelled: nobody waits for the list any more.
            Overloaded: too many others wait.
        """
        mark, begun = self._asked(request, wanted), _Begun(self._worker, request)

        def work(is_over: IsOver) -> Found:
            settings = begun.settings()
            session, prompt, user = request.session, request.prompt, request.user
            found = model.completer.complete(
                prompt, is_over, user=user, session=session, **settings
            )
            return Found(found, begun.waited_ms)

        asked = _question(model, request)
        try:
            self._check_time()
            found = await self._flights.run(self._worker.keys, asked, work, wanted)
        except Overloaded:
            if not self._may_hurry(model, request):
                raise
            return await self._hurried(model, request, wanted, begun)
        self._note(found, begun)
        self._answered(request, mark)
        return found

    def check(self) -> None:
        """Refuse whatever key, as there is time neither for a list of the model nor of the memory.

        Raises:
            Overloaded: others wait for either.
        """
        try:
            self._check_time()
            self._worker.keys.admission.check()
        except Overloaded:
            self._worker.hurried.admission.check()

    def _check_time(self) -> None:
        """Refuse a list of the model while others wait for theirs of the memory.

        For the time of one, three of those can be answered: more would wait in the end.

        Raises:
            Overloaded: somebody waits.
        """
        if n := self._worker.hurried.admission.n_waiting:
            raise Overloaded(f"the server is busy: {n} requests wait", "Try again in a second")

    def _may_hurry(self, model: Served, request: CompleteRequest) -> bool:
        """Whether the memory can answer, and no other way of finding a list is asked for."""
        is_tree = (request.strategy or self._worker.config.mode) == "tree"
        return is_tree and model.completer.remembers

    async def _hurried(
        self, model: Served, request: CompleteRequest, wanted: Wanted, begun: "_Begun"
    ) -> Found:
        """The list of the memory, in place of one that would be late. Raises as `answer` does."""

        def work(_: IsOver) -> Found:
            found = model.completer.first(request.prompt, **begun.settings())
            return Found(found, begun.waited_ms, is_hurried=True)

        lane, asked = self._worker.hurried, (*_question(model, request), "hurried")
        found = await self._flights.run(lane, asked, work, wanted)
        self._metrics.hurried.inc()
        self._note(found, begun)
        return found

    async def improving(
        self, model: Served, request: CompleteRequest, wanted: Wanted
    ) -> AsyncIterator[Found]:
        """Lists for a key that get better; the final one is that of `answer`. Raises as that."""
        mark, begun = self._asked(request, wanted), _Begun(self._worker, request)

        def work(is_over: IsOver) -> Iterator[Found]:
            prompt, session, sent = request.prompt, request.session, 0.0
            lists = model.completer.improving(
                prompt, is_over, request.user, session, **begun.settings()
            )
            for found, is_final in lists:
                if is_final or time.monotonic() - sent >= _APART_S:
                    yield Found(found, begun.waited_ms, is_final)
                    sent = time.monotonic()

        is_first = True
        try:
            self._check_time()
            async with aclosing(self._worker.stream(self._worker.keys, work, wanted)) as lists:
                async for found in lists:
                    if is_first:
                        self._note(found, begun)
                        is_first = False
                    yield found
        except Overloaded:  # nothing was begun
            if not self._may_hurry(model, request):
                raise
            yield await self._hurried(model, request, wanted, begun)
            return
        self._answered(request, mark)

    def _asked(self, request: CompleteRequest, wanted: Wanted) -> object:
        """A key has come: what is older in its session ends."""
        if request.session is not None and request.seq is not None:
            self._newest.asked(request.session, request.seq, wanted)
        return self._ahead.asked(request.session)

    def _answered(self, request: CompleteRequest, mark: object) -> None:
        if request.session is not None and request.seq is not None:
            self._ahead.later(request, request.session, mark)

    def _note(self, found: Found, begun: "_Begun") -> None:
        if found.candidates:
            self._metrics.first_list.observe(time.monotonic() - begun.arrived)


def _question(model: Served, request: CompleteRequest) -> tuple[Hashable, ...]:
    """What those have in common who may share a list; draws without a seed nobody shares."""
    if request.strategy == "sample" and request.seed is None:
        return (object(),)
    return model, request.prompt, request.user, str(request.settings)


class _Begun:
    """A request whose deadline runs from when it came, not from when it is worked for."""

    def __init__(self, worker: Worker, request: CompleteRequest) -> None:
        self.arrived, self.waited_ms = time.monotonic(), 0.0
        self._settings = {"deadline_ms": worker.config.deadline_ms} | request.settings

    def settings(self) -> dict[str, Any]:
        """What the engine is asked, now that it is begun."""
        self.waited_ms = (time.monotonic() - self.arrived) * 1000
        left_ms = self._settings["deadline_ms"] - self.waited_ms
        return self._settings | {"deadline_ms": max(1.0, left_ms)}
