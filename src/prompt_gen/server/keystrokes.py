"""Requests of text fields: the newest key of each is answered, and the next one thought of."""

import time
from typing import Any

from prompt_gen.engine import Candidate
from prompt_gen.server.ahead import Ahead
from prompt_gen.server.flights import Flights
from prompt_gen.server.metrics import Metrics
from prompt_gen.server.newest import Newest
from prompt_gen.server.schema import CompleteRequest
from prompt_gen.server.served import Served
from prompt_gen.server.wanted import Wanted
from prompt_gen.server.worker import IsOver, Worker


class Keystrokes:
    """Answers `CompleteRequest`s with a worker."""

    def __init__(self, worker: Worker, metrics: Metrics) -> None:
        self._worker = worker
        self._flights = Flights(worker, metrics)
        self._newest = Newest()
        self._ahead = Ahead(worker)

    def close(self) -> None:
        """Think of nothing more."""
        self._ahead.close()

    async def answer(
        self, model: Served, request: CompleteRequest, wanted: Wanted
    ) -> list[Candidate]:
        """The list for a key; an older one of the same session ends at its next pass.

        Those who ask the same at the same time share one list.

        Raises:
            Cancelled: nobody waits for the list any more.
            Overloaded: too many others wait.
        """
        session, mark = request.session, self._ahead.asked(request.session)
        if session is not None and request.seq is not None:
            self._newest.asked(session, request.seq, wanted)
        arrived = time.monotonic()
        settings = request.model_dump(include={"n", "max_chars", "deadline_ms"}, exclude_none=True)

        def work(is_over: IsOver) -> list[Candidate]:
            waited_ms = (time.monotonic() - arrived) * 1000  # behind others in the queue
            deadline_ms = settings.get("deadline_ms", self._worker.config.deadline_ms) - waited_ms
            left: dict[str, Any] = settings | {"deadline_ms": max(1.0, deadline_ms)}
            return model.completer.complete(request.prompt, is_over, session=session, **left)

        asked = (model, request.prompt, frozenset(settings.items()))
        found = await self._flights.run(asked, work, wanted)
        if session is not None and request.seq is not None:
            self._ahead.later(request, session, mark)
        return found
