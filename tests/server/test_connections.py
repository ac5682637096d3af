"""Slow and vanished clients, and too many of them: each is cut off, and nobody else notices."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import Mock

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from prompt_gen import server
from prompt_gen.config import ServeConfig
from prompt_gen.server.connections import Joined
from prompt_gen.server.limits import Limits

PATIENCE_S = 0.6
HALF = [
    b"",
    b"G",
    b"GET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 1000,
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n",
]


def application() -> FastAPI:
    """One that answers with the length of the body, or with more than a socket takes."""
    app = FastAPI()
    app.add_middleware(Limits, max_body_bytes=65_536)

    @app.api_route("/", methods=["GET", "POST"])
    async def length(request: Request) -> Response:
        return Response(str(len(await request.body())))

    @app.get("/much")
    async def much() -> StreamingResponse:
        async def pieces():
            for _ in range(2000):
                yield b"x" * 65_536

        return StreamingResponse(pieces())

    return app


@contextmanager
def running(**settings: object) -> Iterator[tuple[int, uvicorn.Server]]:
    config = ServeConfig.model_validate({"port": 0, "patience_s": PATIENCE_S, **settings})
    with server.listen(config) as listener:
        port = listener.getsockname()[1]
        run = uvicorn.Server(server.uvicorn_config(application(), config))
        thread = threading.Thread(target=run.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield port, run
        finally:
            run.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running() as (port, _):
        yield port


def connect(port: int, sent: bytes = b"") -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", port), timeout=20)
    opened.sendall(sent)
    return opened


def rest(opened: socket.socket) -> bytes:
    """All that comes until the server closes; fails where it does not."""
    found = bytearray()
    try:
        while piece := opened.recv(65_536):
            found += piece
    except ConnectionResetError:
        pass
    return bytes(found)


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.parametrize("half", HALF)
def test_half_a_request_is_not_waited_for(port: int, half: bytes) -> None:
    with connect(port, half) as slow:
        started = time.monotonic()
        answer = rest(slow)
        took = time.monotonic() - started
    assert took >= PATIENCE_S * 0.9  # it had its time
    if half:
        assert b"HTTP/1.1 408" in answer
        assert json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]["code"] == 408
    else:
        assert answer == b""


@pytest.mark.parametrize("half", HALF[1:7])
def test_bytes_that_trickle_in_do_not_help(port: int, half: bytes) -> None:
    """Another byte every now and then does not begin the time anew."""
    with connect(port, half) as slow:
        slow.settimeout(PATIENCE_S / 5)
        for _ in range(50):
            try:
                if not slow.recv(65_536) or not slow.send(b"a"):
                    break
            except TimeoutError:
                slow.send(b"a")
            except OSError:
                break
        else:
            pytest.fail("still connected after ten times the patience")


def test_many_half_sent_requests_are_closed_and_others_are_served(port: int) -> None:
    """Bare uvicorn keeps all 50."""
    with ExitStack() as opened, httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        slow = [opened.enter_context(connect(port, HALF[i % len(HALF)])) for i in range(50)]
        for _ in range(100):
            assert client.post("/", content=b"{}", headers=JSON).text == "2"
        for each in slow:
            rest(each)


JSON = {"content-type": "application/json"}


def test_one_who_sends_a_request_in_time_in_pieces_is_served(port: int) -> None:
    with connect(port, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n") as slow:
        for piece in (b"Content-Length: 4\r\n", b"\r\n12", b"34"):
            time.sleep(PATIENCE_S / 10)
            slow.sendall(piece)
        answer = slow.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 200")
        if not answer.endswith(b"\r\n\r\n4"):
            assert slow.recv(65_536) == b"4"
        # ... and the next request has its own time.
        time.sleep(PATIENCE_S)
        slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert slow.recv(65_536).startswith(b"HTTP/1.1 200")


def test_idle_connections_are_closed() -> None:
    with running(keep_alive_s=0.5, patience_s=30) as (port, _):
        with connect(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as idle:
            answer = rest(idle)
        assert answer.startswith(b"HTTP/1.1 200")


def test_an_answer_that_is_not_taken_is_not_kept() -> None:
    with running() as (port, run), connect(port, b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n"):
        assert until(lambda: bool(run.server_state.connections))
        assert until(lambda: not (run.server_state.connections or run.server_state.tasks))


def test_an_answer_that_is_taken_slowly_comes_whole(port: int) -> None:
    with connect(port, b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n") as slow:
        n = 0
        while n < 2000 * 65_536:
            piece = slow.recv(1 << 22)
            assert piece
            n += len(piece)
            if n < 1 << 23:
                time.sleep(PATIENCE_S / 8)


def test_over_the_limit_clients_are_told_to_come_back() -> None:
    with running(max_connections=3, patience_s=30) as (port, _), ExitStack() as opened:
        ask = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        first = [opened.enter_context(connect(port, ask)) for _ in range(3)]
        assert all(each.recv(65_536).startswith(b"HTTP/1.1 200") for each in first)
        with connect(port) as over:
            answer = rest(over)
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in answer.lower()
        first[0].close()
        time.sleep(0.2)
        with connect(port, ask) as again:
            assert again.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "wrong", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n",
              b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"\0" * 100,
              b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 40_000],
)  # fmt: skip
def test_what_is_no_request_gets_one_clear_error(port: int, wrong: bytes) -> None:
    with connect(port, wrong) as client:
        answer = rest(client)
    assert answer.startswith(b"HTTP/1.1 400")
    error = json.loads(answer.rpartition(b"\r\n\r\n")[2])["error"]
    assert "16384 bytes" in error["message"]


def test_vanished_clients_leave_nothing() -> None:
    with running(patience_s=30) as (port, run):
        for i in range(100):
            connect(port, HALF[i % len(HALF)]).close()
        assert until(lambda: not (run.server_state.connections or run.server_state.tasks))


def test_what_is_written_in_one_turn_is_sent_at_once() -> None:
    """The head of an answer and its body are one call of the system; nothing is lost at the end."""
    sent: list[bytes] = []
    below = Mock(write=sent.append, get_write_buffer_size=lambda: 0)
    below.close = lambda: sent.append(b"closed")

    async def write() -> None:
        joined = Joined(below)
        joined.write(b"head")
        joined.write(b"body")
        assert (sent, joined.get_write_buffer_size()) == ([], 8)
        await asyncio.sleep(0)
        joined.write(b"much" * 5000)
        joined.write(b"more")
        joined.close()

    asyncio.run(write())
    assert sent == [b"headbody", b"much" * 5000, b"more", b"closed"]
