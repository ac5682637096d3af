"""The one who owns the model: loads it in the background, completes, and thinks ahead when idle."""

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.errors import NotReady, PromptGenError
from prompt_gen.server.schema import CompleteRequest

_MAX_SESSIONS = 10_000
_THREADS = 16  # requests at work at a time; they share the passes of the model
_MAX_PENDING = 64  # text fields that wait to be thought of
_PAUSE_S = 0.002  # while somebody is served, what is thought ahead looks up so often
_log = logging.getLogger(__name__)


class Worker:
    """Requests at work share the passes of one model (see `engine.sharing`).

    Behind the answer to a key of a session, what is likely next is read ahead, by one thread that
    stands still while anybody is served.
    """

    def __init__(self, loaded: Bundle, config: EngineConfig) -> None:
        self.bundle = loaded
        self._config = config
        self._completer: Completer | None = None
        self._failure: PromptGenError | None = None
        self._threads = ThreadPoolExecutor(_THREADS, "completer")
        self._idle = ThreadPoolExecutor(1, "ahead")
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._asked_last: OrderedDict[str, object] = OrderedDict()  # a mark of the last request
        self._pending: OrderedDict[str, tuple[CompleteRequest, object]] = OrderedDict()
        self._is_thinking = False
        self._n_served = 0
        self._serving = threading.Lock()
        self._quiet = threading.Event()
        self._quiet.set()
        self._closing = False

    async def load(self) -> None:
        """Load the graph and run it once, so that the first user does not wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._load)

    def _load(self) -> None:
        try:
            completer = Completer.of(self.bundle, self._config)
            completer.complete("a")
            self._completer = completer
        except PromptGenError as error:
            _log.error("the model cannot be loaded: %s", error)
            self._failure = error
        except Exception as error:
            _log.exception("the model cannot be loaded")
            self._failure = PromptGenError(f"the model cannot be loaded: {error!r}", "See the log")

    def close(self) -> None:
        """Let the requests at work end and start no others."""
        self._closing = True
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._idle.shutdown(wait=True, cancel_futures=True)

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
        completer, mark, stale = self.completer, object(), self._staleness(request)
        if request.session is not None:
            _put(self._asked_last, request.session, mark)
        arrived = time.monotonic()
        wanted = request.model_dump(include={"n", "max_chars", "deadline_ms"}, exclude_none=True)

        def work() -> list[Candidate]:
            if stale():
                return []
            waited_ms = (time.monotonic() - arrived) * 1000  # behind others in the queue
            deadline_ms = wanted.get("deadline_ms", self._config.deadline_ms) - waited_ms
            settings: dict[str, Any] = wanted | {"deadline_ms": max(1.0, deadline_ms)}
            return completer.complete(request.prompt, stale, session=request.session, **settings)

        with self._served():
            found = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        if request.session is not None and request.seq is not None and not stale():
            self._think_later(request, request.session, mark)
        return found

    def _think_later(self, request: CompleteRequest, session: str, mark: object) -> None:
        """Have the session thought of when there is time; of many, those that were asked last."""
        with self._serving:
            if self._closing:
                return
            self._pending[session] = request, mark
            self._pending.move_to_end(session)
            while len(self._pending) > _MAX_PENDING:
                self._pending.popitem(last=False)
            if self._is_thinking:
                return
            self._is_thinking = True
        self._idle.submit(self._think_all)

    def _think_all(self) -> None:
        while True:
            with self._serving:
                if self._closing or not self._pending:
                    self._is_thinking = False
                    return
                session, (request, mark) = self._pending.popitem()
            try:
                self._think(request, session, mark)
            except Exception:
                _log.exception("what was to be thought ahead was not")

    def _think(self, request: CompleteRequest, session: str, mark: object) -> None:
        """Read ahead in a session until it is asked again, be it with the same key.

        Whoever asks waits for the session, so what is thought ahead may not wait for him.
        """

        def is_asked() -> bool:
            return self._closing or self._asked_last.get(session) is not mark

        def is_over() -> bool:
            while not (is_asked() or self._quiet.wait(_PAUSE_S)):
                pass
            return is_asked()

        wanted = request.model_dump(include={"n", "max_chars"}, exclude_none=True)
        if not is_over():
            self.completer.think(request.prompt, session, is_over, **wanted)

    @contextmanager
    def _served(self) -> Iterator[None]:
        """Somebody is being served."""
        with self._serving:
            self._n_served += 1
            self._quiet.clear()
        try:
            yield
        finally:
            with self._serving:
                self._n_served -= 1
                if not self._n_served:
                    self._quiet.set()

    def _staleness(self, request: CompleteRequest) -> Callable[[], bool]:
        """A function that says whether a newer keystroke of the session has come."""
        session, seq = request.session, request.seq
        if session is None or seq is None:
            return lambda: False
        _put(self._newest, session, max(seq, self._newest.get(session, 0)))
        return lambda: self._newest.get(session, 0) > seq


def _put(known: OrderedDict[str, Any], session: str, value: Any) -> None:
    """Keep something of a session, and of many sessions those that came last."""
    known[session] = value
    known.move_to_end(session)
    while len(known) > _MAX_SESSIONS:
        known.popitem(last=False)
