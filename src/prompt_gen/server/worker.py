"""The one who owns the model: loads it in the background, completes one request at a time."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.errors import NotReady
from prompt_gen.server.schema import CompleteRequest

_MAX_SESSIONS = 10_000


class Worker:
    """Requests go through one thread, so that nobody's passes slow another's."""

    def __init__(self, loaded: Bundle, config: EngineConfig) -> None:
        self.bundle = loaded
        self._config = config
        self._completer: Completer | None = None
        self._thread = ThreadPoolExecutor(1, "completer")
        self._newest: OrderedDict[str, int] = OrderedDict()

    async def load(self) -> None:
        """Load the graph and run it once, so that the first user does not wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    def _load(self) -> None:
        completer = Completer(self.bundle, self._config)
        completer.complete("a")
        self._completer = completer

    def close(self) -> None:
        """Let the running request end and start no other."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    @property
    def completer(self) -> Completer:
        """The loaded completer.

        Raises:
            NotReady: it is still loading.
        """
        if self._completer is None:
            raise NotReady("the model is still loading", "Try again in a moment")
        return self._completer

    async def submit(self, request: CompleteRequest) -> list[Candidate]:
        """Complete a request; an older one of the same session ends at its next pass."""
        completer, stale = self.completer, self._staleness(request)

        def work() -> list[Candidate]:
            if stale():
                return []
            return completer.complete(
                request.prompt,
                stale,
                n=request.n,
                max_chars=request.max_chars,
                deadline_ms=request.deadline_ms,
            )

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
