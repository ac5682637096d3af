"""The page about an evaluation: its numbers are the report's, what is missing is said."""

import re
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from prompt_gen.evaluate.metrics import METRICS
from prompt_gen.evaluate.report import render, write
from prompt_gen.evaluate.report.compare import best
from prompt_gen.evaluate.report.curves import place
from prompt_gen.evaluate.report.replay import strip
from prompt_gen.evaluate.report.sections import SECTIONS
from prompt_gen.evaluate.report.values import difference, named, said
from prompt_gen.page.lines import spread
from tests.evaluate.sample import PREDICTORS, sample
from tests.page.outline import NOT_SHOWN, Outline

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=y>', "&lt;", "a\x00b\u202ec\n\ud800",
    "' onload='x", "</style><h1>", "{title}", "</summary></details>",
)  # fmt: skip


@pytest.fixture(scope="module")
def page() -> str:
    return render(sample(), "runs/clinic")


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def markup_of(page: str, anchor: str) -> str:
    return page.split(f'<section id="{anchor}"')[1].split(">", 1)[1].split("</section>")[0]


def words_of(markup: str) -> str:
    """What is read, a blank between any two pieces of text."""
    return " ".join(" ".join(Outline(markup).words).split())


def section(page: str, anchor: str) -> str:
    return words_of(markup_of(page, anchor))


def test_every_section_is_there_with_a_heading_in_both_languages(
    page: str, outline: Outline
) -> None:
    anchors = [values.get("id") for tag, values in outline.tags if tag == "section"]
    assert anchors == [row.anchor for row in SECTIONS]
    for row in SECTIONS:
        assert f'<a href="#{row.anchor}">{row.heading}</a>' in page
        assert f'<h2 id="{row.anchor}-title">{row.heading}</h2>' in page
    assert sum(tag == "h1" for tag, _ in outline.tags) == 1


def test_the_answer_comes_first(page: str) -> None:
    head = words_of(page.split("<header>")[1].split("</header>")[0])
    assert "45.2 % of keystrokes saved, 3.78 bits per character." in head
    assert "节省 45.2% 的击键" in head
    assert "95 % interval 43.8–46.6 %; 95 of 100 keys are answered within 12.1 ms" in head
    assert "6,200 keys in 200 lines of 1,643: the run's own test part." in head
    whole, against, of_a_kind = sample()["verdicts"]
    for verdict in (whole, against):  # where the model loses is said first, too
        assert verdict["english"] in head
        assert verdict["chinese"] in head
    assert of_a_kind["english"] not in head
    assert of_a_kind["english"] in page
    assert '<li class="for-other">' in page


NUMBERS = {
    "against": ["most popular completion 最常见补全 33.4 % 32.4–34.5 ▲ +11.8 10.7–12.8",
                "n-grams of tokens 词元 n 元模型 5.48 5.31–5.64 ▲ −1.70 −1.77 to −1.62",
                "46.6 % 45.2–48.0 ▼ −1.4", "No such number: most popular.",
                "没有该数值：最常见补全。"],
    "kinds": ["Seen 见过 1,200 · 19.4 %", "67.8 % 65.8–69.8 49.7 % 48.2–51.2 38.0 % 36.8–39.1",
              "most popular 最常见 – – –"],
    "typed": ["1 2 3–4 5–8 9+", "58 % model", "3,701 58.4 % 60.0 %"],
    "confidence": ["34 % model", "calibration error 校准误差 3.1 %"],
    "latency": ["50 % ≤ 4.3 ms · 95 % ≤ 12.1 ms · 99 % ≤ 18.7 ms"],
    "replay": ["69.2 %", "+4", "nothing 无候选"],
    "worst": ["同时升高意味着什么 ＣＥＡ 及 → AB型血的人 0.0 %", "Zyrtec → Zoom does not start –"],
    "lists": ["0 ✓ 100.0 % ✓"],
    "memorisation": ["整行照抄训练文本 1.2 %", "a whole training line 整行训练文本 23",
                     "a piece of a training line 训练文本的片段 31", "暗号是九四一七 10.9 16",
                     "暗号是二零八六 – 1", "None in any candidate of: model, most popular"],
    "missing": ["keystrokes of a foreign bundle's baselines : the bundle has no training text"],
    "how": ["prompt-gen evaluate runs/clinic --report report.html", "9c1185a5c5e9fc54", "1,000",
            "4e07408562bedb8b", "max_chars = 24", "2 cores, 2 GB"],
    "numbers": ["calibration error 校准误差 3.1 %", "412 MB", "★ 32.1"],
    "meanings": ["saved rational user: takes a right beginning"],
}  # fmt: skip


