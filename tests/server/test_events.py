"""`/v1/events`: what is acknowledged is on the disk, and completion does not need the store."""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, FeedbackConfig, ServeConfig
from prompt_gen.errors import StorageError, StoreUnavailable
from prompt_gen.feedback.store import Store
from prompt_gen.run import Run
from prompt_gen.server.served import version


@contextmanager
def served(trained: Run, directory: Path, **settings: Any) -> Iterator[TestClient]:
    app = server.create_app(
        bundle.load(trained.path),
        EngineConfig(),
        ServeConfig(),
        FeedbackConfig.model_validate(settings),
        directory,
    )
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def client(trained: Run, tmp_path: Path) -> Iterator[TestClient]:
    with served(trained, tmp_path) as client:
        yield client


def sent(kind: str = "accepted", **fields: Any) -> dict[str, Any]:
    usual = {"id": str(uuid.uuid4()), "type": kind, "completion_id": "cmpl-1", "session": "note"}
    if kind == "accepted":
        usual |= {"choice_index": 1, "prompt": "第一行\n高血压", "text": "要注意饮食"}
    if kind == "kept":
        usual |= {"choice_index": 1, "retained_chars": 4}
    return usual | fields


def rows(directory: Path, columns: str) -> list[tuple]:
    with closing(sqlite3.connect(directory / "feedback.sqlite")) as store:
        return store.execute(f"SELECT {columns} FROM events ORDER BY id").fetchall()


def test_an_event_is_on_the_disk_when_it_is_acknowledged(
    client: TestClient, tmp_path: Path
) -> None:
    event = sent(user="anna", elapsed_ms=812.4)
    answer = client.post("/v1/events", json=event)
    assert answer.status_code == 200
    assert answer.json() == {"stored": 1, "known": 0, "off_record": 0}
    columns = "kind, choice, accepted_chars, elapsed_ms, prompt, text"
    assert rows(tmp_path, columns) == [(1, 1, 5, 812, "高血压", "要注意饮食")]


def test_a_list_counts_what_is_new_what_is_known_and_what_is_off_the_record(
    client: TestClient, tmp_path: Path
) -> None:
    first, second = sent(), sent("shown", n_choices=5)
    client.post("/v1/events", json=first)
    answer = client.post("/v1/events", json=[first, second, second, sent(off_record=True)])
    assert answer.json() == {"stored": 1, "known": 2, "off_record": 1}
    assert rows(tmp_path, "kind, n_choices") == [(1, None), (0, 5)]


def test_a_session_goes_off_the_record_and_stays_so(client: TestClient, tmp_path: Path) -> None:
    client.post("/v1/events", json=[sent(), sent(session="other")])
    answer = client.post("/v1/events", json=sent("dismissed", off_record="session"))
    assert answer.json() == {"stored": 0, "known": 0, "off_record": 1}
    answer = client.post("/v1/events", json=[sent(), sent(session="other")])
    assert answer.json() == {"stored": 1, "known": 0, "off_record": 1}
    assert len(rows(tmp_path, "id")) == 2


def test_a_server_that_is_off_the_record_stores_nothing(trained: Run, tmp_path: Path) -> None:
    with served(trained, tmp_path, enabled=False) as client:
        answer = client.post("/v1/events", json=sent())
    assert answer.json() == {"stored": 0, "known": 0, "off_record": 1}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"id": "1"}, "event.id"),
        ({"type": "clicked"}, "event.type"),
        ({"completion_id": "a b"}, "event.completion_id"),
        ({"session": ""}, "event.session"),
        ({"session": None}, "event.session"),
        ({"user": "a\nb"}, "event.user"),
        ({"choice_index": -1}, "event.choice_index"),
        ({"choice_index": None}, "choice_index"),
        ({"text": None}, "accepted_chars"),
        ({"type": "kept"}, "retained_chars"),
        ({"text": "a\0b"}, "text"),
        ({"accepted_chars": 1.5}, "event.accepted_chars"),
        ({"off_record": "yes"}, "event.off_record"),
        ({"colour": "red"}, "event.colour"),
    ],
)
def test_a_wrong_field_is_named(
    client: TestClient, tmp_path: Path, wrong: dict[str, Any], param: str
) -> None:
    answer = client.post("/v1/events", json=sent() | wrong)
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param
    assert not (tmp_path / "feedback.sqlite").exists()


def test_of_a_list_with_a_wrong_event_nothing_is_stored(client: TestClient, tmp_path: Path) -> None:
    answer = client.post("/v1/events", json=[sent(), sent(type="clicked")])
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == "events.1.type"
    assert not (tmp_path / "feedback.sqlite").exists()


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"null", b'{"id": "\\ud800"}', b"[[]]"])
def test_what_is_no_event_is_refused(client: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert client.post("/v1/events", content=body, headers=headers).status_code == 422


def test_more_events_than_one_request_may_hold_are_refused(client: TestClient) -> None:
    assert client.post("/v1/events", json=[sent() for _ in range(100)]).status_code == 200
    few = [sent(prompt="", text="a") for _ in range(101)]
    assert client.post("/v1/events", json=few).status_code == 422


@pytest.mark.parametrize(
    ("error", "status"), [(StoreUnavailable("gone"), 503), (StorageError("full"), 507)]
)
def test_without_the_store_events_are_refused_and_completion_goes_on(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any, status: int
) -> None:
    def fails(self: Store, events: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Store, "record", fails)
        answer = client.post("/v1/events", json=sent())
        assert answer.status_code == status
        assert answer.headers["retry-after"] == "1"
        while client.get("/health").status_code == 503:
            pass
        assert client.post("/v1/complete", json={"prompt": "高血压"}).status_code == 200
    threading.Event().wait(1.1)  # as it was asked to
    assert client.post("/v1/events", json=sent()).status_code == 200
    assert len(rows(tmp_path, "id")) == 1


def test_a_directory_that_cannot_hold_a_store_is_named(trained: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with served(trained, tmp_path / "file") as client:
        answer = client.post("/v1/events", json=sent())
        assert answer.status_code == 507
        assert answer.json()["error"]["type"] == "unavailable_error"


def test_many_senders_at_once_are_all_stored(client: TestClient, tmp_path: Path) -> None:
    events = [sent(session=f"s{i % 7}") for i in range(200)]
    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda e: client.post("/v1/events", json=e).json(), events))
    assert answers == [{"stored": 1, "known": 0, "off_record": 0}] * 200
    assert len(rows(tmp_path, "uuid")) == 200


def test_what_waits_when_the_server_stops_is_stored(trained: Run, tmp_path: Path) -> None:
    with served(trained, tmp_path) as client:
        client.post("/v1/events", json=sent())
    assert not (tmp_path / "feedback.sqlite-wal").exists()
    assert len(rows(tmp_path, "id")) == 1


def test_the_model_of_an_event_is_the_one_that_is_served(
    client: TestClient, trained: Run, tmp_path: Path
) -> None:
    client.post("/v1/events", json=sent())
    with closing(sqlite3.connect(tmp_path / "feedback.sqlite")) as store:
        ((name, digest),) = store.execute("SELECT name, digest FROM models").fetchall()
    loaded = bundle.load(trained.path)
    assert (name, digest) == (loaded.name, version(loaded))
