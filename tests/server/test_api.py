"""The HTTP API: what is promised for good requests, and one clear error for bad ones."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig, validated
from prompt_gen.errors import Damaged, PortInUse, SettingError
from prompt_gen.run import Run
from prompt_gen.server import listen
from prompt_gen.server.schema import CompleteRequest
from prompt_gen.server.worker import Worker


def error_of(response: httpx.Response) -> dict:
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == response.status_code
    return error


def test_complete_answers_with_candidates(client: httpx.Client) -> None:
    body = {"prompt": "高血压患者", "n": 3, "max_chars": 10, "session": "s", "seq": 7}
    answer = client.post("/v1/complete", json=body).json()
    assert 1 <= len(answer["candidates"]) <= 3
    assert (answer["prompt"], answer["session"], answer["seq"]) == ("高血压患者", "s", 7)
    for candidate in answer["candidates"]:
        assert candidate["text"] == "高血压患者" + candidate["completion"]
        assert len(candidate["completion"]) <= 10
        assert candidate["source"] == ("memory" if candidate["lines"] else "model")
    assert answer["timing"]["total_ms"] > 0


@pytest.mark.parametrize("prompt", ["", "  ", "\n"])
def test_blank_text_gets_an_empty_list(client: httpx.Client, prompt: str) -> None:
    response = client.post("/v1/complete", json={"prompt": prompt})
    assert response.status_code == 200
    assert response.json()["candidates"] == []


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": "a", "n": 0}, "n"),
        ({"prompt": "a", "n": "5"}, "n"),
        ({"prompt": "a", "n": 10**30}, "n"),
        ({"prompt": "a", "max_chars": 1000}, "max_chars"),
        ({"prompt": "a", "maxchars": 5}, "maxchars"),
        ({"prompt": "a", "deadline_ms": 0}, "deadline_ms"),
        ({"prompt": "a", "session": "x" * 65}, "session"),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, body: dict, param: str) -> None:
    response = client.post("/v1/complete", json=body)
    assert response.status_code == 422
    assert error_of(response)["param"] == param
    assert param in error_of(response)["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"text"', b'{"prompt": "\\ud800"}', b'{"prompt": NaN}', b"\xff\xfe",
     b'{"prompt": "a", "deadline_ms": 1e999}', b'{"prompt": "a", "n": Infinity}'],
)  # fmt: skip
def test_what_is_no_request_is_refused(client: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = client.post("/v1/complete", content=body, headers=headers)
    assert response.status_code == 422
    error_of(response)


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda t: f'{{"prompt":"{t}"}}'.encode(
    "utf-8", "surrogatepass")))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_no_body_crashes_the_server(address: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = httpx.post(f"{address}/v1/complete", content=body, headers=headers)
    assert response.status_code in (200, 413, 422)


@pytest.mark.parametrize(("path", "field"), [("/v1/complete", "prompt"), ("/generate", "context")])
def test_over_long_text_is_refused(client: httpx.Client, path: str, field: str) -> None:
    response = client.post(path, json={field: "高" * 2001})
    assert response.status_code == 413
    assert error_of(response)["param"] == field
    assert "2001" in error_of(response)["message"]
    assert client.post(path, json={field: "高" * 2000}).status_code == 200


def test_an_over_large_body_is_refused_unread(client: httpx.Client) -> None:
    def endless():
        for _ in range(1000):
            yield b"x" * 1024

    for content in (b"x" * 100_000, endless()):
        try:
            response = client.post("/v1/complete", content=content)
        except httpx.WriteError:
            continue  # the server had answered and closed before all was sent
        assert response.status_code == 413


def test_the_books_request_is_answered_as_the_book_does(client: httpx.Client) -> None:
    body = {"context": "糖尿病患者", "maxlength": 12, "samples": 4}
    answer = client.post("/generate", json=body).json()
    assert set(answer) == {"result", "time"}
    assert 1 <= len(answer["result"]) <= 4
    assert all(text.startswith("糖尿病患者") for text in answer["result"])
    assert isinstance(answer["time"], float)
    assert len(client.post("/generate", json={"context": "感", "samples": 0}).json()["result"]) == 1
    assert client.post("/generate", json={"context": " "}).json()["result"] == []


def test_models_tell_what_is_served(client: httpx.Client, trained: Run) -> None:
    (model,) = client.get("/v1/models").json()["data"]
    assert model["id"] == trained.path.name
    assert model["script"] == "cjk"
    assert model["card"]["bits_per_char"] > 0
    assert len(model["card"]["examples"]) > 0


def test_health_is_503_while_loading(trained: Run) -> None:
    app = server.create_app(bundle.load(trained.path), EngineConfig(), ServeConfig())

    async def ask() -> list[httpx.Response]:  # without its lifespan the app never loads
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return [
                await client.get("/health"),
                await client.post("/v1/complete", json={"prompt": "a"}),
                await client.get("/v1/models"),
            ]

    for response in asyncio.run(ask()):
        assert response.status_code == 503
        assert error_of(response)["type"] == "unavailable_error"
        assert response.headers["retry-after"]


def test_a_newer_keystroke_ends_older_work(trained: Run) -> None:
    """The old request is running when the new one comes; it stops at its next pass."""
    worker = Worker(bundle.load(trained.path), EngineConfig())

    asked = threading.local()
    passes: list[str] = []  # what was typed, for each

    async def type_two_keys() -> tuple[list, list]:
        await worker.load()
        network = worker.completer.model.model
        running, go_on, true_read = threading.Event(), threading.Event(), network.read
        true_complete = worker.completer.complete

        def complete(text: str, *args, **settings):
            asked.text = text
            return true_complete(text, *args, **settings)

        def slow_read(*args):
            passes.append(getattr(asked, "text", "ahead"))
            running.set()
            go_on.wait(10)
            return true_read(*args)

        network.read = slow_read  # type: ignore[method-assign]
        worker.completer.complete = complete  # type: ignore[method-assign]
        old = asyncio.create_task(
            worker.submit(CompleteRequest(prompt="高血", max_chars=200, session="s", seq=1))
        )
        await asyncio.to_thread(running.wait, 10)
        new = asyncio.create_task(
            worker.submit(CompleteRequest(prompt="高血压", session="s", seq=2))
        )
        await asyncio.sleep(0)
        go_on.set()
        return await old, await new

    stale, fresh = asyncio.run(type_two_keys())
    worker.close()
    assert passes.count("高血") == 1
    assert all(c.text.startswith("高血") for c in stale)
    assert all(c.text.startswith("高血压") for c in fresh)
    assert fresh


@pytest.mark.parametrize("seq", [1, None])
def test_a_key_that_comes_again_does_not_wait_for_what_is_thought_ahead(
    trained: Run, seq: int | None
) -> None:
    """Thinking holds the session that the second request waits for, and lets it go."""

    async def ask() -> tuple[list, list]:
        worker = Worker(bundle.load(trained.path), EngineConfig())
        await worker.load()
        network = worker.completer.model.model
        thinking, go_on, true_read = threading.Event(), threading.Event(), network.read

        def read(*args):
            if threading.current_thread().name.startswith("ahead"):
                thinking.set()
                go_on.wait(10)
            return true_read(*args)

        network.read = read  # type: ignore[method-assign]
        first = await worker.submit(CompleteRequest(prompt="孩子发烧", session="s", seq=1))
        assert await asyncio.to_thread(thinking.wait, 10)
        again = asyncio.create_task(
            worker.submit(CompleteRequest(prompt="孩子发烧", session="s", seq=seq))
        )
        assert await asyncio.to_thread(wait_for, lambda: worker._n_served == 1)
        go_on.set()
        try:
            return first, await asyncio.wait_for(again, 15)
        finally:
            worker._closing = True
            worker.close()

    first, again = asyncio.run(ask())
    assert first
    assert again == first


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.001)
    return condition()


@pytest.mark.parametrize("path", ["/", "/docs", "/static/prompt-gen.js", "/openapi.json"])
def test_pages_are_served_and_shut_in(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-security-policy"] == "default-src 'self'"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_another_host_name_is_refused(client: httpx.Client) -> None:
    response = client.get("/health", headers={"host": "evil.example"})
    assert response.status_code == 400


def test_unknown_routes_have_the_same_shape_of_error(client: httpx.Client) -> None:
    assert error_of(client.get("/nothing"))["code"] == 404
    assert error_of(client.get("/v1/complete"))["code"] == 405


def test_a_port_in_use_is_an_error() -> None:
    with server.listen(ServeConfig(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"127.0.0.1:{port}.*--port"):
            server.listen(ServeConfig(port=port))


def test_only_loopback_is_served() -> None:
    with pytest.raises(SettingError, match="not a loopback address"):
        validated(ServeConfig, {"host": "0.0.0.0"})


def test_a_surrogate_on_an_earlier_line_is_refused(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    body = b'{"prompt": "\\ud800\\n"}'
    assert client.post("/v1/complete", content=body, headers=headers).status_code == 422


def test_the_servers_own_settings_hold_where_a_request_says_nothing(trained: Run) -> None:
    async def ask() -> list:
        worker = Worker(bundle.load(trained.path), EngineConfig(n=2, max_chars=3))
        await worker.load()
        found = await worker.submit(CompleteRequest(prompt="高血压"))
        worker.close()
        return found

    found = asyncio.run(ask())
    assert len(found) == 2
    assert all(len(c.completion) <= 3 for c in found)


def test_a_model_that_cannot_be_loaded_is_not_loading_for_ever(
    trained: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Damaged("the graph is broken", "Train it again")

    async def ask() -> None:
        worker = Worker(bundle.load(trained.path), EngineConfig())
        monkeypatch.setattr("prompt_gen.server.worker.Completer.of", fail)
        await worker.load()
        with pytest.raises(Damaged, match="broken"):
            await worker.submit(CompleteRequest(prompt="高血压"))
        worker.close()

    asyncio.run(ask())


def test_waiting_in_the_queue_counts_against_the_deadline(trained: Run) -> None:
    left: list[float] = []

    def complete(*_: object, deadline_ms: float, **__: object) -> list:
        left.append(deadline_ms)
        time.sleep(0.05)
        return []

    async def ask() -> None:
        worker = Worker(bundle.load(trained.path), EngineConfig())
        await worker.load()
        worker.completer.complete = complete  # type: ignore[method-assign]
        request = CompleteRequest(prompt="高血压", deadline_ms=100)
        await asyncio.gather(*(worker.submit(request) for _ in range(40)))
        worker.close()

    asyncio.run(ask())
    assert len(left) == 40
    # Sixteen are at work at a time; the last eight have waited for two rounds of 50 ms.
    assert sum(deadline_ms <= 50 for deadline_ms in left) >= 8
    assert min(left) >= 1


def test_small_answers_are_sent_at_once() -> None:
    """asyncio sets TCP_NODELAY on what a listener accepts only if the listener names TCP."""
    with listen(ServeConfig(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP
