"""The thread of the store: many requests in one commit, each told of its own events."""

import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from prompt_gen.config import FeedbackConfig
from prompt_gen.errors import StorageError, StoreUnavailable
from prompt_gen.feedback import Event, Recorded, Recorder, recorder
from prompt_gen.feedback.event import Outcome
from prompt_gen.feedback.store import Store
from prompt_gen.feedback.summary import summarised
from tests.feedback.stores import NOW_MS, event

DAY_MS = 86_400_000
CONFIG = FeedbackConfig(retention_days=0)


class Held:
    """A store that records when it is let, and notes what it was given together."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go, self.batches = threading.Event(), list[int]()
        record = Store.record

        def slowly(store: Store, events: Sequence[Event]) -> Outcome:
            assert self.go.wait(30)
            self.batches.append(len(events))
            return record(store, events)

        monkeypatch.setattr(Store, "record", slowly)


def n_stored(directory: Path) -> int:
    with Store(CONFIG, directory) as store:
        return sum(summarised(store)["events"].values())


def test_what_comes_in_meanwhile_is_committed_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(monkeypatch)
    working = Recorder(CONFIG, tmp_path)
    sent = [event() for _ in range(20)]
    answers = [working.submit([each]) for each in sent]
    answers.append(working.submit([sent[0], event(), event()]))
    held.go.set()
    assert [answer.result(30) for answer in answers[:-1]] == [Recorded(stored=1)] * 20
    assert answers[-1].result(30).stored >= 2
    working.close()
    assert len(held.batches) <= 2
    assert n_stored(tmp_path) == 22


def test_one_request_that_cannot_be_stored_does_not_take_the_others_along(tmp_path: Path) -> None:
    working = Recorder(CONFIG, tmp_path)
    wrong = replace(event(), id="no UUID")  # type: ignore[arg-type]
    answers: list[Future[Recorded]] = [working.submit([e]) for e in (event(), wrong, event())]
    assert [answer.exception(30) is None for answer in answers] == [True, False, True]
    working.close()
    assert n_stored(tmp_path) == 2


def test_more_events_than_may_wait_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_MAX_WAITING", 3)
    held = Held(monkeypatch)
    working = Recorder(CONFIG, tmp_path)
    first = working.submit([event()])
    while not first.running():
        time.sleep(0.001)
    last = working.submit([event() for _ in range(3)])
    with pytest.raises(StoreUnavailable, match="3 events wait"):
        working.submit([event()])
    held.go.set()
    assert last.result(30).stored == 3
    assert working.submit([event()]).result(30).stored == 1
    working.close()
    with pytest.raises(StoreUnavailable, match="stopping"):
        working.submit([event()])


def test_nobody_waits_for_a_store_that_has_just_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[float]()

    def fails(*_: Any, **__: Any) -> None:
        tries.append(time.monotonic())
        raise StorageError("full")

    with monkeypatch.context() as broken:
        broken.setattr(Store, "__init__", fails)
        working = Recorder(CONFIG, tmp_path)
        for _ in range(20):
            assert isinstance(working.submit([event()]).exception(30), StorageError)
    assert all(b - a >= 1 for a, b in pairwise(tries))
    monkeypatch.setattr(recorder, "_AGAIN_S", 0.0)
    assert working.submit([event()]).result(30).stored == 1
    working.close()


def test_what_is_old_goes_though_no_event_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = event(at_ms=NOW_MS - 31 * DAY_MS)
    with Store(CONFIG, tmp_path) as store:
        store.record([old])
    keeps = FeedbackConfig(retention_days=30)
    now = [NOW_MS - 2 * DAY_MS]
    monkeypatch.setattr(recorder, "_DAY_S", 0.02)
    working = Recorder(keeps, tmp_path, clock=lambda: now[0] / 1000)
    time.sleep(0.2)
    assert n_stored(tmp_path) == 1
    now[0] = NOW_MS  # two days later
    deadline = time.monotonic() + 30
    while n_stored(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.02)
    working.close()
    assert n_stored(tmp_path) == 0


def test_a_store_is_not_made_before_there_is_an_event(tmp_path: Path) -> None:
    Recorder(CONFIG, tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_each_accepted_line_teaches_once(tmp_path: Path) -> None:
    taught = list[tuple[str, str]]()
    working = Recorder(CONFIG, tmp_path, lambda user, line: taught.append((user, line)))
    known = event(user="anna")
    for sent in (
        known,
        known,
        event(),
        event(user="bo", text=None),
        event(user="bo", id=uuid.uuid4()),
    ):
        working.submit([sent]).result(30)
    working.close()
    assert taught == [("anna", "高血压患者要注意饮食"), ("bo", "高血压患者要注意饮食")]
