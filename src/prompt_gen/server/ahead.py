"""What is likely next is read ahead, behind the answer to a key, while nobody is served."""

import logging
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from prompt_gen.errors import NotReady
from prompt_gen.server.newest import put
from prompt_gen.server.schema import CompleteRequest
from prompt_gen.server.worker import Worker

_MAX_PENDING = 64  # text fields that wait to be thought of
_PAUSE_S = 0.002  # while somebody is served, what is thought ahead looks up so often
_log = logging.getLogger(__name__)


class Ahead:
    """One thread that thinks of text fields; of many, first of those that were asked last."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._asked_last: OrderedDict[str, object] = OrderedDict()  # a mark of the last request
        self._pending: OrderedDict[str, tuple[CompleteRequest, object]] = OrderedDict()
        self._changing = threading.Lock()
        self._is_thinking = False
        self._closing = False

    def close(self) -> None:
        """End what is thought at its next pass."""
        self._closing = True
        self._thread.shutdown(wait=True, cancel_futures=True)

    def asked(self, session: str | None) -> object:
        """A session is asked: what is thought of it ends. Returns the mark of this request."""
        mark = object()
        if session is not None:
            put(self._asked_last, session, mark)
        return mark

    def later(self, request: CompleteRequest, session: str, mark: object) -> None:
        """Have the session thought of when there is time, behind the request of this mark."""
        with self._changing:
            if self._closing:
                return
            self._pending[session] = request, mark
            self._pending.move_to_end(session)
            while len(self._pending) > _MAX_PENDING:
                self._pending.popitem(last=False)
            if self._is_thinking:
                return
            self._is_thinking = True
        self._thread.submit(self._think_all)

    def _think_all(self) -> None:
        while True:
            with self._changing:
                if self._closing or not self._pending:
                    self._is_thinking = False
                    return
                session, (request, mark) = self._pending.popitem()
            try:
                self._think(request, session, mark)
            except NotReady:
                pass  # the server is stopping
            except Exception:
                _log.exception("what was to be thought ahead was not")

    def _think(self, request: CompleteRequest, session: str, mark: object) -> None:
        """Read ahead in a session until it is asked again, be it with the same key.

        Whoever asks waits for the session, so what is thought ahead may not wait for him.
        """

        def is_asked() -> bool:
            return self._closing or self._asked_last.get(session) is not mark

        def is_over() -> bool:
            while not (is_asked() or self._worker.quiet.wait(_PAUSE_S)):
                pass
            return is_asked()

        wanted = request.model_dump(include={"n", "max_chars"}, exclude_none=True)
        if not is_over():
            self._worker.model.completer.think(
                request.prompt, session, is_over, request.user, **wanted
            )
