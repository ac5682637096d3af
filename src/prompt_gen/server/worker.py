"""The one who owns the model: loads it in the background, completes one request at a time."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.errors import NotReady, PromptGenError
from prompt_gen.server.schema import CompleteRequest

_MAX_SESSIONS = 10_000
_log = logging.getLogger(__name__)


class Worker:
    """Requests go through one thread, so that nobody's passes slow another's."""

    def __init__(self, loaded: Bundle, config: EngineConfig) -> None:
        self.bundle = loaded
        self._config = config
        self._completer: Completer | None = None
        self._failure: PromptGenError | None = None
        self._thread = ThreadPoolExecutor(1, "completer")
        self._newest: OrderedDict[str, int] = OrderedDict()

    async def load(self) -> None:
        """Load the graph and run it once, so that the first user does not wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    def _load(self) -> None:
        try:
            completer = Completer.of(self.bundle, self._config)
            completer.complete("a")
            self._completer = completer
        except PromptGenError as error:
            _log.error("the model cannot be loaded: %s", error)
            self._failure = error

    def close(self) -> None:
        """Let the running request end and start no other."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    @property
    def completer(self) -> Completer:
        """The loaded completer.

        Raises:
            NotReady: it is still loading.
            PromptGenError: it could not be loaded.
        """
        if self._failure is not None:
            raise self._failure
        if self._completer is None:
            raise NotReady("the model is still loading", "Try again in a moment")
        return self._completer

    async def submit(self, request: CompleteRequest) -> list[Candidate]:
        """Complete a request; an older one of the same session ends at its next pass."""
        completer, stale = self.completer, self._staleness(request)
        arrived = time.monotonic()
        wanted = request.model_dump(include={"n", "max_chars", "deadline_ms"}, exclude_none=True)

        def work() -> list[Candidate]:
            if stale():
                return []
            waited_ms = (time.monotonic() - arrived) * 1000  # behind others in the queue
            deadline_ms = wanted.get("deadline_ms", self._config.deadline_ms) - waited_ms
            settings: dict[str, Any] = wanted | {"deadline_ms": max(1.0, deadline_ms)}
            return completer.complete(request.prompt, stale, **settings)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _staleness(self, request: CompleteRequest) -> Callable[[], bool]:
        """A function that says whether a newer keystroke of the session has come."""
        session, seq = request.session, request.seq
        if session is None or seq is None:
            return lambda: False
        self._newest[session] = max(seq, self._newest.get(session, 0))
        self._newest.move_to_end(session)
        while len(self._newest) > _MAX_SESSIONS:
            self._newest.popitem(last=False)
        return lambda: self._newest.get(session, 0) > seq
