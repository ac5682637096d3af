"""What was typed is in no log, whatever becomes of the request."""

import json
import logging
from itertools import product

import pytest
from fastapi.testclient import TestClient

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.run import Run
from tests.server.asking import routes_of

TYPED = "秘密病历号KX7731"
TEXTS = ("prompt", "context", "text", "input")  # fields that hold what was typed


@pytest.mark.parametrize("log_requests", [False, True])
def test_no_log_holds_what_was_typed(
    trained: Run, caplog: pytest.LogCaptureFixture, log_requests: bool
) -> None:
    config = ServeConfig(log_requests=log_requests)
    app = server.create_app(bundle.load(trained.path), EngineConfig(), config)

    @app.post("/broken", include_in_schema=False)
    def broken() -> None:
        raise RuntimeError("unforeseen")

    caplog.set_level(logging.DEBUG)
    bodies = [{name: TYPED} for name in TEXTS]
    bodies += [{name: TYPED, "model": TYPED, "session": TYPED, TYPED: 1} for name in TEXTS]
    bodies += [{"model": trained.path.name, "prompt": TYPED, "stream": True}, [TYPED], TYPED]
    sent = [json.dumps(body) for body in bodies] + [f"{{{TYPED}", TYPED * 10_000]
    seen = set()
    with TestClient(app, "http://127.0.0.1", raise_server_exceptions=False) as client:
        for (method, path), content in product(routes_of(app), sent):
            if method == "POST":
                headers = {"content-type": "application/json"}
                answer = client.post(path, content=content.encode(), headers=headers)
                seen.add(answer.status_code)
    assert {200, 413, 422, 500} <= seen
    logged = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    assert "unforeseen" in logged  # logs are looked at
    for form in (TYPED, json.dumps(TYPED).strip('"'), "KX7731"):
        assert form not in logged
