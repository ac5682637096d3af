"""What uvicorn leaves open: it waits for ever for the rest of a request, or for a slow reader."""

import asyncio
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from prompt_gen.config import ServeConfig
from prompt_gen.server.limits import error_response

_LITTLE = 16_384  # bytes that wait for more of the same turn


class Joined:
    """A transport that sends at once what is written in one turn: the head of an answer, its body.

    Each sending is a call of the system, behind which another thread may have the turn.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._held = transport, bytearray()

    def __getattr__(self, name: str) -> Any:
        """All else is as the transport has it."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send something in this turn; much at once, so that it is known when it is too much."""
        if data and not self._held:
            asyncio.get_running_loop().call_soon(self._send)
        self._held += data
        if len(self._held) > _LITTLE:
            self._send()

    def close(self) -> None:
        """Close when all is sent."""
        self._send()
        self._transport.close()

    def get_write_buffer_size(self) -> int:
        """Bytes that are not sent yet."""
        return len(self._held) + self._transport.get_write_buffer_size()

    def _send(self) -> None:
        if self._held:
            self._transport.write(bytes(self._held))
            self._held.clear()


class Connection(H11Protocol):
    """A connection that is cut off where the client is slow, or where there are too many.

    One deadline at a time: for a request from its first byte to its last (from the connection on
    for the first one), and for the client to take what lies in the buffer. Between requests
    uvicorn's own timeout holds.
    """

    def __init__(self, limits: ServeConfig, **rest: Any) -> None:
        super().__init__(**rest)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Have the first request come in time."""
        super().connection_made(Joined(transport))  # type: ignore[arg-type]
        if len(self.connections) > self._limits.max_connections:
            self._refuse(503, "too many clients are connected; try again in a moment")
        else:
            self._start()

    def data_received(self, data: bytes) -> None:
        """Have the rest of a request come in time."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Have a request that came behind another one come in time, too."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]:
            self._watch()

    def pause_writing(self) -> None:
        """The client does not take what is sent."""
        super().pause_writing()
        self._start()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._stop()

    def timeout_keep_alive_handler(self) -> None:
        """No request came; and what is still not taken will not be."""
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop()
        elif self._deadline is None:
            self._start()

    def _start(self) -> None:
        self._stop()
        self._deadline = self.loop.call_later(self._limits.patience_s, self._cut_off)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cut_off(self) -> None:
        is_silent = self.cycle is None and not self.conn.trailing_data[0]
        if is_silent:
            self.transport.close()
        else:
            self._refuse(408, f"the request did not come within {self._limits.patience_s:g} s")

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or has too large a head."""
        limit = self._limits.max_header_bytes
        self._refuse(400, f"this is no HTTP request, or its head has more than {limit} bytes")

    def _refuse(self, status: int, message: str) -> None:
        """Answer on behalf of the application if it has not begun to, and close."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()
            return
        answer = error_response(status, message, "unavailable_error")
        body = bytes(answer.body)
        headers = [*answer.raw_headers, (b"connection", b"close")]
        for event in (
            h11.Response(status_code=status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def allow_files(n_connections: int) -> None:
    """Have the system let this process hold so many connections, as far as it may."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = n_connections + 256  # files of the bundle, logs, a database
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
