"""A closed connection ends the work for it: counted in passes of the model, over real sockets."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.run import Run
from prompt_gen.server.serving import Serving
from tests.server.conftest import count, wait_for


class Passes:
    """Passes of the model, each of which waits to be let go."""

    def __init__(self, network: object) -> None:
        self.n, self.is_held = 0, False
        self._begun, self._go_on = threading.Semaphore(0), threading.Semaphore(0)
        true_read = network.read  # type: ignore[attr-defined]

        def read(*args):
            self.n += 1
            if self.is_held:
                self._begun.release()
                assert self._go_on.acquire(timeout=30)
            return true_read(*args)

        network.read = read  # type: ignore[attr-defined]

    def begun(self) -> None:
        """Wait until another pass has begun."""
        assert self._begun.acquire(timeout=30)

    def go_on(self, n: int = 1) -> None:
        self._go_on.release(n)


@pytest.fixture
def served(trained: Run) -> Iterator[tuple[int, Passes, Serving]]:
    config = ServeConfig(port=0)
    with server.listen(config) as listener:
        app = server.create_app(bundle.load(trained.path), EngineConfig(), config)
        running = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        serving = app.state.serving
        wait_for(lambda: serving.worker.models._now is not None)
        passes = Passes(serving.worker.model.completer.model.model)
        yield listener.getsockname()[1], passes, serving
        passes.is_held = False
        passes.go_on(1000)
        running.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def asked(port: int, path: str = "/v1/complete", **body: object) -> socket.socket:
    """A connection on which a request has been sent."""
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head.encode() + data)
    return connection


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/complete", {"prompt": "高血", "max_chars": 200}),
        ("/v1/complete", {"prompt": "高血", "max_chars": 200, "stream": True}),
        ("/generate", {"context": "高血", "maxlength": 200}),
    ],
)
def test_a_closed_connection_ends_the_work_within_a_pass(
    served: tuple[int, Passes, Serving], path: str, body: dict
) -> None:
    port, passes, serving = served
    passes.is_held = True
    connection = asked(port, path, **body)
    passes.begun()
    n_before = passes.n
    connection.close()
    wait_for(lambda: count(serving, "cancelled", reason="disconnected") == 1)
    passes.go_on(1000)
    wait_for(lambda: serving.worker.quiet.is_set())
    assert passes.n == n_before  # the one that ran when the client left was the last


def test_others_of_the_same_question_are_answered(
    served: tuple[int, Passes, Serving],
) -> None:
    port, passes, serving = served
    passes.is_held = True
    leaving, staying = asked(port, prompt="高血压患者"), asked(port, prompt="高血压患者")
    passes.begun()
    wait_for(lambda: count(serving, "cache_hits") == 1)
    leaving.close()
    wait_for(lambda: count(serving, "cancelled", reason="disconnected") == 1)
    passes.go_on(1000)
    staying.settimeout(30)
    assert staying.recv(65_536).startswith(b"HTTP/1.1 200")
    staying.close()
