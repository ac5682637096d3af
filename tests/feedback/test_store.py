"""What is stored, once for each id; what is forgotten, wholly; on SQLite and on PostgreSQL."""

import os
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from prompt_gen.config import FeedbackConfig
from prompt_gen.errors import Damaged, Mismatch, SettingError, StorageError, StoreUnavailable
from prompt_gen.feedback import Event, Kind, Model
from prompt_gen.feedback.database import Database
from prompt_gen.feedback.store import Filter, Store
from prompt_gen.feedback.tables import Base, EventRow
from tests.feedback.stores import NOW_MS, event

Configured = Callable[..., FeedbackConfig]
DAY_MS = 86_400_000


def opened(config: FeedbackConfig, directory: Path, now_ms: int = NOW_MS) -> Store:
    return Store(config, directory, clock=lambda: now_ms / 1000)


def counts(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def kept(store: Store) -> list[tuple[UUID, str | None, str | None]]:
    with store.reading() as connection:
        rows = connection.execute(select(EventRow.uuid, EventRow.prompt, EventRow.text))
        return [(row.uuid, row.prompt, row.text) for row in rows]


def test_an_event_is_stored_once_however_often_it_is_sent(
    configured: Configured, tmp_path: Path
) -> None:
    first, second = event(), event(Kind.SHOWN, n_choices=5)
    with opened(configured(), tmp_path) as store:
        assert store.record([first, first]).stored == {first.id}
        assert store.record([replace(first, text="其他"), second]).stored == {second.id}
    with opened(configured(), tmp_path) as store:
        assert store.record([second, first]).stored == set()
        assert sorted(kept(store)) == sorted(
            [(first.id, "高血压患者", "要注意饮食"), (second.id, None, None)]
        )


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("none", {Kind.SHOWN: None, Kind.ACCEPTED: None, Kind.KEPT: None}),
        ("accepted", {Kind.SHOWN: None, Kind.ACCEPTED: "第二行", Kind.KEPT: "第二行"}),
        ("all", dict.fromkeys((Kind.SHOWN, Kind.ACCEPTED, Kind.KEPT), "第一行\n第二行")),
    ],
)
def test_no_other_texts_are_stored_than_the_setting_allows(
    tmp_path: Path, texts: str, expected: dict[Kind, str | None]
) -> None:
    with opened(FeedbackConfig.model_validate({"texts": texts}), tmp_path) as store:
        for kind, prompt in expected.items():
            sent = event(kind, prompt="第一行\n第二行", text="候选")
            store.record([sent])
            assert (sent.id, prompt, "候选" if prompt else None) in kept(store)


def test_a_session_off_the_record_stays_so(configured: Configured, tmp_path: Path) -> None:
    before, other = event(session="a"), event(session="b")
    with opened(configured(), tmp_path) as store:
        store.record([before, other])
        store.silence(["a", "c"])
        assert [row[0] for row in kept(store)] == [other.id]
    with opened(configured(), tmp_path) as store:
        late = [event(session="a"), event(session="c"), event(session="b")]
        outcome = store.record(late)
        assert outcome.off_record == {late[0].id, late[1].id}
        assert outcome.stored == {late[2].id}
        store.silence(["a"])
        assert len(kept(store)) == 2


def test_what_is_old_goes_when_the_store_is_opened(configured: Configured, tmp_path: Path) -> None:
    old, new = event(at_ms=NOW_MS - 31 * DAY_MS), event(at_ms=NOW_MS - 29 * DAY_MS)
    with opened(configured(retention_days=0), tmp_path) as store:
        store.record([old, new])
        assert len(kept(store)) == 2
    with opened(configured(retention_days=30), tmp_path) as store:
        assert [row[0] for row in kept(store)] == [new.id]
        assert counts(store)["completions"] == 1


