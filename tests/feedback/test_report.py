"""The numbers of what users did, and the page that shows them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from prompt_gen.config import FeedbackConfig
from prompt_gen.feedback import Event, Kind, Model
from prompt_gen.feedback.report import SECTIONS, render
from prompt_gen.feedback.store import Store
from prompt_gen.feedback.summary import _wilson, summarised
from tests.feedback.stores import NOW_MS, event
from tests.page.outline import NOT_SHOWN, Outline

DAY_MS = 86_400_000
OTHER = Model("clinic", "fedcba9876543210")


def shown(name: str, **fields: Any) -> Event:
    return event(Kind.SHOWN, completion=name, n_choices=5, **fields)


def taken(name: str, chars: int, rank: int = 0, **fields: Any) -> Event:
    fields = {"text": None, "accepted_chars": chars, "choice": rank} | fields
    return event(completion=name, **fields)


def looked(name: str, chars: int, rank: int = 0, **fields: Any) -> Event:
    return event(Kind.KEPT, completion=name, retained_chars=chars, choice=rank, **fields)


EVENTS = [
    shown("c1", at_ms=NOW_MS - DAY_MS), shown("c2"), shown("c3"), shown("c4", model=OTHER),
    shown("c2"),  # painted again
    taken("c1", 6, at_ms=NOW_MS - DAY_MS, user="anna", elapsed_ms=900),
    taken("c2", 4, rank=2, user="bo", elapsed_ms=100),
    taken("c4", 1, rank=3, elapsed_ms=300, model=OTHER),
    taken("unseen", 10, user="anna"),
    event(Kind.DISMISSED, completion="c3"),
    looked("c1", 6), looked("c1", 3), looked("c2", 99, rank=2),
]  # fmt: skip


@pytest.fixture
def summary(configured: Callable[..., FeedbackConfig], tmp_path: Path) -> dict[str, Any]:
    with Store(configured(), tmp_path, clock=lambda: NOW_MS / 1000) as store:
        store.record(EVENTS)
        return summarised(store)


def test_the_numbers_are_those_of_the_events(summary: dict[str, Any]) -> None:
    assert summary["events"] == {"shown": 5, "accepted": 4, "dismissed": 1, "kept": 3}
    assert (summary["shown"], summary["accepted"], summary["users"]) == (4, 4, 2)
    assert summary["acceptance"] == 3 / 4
    assert summary["accepted_chars"] == 21
    assert summary["saved_keys"] == (6 - 1) + (4 - 3) + 0 + (10 - 1)
    assert summary["retained"] == (3 + 4) / (6 + 4)
    assert summary["median_ms"] == 300


def test_days_ranks_and_models_add_up(summary: dict[str, Any]) -> None:
    first, last = summary["days"]
    assert (first["day"], last["day"]) == ("2026-09-20", "2026-09-21")
    assert (first["shown"], first["acceptance"], first["saved_keys"]) == (1, 1.0, 5)
    assert (last["shown"], last["acceptance"], last["saved_keys"]) == (3, 2 / 3, 10)
    assert [(row["rank"], row["shown"], row["accepted"]) for row in summary["ranks"]] == [
        (1, 4, 2), (2, 4, 0), (3, 4, 1), (4, 4, 1), (5, 4, 0),
    ]  # fmt: skip
    assert [(row["digest"], row["shown"], row["acceptance"]) for row in summary["models"]] == [
        ("0123456789abcdef", 3, 2 / 3), ("fedcba9876543210", 1, 1.0),
    ]  # fmt: skip


@given(whole=st.integers(1, 10**6), data=st.data())
def test_an_interval_holds_the_share_and_stays_within_0_and_1(
    whole: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(0, whole))
    found = _wilson(part, whole)
    assert found is not None
    low, high = found
    assert 0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1


def test_an_interval_is_that_of_wilson() -> None:
    found = _wilson(15, 50)  # Newcombe 1998, table I: 81 of 263 and others; by hand for this one
    assert found is not None
    assert [round(end, 4) for end in found] == [0.191, 0.4375]


@pytest.mark.parametrize("section", [section.anchor for section in SECTIONS])
def test_every_section_is_written(summary: dict[str, Any], section: str) -> None:
    page = Outline(render(summary, "'feedback.sqlite'"))
    assert ("section", section) in [(tag, attrs.get("id")) for tag, attrs in page.tags]
    assert "75.0 %" in page.text


def test_an_empty_store_has_a_page_too(tmp_path: Path) -> None:
    with Store(FeedbackConfig(), tmp_path) as store:
        page = Outline(render(summarised(store), store.place))
    assert "Nothing is stored of that yet." in page.text


@given(st.text(max_size=30))
def test_foreign_text_is_only_text(name: str) -> None:
    model = {"name": name, "digest": name, "shown": 1, "acceptance": 1.0}
    page = render(EMPTY | {"models": [model | {"acceptance_interval": (0.2, 1.0)}]}, name)
    plain = Outline(
        render(
            EMPTY
            | {"models": [model | {"name": "x", "digest": "x", "acceptance_interval": (0.2, 1.0)}]},
            "x",
        )
    )
    kinds = [tag for tag, attrs in Outline(page).tags if attrs.get("class") != "code"]
    assert kinds == [tag for tag, _ in plain.tags]
    assert not NOT_SHOWN.search(page)


EMPTY: dict[str, Any] = {
    "events": {"shown": 0}, "users": 0, "sessions": 0, "first": "", "last": "", "shown": 0,
    "acceptance": None, "acceptance_interval": None, "accepted": 0, "accepted_chars": 0,
    "saved_keys": 0, "retained": None, "median_ms": None, "days": [], "ranks": [], "models": [],
}  # fmt: skip


def test_many_days_become_months(summary: dict[str, Any]) -> None:
    row = summary["days"][0]
    days = [
        row | {"day": f"2026-{month:02}-{day:02}"} for month in range(1, 6) for day in range(1, 29)
    ]
    text = Outline(render(summary | {"days": days}, "x")).text
    assert "Keystrokes saved by month" in text
    assert "2026-05" in text


@pytest.mark.browser
def test_nothing_stands_out_of_a_phone(browser: Browser, tmp_path: Path) -> None:
    with Store(FeedbackConfig(), tmp_path, clock=lambda: NOW_MS / 1000) as store:
        store.record(EVENTS)
        (tmp_path / "page.html").write_text(render(summarised(store), store.place), "utf-8")
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    opened.goto((tmp_path / "page.html").as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.close()
