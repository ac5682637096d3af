"""The HTTP API: what is promised for good requests, and one clear error for bad ones."""

import asyncio
import socket

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.errors import PortInUse
from prompt_gen.run import Run
from prompt_gen.server import listen


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


@pytest.mark.parametrize("path", ["/", "/docs", "/static/prompt-gen.js", "/openapi.json"])
def test_pages_are_served_and_shut_in(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert "default-src 'none'; script-src 'self';" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"


def test_unknown_routes_have_the_same_shape_of_error(client: httpx.Client) -> None:
    assert error_of(client.get("/nothing"))["code"] == 404
    assert error_of(client.get("/v1/complete"))["code"] == 405


def test_a_port_in_use_is_an_error() -> None:
    with server.listen(ServeConfig(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"127.0.0.1:{port}.*--port"):
            server.listen(ServeConfig(port=port))


def test_a_surrogate_on_an_earlier_line_is_refused(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    body = b'{"prompt": "\\ud800\\n"}'
    assert client.post("/v1/complete", content=body, headers=headers).status_code == 422


def test_small_answers_are_sent_at_once() -> None:
    """asyncio sets TCP_NODELAY on what a listener accepts only if the listener names TCP."""
    with listen(ServeConfig(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/complete", {"prompt": "a", "max_char": 5}, "max_char"),
        ("/v1/completions", {"model": "m", "prompt": "a", "max_chars": 5}, "max_chars"),
        ("/v1/events", [{"id": "x", "kind": "shown"}], "events.0.kind"),
    ],
)
def test_who_sends_an_unknown_field_is_told_which_there_are(
    client: httpx.Client, path: str, body: object, param: str
) -> None:
    error = client.post(path, json=body).json()["error"]
    assert error["param"] == param
    known = client.get("/openapi.json").json()["components"]["schemas"]
    name = {"/v1/complete": "CompleteRequest", "/v1/completions": "CompletionRequest"}.get(path)
    fields = known[name or "EventIn"]["properties"]
    assert error["message"].endswith("Known: " + ", ".join(sorted(fields)))