@settings(max_examples=30, deadline=None)
@given(
    data=st.data(),
    sent=st.lists(
        st.builds(
            event,
            kind=st.sampled_from(Kind),
            id=st.uuids(version=4),
            session=st.sampled_from(["s1", "s2"]),
            user=st.sampled_from([None, "anna", "bo"]),
            completion=st.sampled_from(["c1", "c2", "c3"]),
            model=st.sampled_from([Model("m", "1"), Model("m", "2")]),
            at_ms=st.integers(NOW_MS - 9, NOW_MS),
        ),
        max_size=12,
    ),
)
def test_all_that_was_sent_is_there_and_what_is_forgotten_leaves_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, sent: list[Event]
) -> None:
    which = data.draw(
        st.builds(
            Filter,
            user=st.sampled_from([None, "anna", "bo", "nobody"]),
            session=st.sampled_from([None, "s1"]),
            before_ms=st.none() | st.integers(NOW_MS - 9, NOW_MS),
        )
    )

    def fits(e: Event) -> bool:
        return (
            which.user in (None, e.user)
            and which.session in (None, e.session)
            and (which.before_ms is None or e.at_ms < which.before_ms)
        )

    first = {e.id: e for e in reversed(sent)}
    again = data.draw(st.lists(st.sampled_from(sent), max_size=5)) if sent else []
    with opened(FeedbackConfig(), tmp_path_factory.mktemp("store")) as store:
        stored = [e_id for e in [*sent, *again] for e_id in store.record([e]).stored]
        assert sorted(stored) == sorted(first)
        gone = {e_id for e_id, e in first.items() if fits(e)}
        assert store.forget(which) == len(gone)
        assert {row[0] for row in kept(store)} == set(first) - gone
        left = [e for e_id, e in first.items() if e_id not in gone]
        found = counts(store)
        assert found["sessions"] == len({e.session for e in left})
        assert found["users"] == len({e.user for e in left} - {None})
        assert found["completions"] == len({e.completion for e in left})


def test_no_byte_of_what_is_forgotten_stays_in_the_files(tmp_path: Path) -> None:
    secret = "张三的身份证号码不应留下"
    with opened(FeedbackConfig(), tmp_path) as store:
        store.record([event(user="王五用户", prompt=secret), event(user="李四用户")])
        store.forget(Filter(user="王五用户"))
        held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret.encode() not in held
    assert "王五用户".encode() not in held
    assert "李四用户".encode() in held


def test_the_tables_are_those_that_the_migrations_make(
    configured: Configured, tmp_path: Path
) -> None:
    database = Database(configured(), tmp_path)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_a_newer_store_is_refused(configured: Configured, tmp_path: Path) -> None:
    database = Database(configured(), tmp_path)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(Mismatch, match=r"version 9999, this program knows up to 0001"):
        Store(configured(), tmp_path)


def test_a_file_of_something_else_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "feedback.sqlite"
    path.write_bytes(b"no database, but long enough to be taken for one" * 100)
    before = path.read_bytes()
    with pytest.raises(Damaged, match=r"feedback\.sqlite"):
        Store(FeedbackConfig(), tmp_path)
    assert path.read_bytes() == before


def test_who_comes_second_waits_for_the_lock_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prompt_gen.feedback import database

    monkeypatch.setattr(database, "_PATIENCE_S", 0.05)
    with opened(FeedbackConfig(), tmp_path) as store:
        inner = Database(FeedbackConfig(), tmp_path)
        with inner.writing(), pytest.raises(StoreUnavailable, match="another process"):
            store.record([event()])
        store.record([event()])
        inner.close()


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with opened(FeedbackConfig(), tmp_path):
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match=str(tmp_path)):
        Store(FeedbackConfig(), tmp_path)


@pytest.mark.parametrize("url", ["mysql://a@b/c", "no url", "postgresql+asyncpg://a@b/c"])
def test_other_urls_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingError, match=r"feedback\.url"):
        Store(FeedbackConfig(url=url), tmp_path)


@pytest.mark.postgres
def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1") as raised:
        Store(FeedbackConfig(url="postgresql://anna:secret@127.0.0.1:1/none"), tmp_path)
    assert "secret" not in str(raised.value)


def test_what_is_committed_is_forced_to_the_disk(tmp_path: Path) -> None:
    with opened(FeedbackConfig(), tmp_path) as store, store.reading() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    with sqlite3.connect(tmp_path / "feedback.sqlite") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