@pytest.mark.parametrize("anchor", NUMBERS)
def test_numbers_are_those_of_the_report(page: str, anchor: str) -> None:
    text = section(page, anchor)
    assert [told for told in NUMBERS[anchor] if told not in text] == []
    assert set(NUMBERS) == {row.anchor for row in SECTIONS}


@pytest.mark.parametrize("name", METRICS)
def test_a_number_on_the_page_is_explained_and_one_that_is_not_is_named(name: str) -> None:
    row = METRICS[name]
    explained = f"<code>{name}</code></small></th><td>{escape(row.summary)}</td>"
    report = sample(2)
    assert explained in render(report, "x")
    assert row.english not in section(render(report, "x"), "missing")
    for predictor in report["predictors"]:
        for part in (predictor["numbers"], *predictor["by_kind"].values(), *predictor["by_length"]):
            for key in [key for key in part if key.partition("@")[0] == name]:
                del part[key]
    assert explained not in render(report, "x")
    assert row.english in section(render(report, "x"), "missing")


PARTS = {  # where something is said to be missing -> what of a predictor, what of the report
    "against": (["numbers"], []),
    "kinds": (["by_kind"], []),
    "typed": (["by_length"], []),
    "confidence": (["coverage", "reliability"], []),
    "latency": (["latency"], []),
    "replay": ([], ["examples"]),
    "worst": ([], ["worst"]),
    "lists": (["numbers"], []),
    "memorisation": (["numbers", "common"], ["memorised", "canaries"]),
    "numbers": (["numbers"], []),
}


@pytest.mark.parametrize("empty", [None, [], "absent"], ids=["null", "empty", "absent"])
@pytest.mark.parametrize("anchor", PARTS)
def test_what_is_missing_is_said(page: str, anchor: str, empty: Any) -> None:
    of_predictor, of_report = PARTS[anchor]
    report = sample()
    for names, holders in ((of_predictor, report["predictors"]), (of_report, [report])):
        for holder in holders:
            for name in names:
                if empty == "absent":
                    del holder[name]
                else:
                    holder[name] = empty
    text = section(render(report, "x"), anchor)
    assert text.count("Not measured: ") == max(len(of_predictor) + len(of_report), 1)
    assert text.count("未测量：") == text.count("Not measured: ")
    assert "Not measured: " not in section(page, anchor)


def test_a_report_of_nothing_is_a_page() -> None:
    report = {
        "command": "prompt-gen evaluate x", "lines": {"source": "a file", "n": 3},
        "predictors": [{"name": "model", "title": "x"}],
    }  # fmt: skip
    text = Outline(render(report, "x")).text
    assert "Neither typing nor likelihood was measured." in text
    assert "3 lines: a file." in text
    assert all(row.english in text for row in METRICS.values())


def test_a_null_is_a_dash_and_no_nought() -> None:
    report = sample(2)
    nothing = {"value": None, "low": None, "high": None}
    for predictor in report["predictors"]:
        predictor["numbers"] = dict.fromkeys(predictor["numbers"], nothing)
        predictor["by_kind"] = {kind: {"saved@5": nothing} for kind in predictor["by_kind"]}
        for row in predictor["by_length"]:
            row |= {"saved@5": None, "success@5": nothing}
    page = render(report, "x")
    assert set(re.findall("<td.*?</td>", markup_of(page, "numbers"))) == {"<td>–</td>"}
    assert section(page, "kinds").count("–") >= 6
    assert "Neither typing nor likelihood was measured." in page


@pytest.mark.parametrize("n", range(1, len(PREDICTORS) + 1))
def test_any_number_of_predictors_is_a_page(n: int) -> None:
    page = render(sample(n), "runs/clinic")
    heads = Outline(markup_of(page, "numbers").split("</thead>")[0] + "</thead></table></div>")
    assert sum(tag == "th" for tag, _ in heads.tags) == n + 1
    assert ("▲" in markup_of(page, "against").split("<p")[0]) == (n > 1)
    assert ("★" in markup_of(page, "numbers").split("<p")[0]) == (n > 1)
    assert ("<details>" in markup_of(page, "latency")) == (n > 1)
    assert ("There is nothing to compare it with." in page) == (n == 1)
    assert ("Model minus it" in page) == (n > 1)


