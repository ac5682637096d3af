"""How often one client may ask."""

from pathlib import Path

import pytest

from prompt_gen import bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.errors import Overloaded
from prompt_gen.keys import KeyFile
from prompt_gen.run import Run
from prompt_gen.server import create_app
from prompt_gen.server.pace import Pace
from tests.server.asking import ask


def test_a_burst_is_taken_and_then_so_many_a_second() -> None:
    now = 0.0
    pace = Pace(per_s=2, burst=3, clock=lambda: now)
    assert [pace.take("a") for _ in range(4)] == [True, True, True, False]
    assert pace.take("b")
    now = 0.5
    assert [pace.take("a") for _ in range(2)] == [True, False]
    now = 100.0
    assert [pace.take("a") for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize("with_keys", [False, True])
def test_a_client_that_asks_too_often_is_told_so_and_no_other(
    trained: Run, tmp_path: Path, with_keys: bool
) -> None:
    config = ServeConfig(
        client_per_s=0.001,
        client_burst=2,
        keys=str(tmp_path / "keys.json"),
        require_key=with_keys,
    )
    keys = [KeyFile.of(config).add(name) for name in ("anna", "ben")]
    app = create_app(bundle.load(trained.path), EngineConfig(), config)

    def status(who: int, path: str = "/v1/models") -> int:
        headers = {"authorization": f"Bearer {keys[who if with_keys else 0]}"}
        client = ("127.0.0.1", 1) if with_keys else (f"127.0.0.{who + 1}", 1)
        answer = ask(app, "GET", path, client=client, headers=headers)
        assert answer.status_code != 429 or answer.headers["retry-after"] == "1"
        return answer.status_code

    assert [status(0) for _ in range(3)] == [503, 503, 429]  # the model is not loaded
    assert status(1) == 503
    assert status(0, "/health/live") == 200


def test_a_key_that_nobody_has_time_for_is_refused_before_it_is_read(trained: Run) -> None:
    app = create_app(bundle.load(trained.path), EngineConfig(), ServeConfig())

    def busy() -> None:
        raise Overloaded("the server is busy", "Try again in a second")

    app.state.serving.keystrokes.check = busy
    wrong = {"content": b"no JSON", "headers": {"content-type": "application/json"}}
    answer = ask(app, "POST", "/v1/complete", **wrong)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert ask(app, "POST", "/v1/completions", **wrong).status_code == 400
