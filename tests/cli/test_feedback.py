"""`prompt-gen feedback`, as a user runs it."""

import json
from pathlib import Path

import pytest

from prompt_gen.config import FeedbackConfig
from prompt_gen.feedback import Kind
from prompt_gen.feedback.store import Store
from tests.cli.running import here, refused
from tests.feedback.stores import event


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = tmp_path / "run"
    with Store(FeedbackConfig(retention_days=0), run) as store:
        for user in ("anna", "bo"):
            store.record([event(user=user, session=f"of-{user}"), event(Kind.SHOWN, user=user)])
        store.record([event(user="anna", prompt="自己的", text="话", session="other")])
    return run


SETTING = ("--set", "feedback.retention_days=0")


def test_report_prints_numbers_and_writes_a_page(run: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = here("feedback", "report", run, "--out", page, *SETTING)
    assert done.returncode == 0, done.stderr
    assert "candidates accepted                  3" in done.stdout
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    found = json.loads(here("feedback", "report", run, "--json", *SETTING).stdout)
    assert (found["accepted"], found["users"]) == (3, 2)


def test_info_says_where_and_how_many(run: Path) -> None:
    done = here("feedback", "info", run, *SETTING)
    assert done.returncode == 0, done.stderr
    assert str(run / "feedback.sqlite") in done.stdout
    assert "2 shown, 3 accepted" in done.stdout


def test_export_takes_lines_of_enough_users_alone(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "lines.txt"
    done = here("feedback", "export", run, "--out", out, *SETTING)
    assert done.returncode == 0, done.stderr
    assert "left out: 2 that fewer than 5 users accepted" in done.stderr
    assert out.read_text("utf-8") == ""
    assert here("feedback", "export", run, "--out", out, "--min-users", 2, *SETTING).returncode == 0
    assert out.read_text("utf-8") == "高血压患者要注意饮食\n" * 2


def test_forget_takes_a_user_a_text_field_or_what_is_old(run: Path) -> None:
    done = here("feedback", "forget", run, "--user", "anna", *SETTING)
    assert done.returncode == 0, done.stderr
    assert "3 events" in done.stderr
    assert here("feedback", "forget", run, "--session", "of-bo", *SETTING).returncode == 0
    found = json.loads(here("feedback", "info", run, "--json", *SETTING).stdout)
    assert found["events"] == {"shown": 1, "accepted": 0, "dismissed": 0, "kept": 0}
    assert here("feedback", "forget", run, "--before", "2100-01-01", *SETTING).returncode == 0
    found = json.loads(here("feedback", "info", run, "--json", *SETTING).stdout)
    assert (found["users"], found["sessions"], found["first"]) == (0, 0, "")


def test_what_cannot_be_done_is_said(run: Path, tmp_path: Path) -> None:
    refused(2, "feedback", "forget", run, says=("--user",))
    refused(2, "feedback", "report", tmp_path, says=("no events are stored", "feedback.path"))
    refused(2, "feedback", "export", run, "--out", tmp_path / "a.csv", says=(".jsonl",))
    refused(2, "feedback", "export", run, "--out", tmp_path / "no" / "a.txt", says=("no such",))
    wrong = ("--set", "feedback.url=mysql://a")
    refused(2, "feedback", "report", run, *wrong, says=("postgresql://",))