def test_nothing_is_loaded_and_nothing_runs(page: str, outline: Outline) -> None:
    assert not re.search(r"https?:|//\w|url\(|@import", page)
    assert "default-src 'none'" in page
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in outline.tags}
    for _, values in outline.tags:
        assert "src" not in values
        assert (values.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in values)


def test_pictures_and_tables_can_be_read_out(outline: Outline) -> None:
    pictures = [v for tag, v in outline.tags if tag == "svg" and v.get("class") == "picture"]
    assert len(pictures) == 3 + 3 * len(PREDICTORS)
    assert all(v.get("role") == "img" and v.get("aria-label") for v in pictures)
    tags = [tag for tag, _ in outline.tags]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 0
    assert all("scope" in values for tag, values in outline.tags if tag == "th")
    ids = [v["id"] for _, v in outline.tags if "id" in v]
    assert len(ids) == len(set(ids))


def with_text(value: Any, text: str) -> Any:
    """The same with every text in it replaced; of fields, the settings' names alone."""
    if isinstance(value, dict):
        return {
            text if key == "deadline_ms" else key: with_text(inner, text)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [with_text(inner, text) for inner in value]
    return text if isinstance(value, str) else value


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(HOSTILE) | st.text(st.characters(), min_size=1, max_size=20))
def test_foreign_text_is_only_text(hostile: str) -> None:
    usual = {(tag, *values) for tag, values in Outline(render(sample(3), "x")).tags}
    page = render(with_text(sample(3), hostile), hostile)
    page.encode("utf-8")
    assert not NOT_SHOWN.search(page)
    assert {(tag, *values) for tag, values in Outline(page).tags} <= usual


@st.composite
def replayed(draw: st.DrawFn) -> tuple[dict[str, Any], set[int]]:
    """A line with its steps, and the places that candidates gave."""
    text, at, keys, given_by = draw(st.text(min_size=1, max_size=30)), 0, [], set()
    while at < len(text):
        is_taken = at > 0 and draw(st.booleans())
        right = draw(st.integers(1, len(text) - at)) if is_taken else None
        keys.append({"typed": at, "offered": ["x"], "took": 0 if right else None, "right": right})
        given_by |= set(range(at, at + (right or 0)))
        at += right or 1
    return {"line": text, "saved": 0.5, "keys": keys}, given_by


@given(replayed())
def test_a_strip_is_the_line_with_what_was_given_marked(case: tuple[dict, set[int]]) -> None:
    line, given_by = case
    typed_only = {**line, "keys": []}
    drawn = re.sub("</?ins>", "", strip(line))
    assert drawn == strip(typed_only)
    pieces = re.split("</?ins>", strip(line))  # every second one was given
    for i, mine in ((0, set(range(len(line["line"]))) - given_by), (1, given_by)):
        text = "".join(line["line"][place] for place in sorted(mine))
        assert "".join(pieces[i::2]) == strip({"line": text, "keys": []})


def test_the_wrong_end_of_what_was_taken_is_struck_out() -> None:
    report = sample(1)
    report["examples"] = [
        {"line": "头疼怎么办", "saved": 0.4,
         "keys": [{"typed": 2, "offered": ["是病", "怎么治"], "took": 1, "right": 2, "keys": 3}]}
    ]  # fmt: skip
    markup = markup_of(render(report, "x"), "replay")
    assert '<li dir="auto">是病</li>' in markup
    assert '<li class="took" dir="auto"><ins>怎么</ins><del>治</del></li>' in markup


def of_two(model: float, other: float, gap: tuple[float, float] | None) -> dict[str, Any]:
    """A report on one number of two predictors, and the interval of their difference."""
    numbers = [{"saved@5": {"value": v}, "bits_per_char": {"value": v}} for v in (model, other)]
    between = {"value": model - other, "low": gap and gap[0], "high": gap and gap[1]}
    names = zip(("model", "popular"), numbers, strict=True)
    return {
        "predictors": [{"name": name, "title": name, "numbers": row} for name, row in names],
        "differences": {"popular": {"saved@5": between, "bits_per_char": between}},
    }


