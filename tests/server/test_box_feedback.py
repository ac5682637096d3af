"""What the box tells the server of what was shown, accepted, dismissed and kept."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pydantic import TypeAdapter

from prompt_gen.server.schema import EventIn
from tests.server.stage import LINES, Stage

pytestmark = pytest.mark.browser
SEEN_MS, GATHER_MS, KEPT_MS = 300, 1000, 30_000


@pytest.fixture
def stage(page: Page) -> Stage:
    """A stage whose clock stands still."""
    page.clock.install()
    made = Stage(page)
    page.clock.pause_at(page.evaluate("Date.now()") + 5000)
    return made


def show(stage: Stage, typed: str = "高血压") -> None:
    stage.page.keyboard.insert_text(typed)
    expect(stage.options.first).to_be_visible()


def told(stage: Stage, ms: int = GATHER_MS + 100) -> list[dict[str, Any]]:
    """All events, so much later; each is one that the server takes."""
    stage.page.clock.run_for(ms)
    stage.page.wait_for_timeout(50)
    TypeAdapter(list[EventIn]).validate_python(stage.events)
    return stage.events


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def test_a_list_that_was_looked_at_was_shown(stage: Stage) -> None:
    show(stage)
    (event,) = told(stage, SEEN_MS + GATHER_MS + 100)
    session = stage.asked[-1]["session"]
    expected = {"type": "shown", "completion_id": "cmpl-1", "session": session, "n_choices": 3}
    assert {name: event[name] for name in expected} == expected
    assert "text" not in event
    assert "prompt" not in event


def test_a_list_that_was_gone_at_once_was_not(stage: Stage) -> None:
    show(stage, "高")
    stage.page.clock.run_for(SEEN_MS - 50)
    show(stage, "血")
    events = told(stage, SEEN_MS + GATHER_MS + 100)
    assert [event["completion_id"] for event in events] == ["cmpl-2"]


def test_accepted_and_half_a_minute_later_kept(stage: Stage) -> None:
    show(stage)
    stage.press("ArrowDown", "ArrowDown", "Enter")
    shown, accepted = told(stage)
    assert kinds([shown, accepted]) == ["shown", "accepted"]
    inserted = LINES[1][3:]
    assert (accepted["choice_index"], accepted["text"]) == (1, inserted)
    assert (accepted["prompt"], accepted["accepted_chars"]) == ("高血压", len(inserted))
    stage.press("Backspace", "Backspace")
    kept = told(stage, KEPT_MS)[-1]
    assert (kept["type"], kept["choice_index"]) == ("kept", 1)
    assert (kept["retained_chars"], kept["text"]) == (len(inserted) - 2, inserted[:-2])
    assert len({event["id"] for event in stage.events}) == 3


@pytest.mark.parametrize("how", ["submit", "leave", "remove"])
def test_what_is_kept_is_known_when_the_text_is_sent_or_left(stage: Stage, how: str) -> None:
    show(stage)
    stage.press("ArrowDown", "Enter")
    if how == "submit":
        stage.press("Enter")
    elif how == "leave":
        stage.page.evaluate("dispatchEvent(new Event('pagehide'))")
    else:
        stage.page.evaluate("document.querySelector('prompt-gen').remove()")
    assert kinds(told(stage, 10)) == ["shown", "accepted", "kept"]
    assert stage.events[-1]["retained_chars"] == len(LINES[0]) - 3


def test_nothing_of_it_is_left(stage: Stage) -> None:
    show(stage)
    stage.press("ArrowDown", "Enter")
    stage.field.fill("")
    kept = told(stage, KEPT_MS + 100)[-1]
    assert (kept["type"], kept["retained_chars"]) == ("kept", 0)


def test_word_by_word_is_one_acceptance(stage: Stage) -> None:
    show(stage)
    stage.press("ArrowDown", *["Control+ArrowRight"] * 3)
    events = told(stage)
    assert kinds(events) == ["shown", "accepted"]
    assert events[-1]["text"] == LINES[0][3:]


def test_dismissed(stage: Stage) -> None:
    show(stage)
    stage.press("Escape")
    assert kinds(told(stage)) == ["shown", "dismissed"]


def test_what_was_taken_of_is_not_dismissed(stage: Stage) -> None:
    show(stage)
    stage.press("ArrowDown", "Control+ArrowRight", "Escape", "Escape")
    assert kinds(told(stage)) == ["shown", "accepted"]


def test_nothing_is_told_off_the_record(stage: Stage) -> None:
    show(stage)
    stage.page.evaluate("document.querySelector('prompt-gen').offRecord = true")
    stage.press("ArrowDown", "Enter", "Enter")
    stage.field.fill("")
    show(stage)
    stage.press("Escape")
    assert told(stage, KEPT_MS + GATHER_MS) == []


def test_what_cannot_be_stored_now_is_sent_again_with_its_id(stage: Stage) -> None:
    stage.events_status = 503
    bodies: list[list[dict[str, Any]]] = []
    stage.page.on(
        "request",
        lambda r: bodies.append(r.post_data_json) if r.url.endswith("/v1/events") else None,
    )
    show(stage)
    stage.press("Escape")
    told(stage)
    stage.events_status = 200
    show(stage, "要")
    stage.press("Escape")
    told(stage)
    assert len(bodies) == 2
    assert kinds(stage.events) == ["shown", "dismissed", "shown", "dismissed"]
    assert bodies[0] == stage.events[:2]


def test_a_server_without_events_is_not_bothered_again(stage: Stage) -> None:
    stage.events_status = 404
    show(stage)
    stage.press("Escape")
    told(stage)
    show(stage, "要")
    stage.press("Escape")
    told(stage)
    assert sum(url.endswith("/v1/events") for url in stage.urls) == 1
