"""What every answer carries, whatever its route and status."""

import json
from itertools import product

import pytest
from fastapi import FastAPI

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.run import Run
from tests.server.asking import ask, routes_of

# Of answers that a browser could take for a page; all others are data.
PAGES = {"/": "text/html", "/docs": "text/html", "/static/prompt-gen.js": "text/javascript"}
SENT = [
    {},
    {"headers": {"host": "evil.example"}},
    {"headers": {"origin": "https://evil.example"}},
    {"content": b"x" * 100_000},
    {"content": b"a=b", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    {"content": b"{", "headers": {"content-type": "application/json"}},
    {"json": {"prompt": "<script>alert(1)</script>", "context": "<script>alert(1)</script>"}},
]


@pytest.fixture(scope="module")
def app(trained: Run) -> FastAPI:
    made = server.create_app(bundle.load(trained.path), EngineConfig(), ServeConfig())

    @made.get("/broken", include_in_schema=False)
    def broken() -> None:
        raise RuntimeError("unforeseen")

    return made


def test_every_answer_is_shut_in(app: FastAPI) -> None:
    seen = set()
    for (method, path), sent in product([*routes_of(app), ("GET", "/nothing")], SENT):
        answer = ask(app, method, path, **sent)
        seen.add(answer.status_code)
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy)
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "camera=()" in answer.headers["permissions-policy"]
        kept = "no-cache" if path in PAGES and answer.is_success else "no-store"
        assert answer.headers["cache-control"] == kept, (method, path, answer.status_code)
    assert {200, 403, 404, 413, 415, 422, 500, 503} <= seen


def test_nothing_but_pages_is_ever_html(app: FastAPI) -> None:
    """Text of a model, or of a visitor, never comes as something that a browser would run."""
    for (method, path), sent in product([*routes_of(app), ("GET", "/nothing")], SENT):
        answer = ask(app, method, path, **sent)
        if path in PAGES and answer.is_success:
            assert answer.headers["content-type"].startswith(PAGES[path])
        elif answer.content:
            kind = answer.headers["content-type"].partition(";")[0]
            assert kind in ("application/json", "text/event-stream", "text/plain"), (method, path)
            if kind == "application/json":
                json.loads(answer.text)


def test_pages_load_nothing_that_the_policy_forbids(app: FastAPI) -> None:
    for path in ("/", "/docs"):
        text = ask(app, "GET", path).text
        for inline in ("<style", "style=", "javascript:", " onclick=", " onload=", "//cdn"):
            assert inline not in text, (path, inline)
        assert text.count("<script") == text.count('<script type="module" src="/static/')


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "text/json", "application/x-www-form-urlencoded",
             "multipart/form-data; boundary=x", "application/jsonp", "application/octet-stream"],
)  # fmt: skip
def test_a_body_has_to_be_said_to_be_json(app: FastAPI, kind: str) -> None:
    headers = {"content-type": kind} if kind else {}
    content = json.dumps({"prompt": "高血压"})
    answer = ask(app, "POST", "/v1/complete", content=content, headers=headers)
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_a_body_that_is_said_to_be_json_is_read(app: FastAPI, kind: str) -> None:
    content = json.dumps({"nothing": 1})
    headers = {"content-type": kind}
    assert ask(app, "POST", "/v1/complete", content=content, headers=headers).status_code == 422


def test_what_is_refused_for_all_routes_is_documented(app: FastAPI) -> None:
    for path, methods in app.openapi()["paths"].items():
        for method, described in methods.items():
            assert {"401", "403", "413", "415"} <= set(described["responses"]), (method, path)