@pytest.mark.parametrize(
    ("report", "most", "least"),
    [
        (of_two(0.5, 0.3, (0.1, 0.3)), "model", "popular"),
        (of_two(0.3, 0.5, (-0.3, -0.1)), "popular", "model"),
        (of_two(0.5, 0.4, (-0.1, 0.3)), "", ""),
        (of_two(0.5, 0.4, None), "", ""),
    ],
    ids=["model", "other", "within chance", "no interval"],
)  # fmt: skip
def test_the_best_is_named_beyond_chance_only(report: dict, most: str, least: str) -> None:
    assert best(report, "saved@5") == most  # more is better
    assert best(report, "bits_per_char") == least  # less is better


def test_one_predictor_within_chance_keeps_the_model_from_being_best() -> None:
    report = of_two(0.5, 0.3, (0.1, 0.3))
    report["predictors"].append(
        {"name": "tokens", "title": "t", "numbers": {"saved@5": {"value": 0.49}}}
    )
    report["differences"]["tokens"] = {"saved@5": {"value": 0.01, "low": -0.1, "high": 0.1}}
    assert best(report, "saved@5") == ""


@pytest.mark.parametrize(
    ("name", "interval", "sign"),
    [("saved@5", (0.1, 0.2), "▲"), ("saved@5", (-0.2, -0.1), "▼"), ("saved@5", (-0.1, 0.1), "≈"),
     ("p95_ms", (1.0, 2.0), "▼"), ("p95_ms", (-2.0, -1.0), "▲"), ("ceiling@5", (0.1, 0.2), "≠")],
)  # fmt: skip
def test_a_difference_says_who_is_better(name: str, interval: tuple, sign: str) -> None:
    low, high = interval
    told = difference(name, {"value": (low + high) / 2, "low": low, "high": high})
    assert words_of(told).split()[0] == sign


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [("saved@5", 0.4519, "45.2 %"), ("saved@5", 0.0, "0.0 %"), ("saved@5", 0.9999, "&gt; 99.9 %"),
     ("bits_per_char", 3.777, "3.78"), ("p95_ms", 12.13, "12.1 ms"), ("p95_ms", 812.4, "812 ms"),
     ("memory_mb", 1_412.2, "1,412 MB"), ("mrr@5", 0.41, "0.410"), ("bleu", 31.21, "31.2"),
     ("passes", 6.234, "6.23"), ("duplicates", 0.0, "0"), ("saved@5", None, "–")],
)  # fmt: skip
def test_a_number_is_as_precise_as_its_kind(name: str, value: float | None, text: str) -> None:
    assert said(name, {"value": value, "low": None, "high": None}) == text


def test_of_several_k_the_preferred_one_then_the_largest_is_taken() -> None:
    assert named(["saved@3", "saved@5", "saved@10"], "saved") == "saved@5"
    assert named(["saved@3", "saved@10", "mrr@5"], "saved") == "saved@10"
    assert named(["p95_ms"], "p95_ms") == "p95_ms"
    assert named(["mrr@5"], "saved") == ""


@given(st.lists(st.floats(24, 192), max_size=6).map(sorted))
def test_names_of_lines_do_not_overlap(places: list[float]) -> None:
    moved = spread(places, 192)
    assert all(b - a >= 20 - 1e-9 for a, b in pairwise(moved))
    assert all(place <= 192 for place in moved)
    if all(b - a >= 20 for a, b in pairwise(places)):
        assert moved == places


@given(st.lists(st.floats(0.1, 1e4), min_size=1, unique=True).map(sorted), st.data())
def test_a_time_stands_in_the_column_that_counts_it(bounds: list[float], data: Any) -> None:
    i = data.draw(st.integers(0, len(bounds) - 1))
    assert place(bounds[i], bounds) == pytest.approx((i + 1) / len(bounds))
    low = bounds[i - 1] if i else 0.0
    at = place((low + bounds[i]) / 2, bounds) * len(bounds)
    assert i - 1e-6 <= at <= i + 1 + 1e-6
    assert i < place(2e4, [*bounds, None]) * (len(bounds) + 1)


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert write(sample(1), "x", path) == path
    assert path.read_text("utf-8") == render(sample(1), "x")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1100])
def test_nothing_stands_out_over_the_page(browser: Browser, tmp_path: Path, width: int) -> None:
    report = sample()
    report["predictors"][-1]["title"] = "runs/" + "long-name-" * 12
    report["examples"][0]["line"] = "a" * 200
    view = browser.new_page(viewport={"width": width, "height": 800})
    wrong: list[str] = []
    view.on("console", lambda message: wrong.append(message.text))
    view.goto(write(report, "x", tmp_path / "report.html").as_uri())
    view.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert view.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []
    view.close()
