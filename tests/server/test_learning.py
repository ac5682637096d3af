"""What a user accepts counts for him from the next key on, if the server is set to learn."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, FeedbackConfig, PersonalConfig, ServeConfig
from prompt_gen.errors import NotReady
from prompt_gen.memory import PERSONAL
from prompt_gen.run import Run
from prompt_gen.server.learning import Learning
from tests.cli.running import here
from tests.server.conftest import wait_for
from tests.server.test_events import sent

LINE, TYPED = "高血压鲲鹏扶摇直上九万里", "高血压鲲鹏"


@contextmanager
def learns(trained: Run, directory: Path, **settings: Any) -> Iterator[TestClient]:
    feedback = FeedbackConfig.model_validate({"learn": True} | settings)
    app = server.create_app(
        bundle.load(trained.path), EngineConfig(), ServeConfig(), feedback, directory,
        PersonalConfig(),
    )  # fmt: skip
    with TestClient(app, base_url="http://127.0.0.1") as client:
        wait_for(lambda: client.get("/health").status_code == 200)
        yield client


def first(client: TestClient, user: str | None = None) -> str:
    body = {"prompt": TYPED, "session": f"of-{user}", "seq": 0} | ({"user": user} if user else {})
    return client.post("/v1/complete", json=body).json()["candidates"][0]["text"]


def accept(client: TestClient, **fields: Any) -> None:
    event = sent(prompt=TYPED, text=LINE[len(TYPED) :], **fields)
    assert client.post("/v1/events", json=[event, event]).status_code == 200


def test_what_a_user_accepts_counts_for_him_alone(trained: Run, tmp_path: Path) -> None:
    with learns(trained, tmp_path) as client:
        plain = first(client)
        for _ in range(3):
            accept(client, user="anna")
        assert first(client, "anna") == LINE != plain
        assert first(client, "bo") == first(client) == plain
        assert client.post("/v1/complete", json={"prompt": "a", "user": "a\nb"}).status_code == 422
    with learns(trained, tmp_path) as client:  # the next server knows it, too
        assert first(client, "anna") == LINE


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({"learn": False}, {"user": "anna"}),
        ({}, {}),
        ({}, {"user": "anna", "off_record": True}),
        ({}, {"user": "anna", "type": "shown"}),
        ({"enabled": False}, {"user": "anna"}),
    ],
)
def test_nothing_else_teaches(
    trained: Run, tmp_path: Path, settings: dict[str, Any], fields: dict[str, Any]
) -> None:
    with learns(trained, tmp_path, **settings) as client:
        plain = first(client)
        for _ in range(3):
            accept(client, **fields)
        assert first(client, "anna") == plain
    path = tmp_path / PERSONAL
    assert not path.exists() or path.read_bytes() == b""


def test_it_goes_on_with_another_model(trained: Run, tmp_path: Path) -> None:
    with learns(trained, tmp_path) as client:
        for _ in range(3):
            accept(client, user="anna")
        assert client.portal is not None
        client.portal.call(client.app.state.serving.reload)  # type: ignore[attr-defined]
        assert first(client, "anna") == LINE
        accept(client, user="bo")
    assert '"user": "bo"' in (tmp_path / PERSONAL).read_text("utf-8")


def test_a_user_is_forgotten_in_both_places(trained: Run, tmp_path: Path) -> None:
    run = Path(shutil.copytree(trained.path, tmp_path / "run"))
    feedback = FeedbackConfig(path=str(tmp_path / "store"))
    setting = ("--set", f"feedback.path={feedback.path}")
    with learns(trained, run, path=feedback.path) as client:
        accept(client, user="anna")
        done = here("feedback", "forget", run, "--user", "anna", *setting)
        assert done.returncode == 2
        assert "is in use" in done.stderr
        assert "1 accepted" in here("feedback", "info", run, *setting).stdout
    done = here("feedback", "forget", run, "--user", "anna", *setting)
    assert "1 events and 1 lines" in done.stderr
    assert (run / PERSONAL).read_bytes() == b""


def test_before_there_is_a_model_nothing_is_learned(tmp_path: Path) -> None:
    learning = Learning(PersonalConfig(), tmp_path / PERSONAL)
    with pytest.raises(NotReady):
        learning.learn("anna", LINE)
