"""What became of every request: counted, and written down for those who run the server.

What was typed is in neither. Everything that a client may choose is escaped or left out.
"""

import json
import logging
import random
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_gen.server.limits import OURS, error_response
from prompt_gen.server.metrics import Metrics

_GONE = 499  # of a request whose client has left before it was answered
_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)  # of a request, as a client or a proxy may name it
_log = logging.getLogger(__name__)


class Observed:
    """Names each request (X-Request-ID), counts its answer, and logs it where that is wanted."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, status, started = _name(scope), _GONE, time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self.app(scope, receive, named)
        except Exception:
            if status != _GONE:  # the answer has begun: all that is left is to break it off
                raise
            _log.exception("request %s failed", name)
            answer = error_response(500, "an error of the server; its log says more", OURS)
            await answer(scope, receive, named)
        finally:
            self._note(scope, name, status, time.perf_counter() - started)

    def _note(self, scope: Scope, name: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", None) or "other"
        wanted = scope.get("wanted")
        reason = wanted.reason if wanted else None
        self._metrics.requests.labels(route, status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if reason:
            self._metrics.cancelled.labels(reason).inc()
        if _log.isEnabledFor(logging.INFO):
            line = {
                "request": name,
                "method": scope["method"],
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "cancelled": reason,
            }
            _log.info(json.dumps(line))


def _name(scope: Scope) -> str:
    """What the client calls its request, if that is harmless; else a name of our own."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _ID.fullmatch(given) else new_name()


def new_name() -> str:
    """A name that nothing else has. Asking the system for one would give other threads the turn."""
    return f"{random.getrandbits(128):032x}"
