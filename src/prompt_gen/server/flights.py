"""One computation for all who ask the same at the same time."""

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from prompt_gen.server.metrics import Metrics
from prompt_gen.server.wanted import Wanted
from prompt_gen.server.worker import IsOver, Lane, Worker

T = TypeVar("T")


@dataclass(eq=False)
class _Flight:
    """What is computed for those who wait for it; it is wanted while any of them does."""

    computing: asyncio.Task[Any]
    wanted: Wanted
    waiting: set[Wanted] = field(default_factory=set)


class Flights:
    """Runs work by the question that it answers."""

    def __init__(self, worker: Worker, metrics: Metrics) -> None:
        self._worker, self._metrics = worker, metrics
        self._flights: dict[Hashable, _Flight] = {}

    async def run(
        self, lane: Lane, asked: Hashable, work: Callable[[IsOver], T], wanted: Wanted
    ) -> T:
        """The answer to a question, be it that somebody else has asked it a moment ago.

        Raises as `Worker.run` does.
        """
        if wanted.is_over():
            raise wanted.error()
        flight = self._flights.get(asked)
        if flight is None:
            lane.admission.check()  # a refusal should cost little
            flight = self._flights[asked] = self._begin(lane, asked, work)
        else:
            self._metrics.shared.inc()
        flight.waiting.add(wanted)
        try:
            return await wanted.wait_for(asyncio.shield(flight.computing))
        finally:
            flight.waiting.discard(wanted)
            if not flight.waiting:
                flight.wanted.end(wanted.reason or "stopped")
                self._land(asked, flight)

    def _begin(self, lane: Lane, asked: Hashable, work: Callable[[IsOver], T]) -> _Flight:
        wanted = Wanted()
        flight = _Flight(self._worker.start(lane, work, wanted), wanted)
        flight.computing.add_done_callback(lambda _: self._land(asked, flight))
        return flight

    def _land(self, asked: Hashable, flight: _Flight) -> None:
        """Whoever asks the same from now on begins anew."""
        if self._flights.get(asked) is flight:
            del self._flights[asked]
        if flight.computing.done() and not flight.computing.cancelled():
            flight.computing.exception()  # told to those who wait, if there are any
