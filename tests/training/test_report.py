"""The page on a training: what is in it, and that it is only a page."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st
from playwright.sync_api import Browser

from prompt_gen.errors import UsageError
from prompt_gen.page.lines import round_scale
from prompt_gen.training import metrics, report
from prompt_gen.training.report.sections import SECTIONS
from tests.page.outline import NOT_SHOWN, Outline

START = {"step": 0, "state": "start", "parameters": 1_237_760, "recipe": {"dropout": 0.1}}
PROGRESS = [
    {"step": i, "state": "progress", "share": i / 300, "seconds": i / 2, "tokens": 1024 * i,
     "epochs": i / 70, "bits_per_char": 6 - i / 100, "rate": 1 - i / 300, "batch_tokens": 1024,
     "tokens_per_s": 2000.0 + i}
    for i in range(1, 301)
]  # fmt: skip
LOOKS = [
    {"step": i, "state": "note", "validation_bits_per_char": 6 - i / 150,
     "training_bits_per_char": 5 - i / 200,
     "references": {"unigram": 9.2, "bigram": 6.0, "kneser_ney": 5.2},
     "samples": [f"高血压{i}", "<b>I"]}
    for i in (100, 200, 300)
]  # fmt: skip
WARNING = {"step": 200, "state": "note", "warning": "the text is repeated: give more"}
DONE = {"step": 300, "state": "done", "validation_bits_per_char": 3.5}
ROWS = [*sorted([START, *PROGRESS, *LOOKS, WARNING], key=lambda row: row["step"]), DONE]
FORECAST = {"fingerprint": "5eed", "steps": 280, "bits_per_char": [3.9, 4.4], "memory_mb": 410}


def page_of(rows: list[dict[str, Any]], forecast: dict | None = None, broken: int = 0) -> str:
    return report.render({"rows": rows, "broken": broken, "forecast": forecast or {}}, "clinic")


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(ROWS, FORECAST, broken=1)


def section(page: str, anchor: str) -> str:
    """The words of a section, a blank between any two pieces of text."""
    markup = page.split(f'<section id="{anchor}"')[1].split(">", 1)[1].split("</section>")[0]
    return " ".join(" ".join(Outline(markup).words).split())


SAID = {
    "loss": ["Across: steps.", "Across: seconds", "4.00 validation", "3.00 batches",
             "3.50 training lines", "9.20 unigram", "6.00 bigram", "5.20 Kneser-Ney"],
    "warnings": ["200 : the text is repeated: give more", "1 line of metrics.jsonl"],
    "course": ["mean 0.50, last 0.00", "mean 1,024, last 1,024", "mean 2,150, last 2,300"],
    "samples": ["100 高血压100 <b>I", "300 高血压300 <b>I"],
    "forecast": ["steps 步数 280 300", "每字比特 3.9 – 4.4 4", "memory, MB 内存（MB） 410 –"],
    "recipe": ["parameters 1,237,760", "train.dropout 0.1"],
}  # fmt: skip


@pytest.mark.parametrize("anchor", SAID)
def test_every_section_says_what_was_told(page: str, anchor: str) -> None:
    assert [row.anchor for row in SECTIONS].count(anchor) == 1
    assert set(SAID) == {row.anchor for row in SECTIONS}
    text = section(page, anchor)
    assert [said for said in SAID[anchor] if said not in text] == []


def test_the_headline_is_the_best_look_and_the_state(page: str) -> None:
    assert "4.000 bits per character on validation, at step 300." in Outline(page).text
    assert "Finished after 300 steps." in page
    assert "Not finished: it goes on, or was stopped, at step 150 (50 %)." in page_of(
        [row for row in ROWS if row["step"] <= 150]
    )


@pytest.mark.parametrize("rows", [[START], [START, PROGRESS[0]], [START, LOOKS[0]], [DONE]])
def test_a_run_that_has_only_begun_has_a_page_too(rows: list[dict]) -> None:
    assert [dict(v).get("id") for tag, v in Outline(page_of(rows)).tags if tag == "section"] == [
        row.anchor for row in SECTIONS
    ]


def test_nothing_is_loaded_and_nothing_runs(page: str) -> None:
    outline = Outline(page)
    assert not re.search(r"https?:|//\w|url\(|@import", page)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in outline.tags}
    for _, values in outline.tags:
        assert (values.get("href") or "#").startswith("#")
        assert not any(name == "src" or name.startswith("on") for name in values)
    pictures = [v for tag, v in outline.tags if tag == "svg" and v.get("class") == "picture"]
    assert len(pictures) == 5
    assert all(v.get("role") == "img" and v.get("aria-label") for v in pictures)


@how(deadline=None, max_examples=25)
@given(
    st.sampled_from(["<script>alert(1)</script>", '"><img src=x>', "a\x00b\u202ec", "{title}"])
    | st.text(st.characters(), min_size=1, max_size=20)
)
def test_foreign_text_is_only_text(hostile: str) -> None:
    rows = [START | {"device": hostile}, LOOKS[0] | {"samples": [hostile], "warning": hostile}]
    page = page_of(rows, {"steps": hostile, "bits_per_char": {hostile: hostile}})
    assert not NOT_SHOWN.search(page)
    usual = {(tag, *v) for tag, v in Outline(page_of(ROWS, FORECAST, 1)).tags}
    assert {(tag, *v) for tag, v in Outline(page).tags} <= usual | {("span", "class")}


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_scale_is_round_and_holds_its_values(low: float, more: float) -> None:
    scale = round_scale(low, low + more, str)
    slack = 1e-6 * (abs(low) + more)
    assert scale.low - slack <= low
    assert low + more <= scale.high + slack
    assert 1 <= len(scale.ticks) <= 7
    assert scale.ticks[-1][0] == pytest.approx(scale.high)


def test_the_page_is_made_from_the_file_also_while_it_is_written(tmp_path: Path) -> None:
    training = tmp_path / "clinic" / "training"
    with pytest.raises(UsageError, match="no training to report on"):
        report.write(training)
    for row in ROWS[:50]:
        metrics.append(training / metrics.FILE, row)
    with (training / metrics.FILE).open("ab") as file:
        file.write(b'{"step": 51, "sta')
    (training / "forecast.json").write_text(json.dumps(FORECAST), "utf-8")
    path = report.write(training)
    assert path == training / "report.html"
    assert "Not finished" in path.read_text("utf-8")
    assert report.write(training, tmp_path / "other.html").is_file()


@pytest.mark.browser
def test_nothing_stands_out_of_a_phone(browser: Browser, page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, "utf-8")
    for width in (360, 1280):
        opened = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        opened.on("request", lambda request, asked=asked: asked.append(request.url))
        opened.goto(path.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert asked == [path.as_uri()]
        opened.close()
