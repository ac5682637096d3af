"""The page about a corpus: its numbers are the report's, and nothing in foreign text acts."""

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.corpus import clean, ledger, privacy
from prompt_gen.corpus.prepare import SHOWN_CHARS as CUT
from prompt_gen.corpus.report import names, render
from prompt_gen.corpus.report.curves import quantile
from prompt_gen.corpus.report.differences import compared
from prompt_gen.corpus.report.scripts import by_script, script
from prompt_gen.corpus.report.sections import SECTIONS
from tests.page.outline import NOT_SHOWN, Outline

REPORT: dict[str, Any] = {
    "files": [
        {"name": "a.txt", "format": "text", "lines": 9_000, "encoding": "gb18030"},
        {"name": "b.csv", "format": "csv", "lines": 3_345, "encoding": "utf-8", "fields": ["问"],
         "bad_bytes": 21, "bad_offsets": [17, 4_711], "damage": "cut off at byte 5,000"},
    ],
    "encodings": {"gb18030": 1, "utf-8": 1},
    "lines": 12_345,
    "fates": {"kept": 10_001, "masked": 44, "merged: exact duplicate": 2_200, "split": 60,
              "dropped: blank": 33, "dropped: no letters": 7},
    "documents": {"train": 9_800, "validation": 203, "test": 207},
    "chars": 123_456,
    "near_duplicates": {"groups": 1_111, "documents": 2_222},
    "merged_lines": 2_205,
    "rules": {"spaces": 3_210, "tails": 1_005},
    "private": {"phone": 1_040, "email": 2},
    "examples": {"phone": ["打 138****1234"], "email": ["l***@e***"]},
    "config": {"rules": {"html": False}, "fold": "", "near_duplicates": 0.8,
               "privacy": ["email", "phone"], "privacy_action": "mask", "privacy_words": []},
    "characters": [["的", 99_000], ["a", 20_000], ["。", 4_000], ["7", 440], ["ひ", 15], ["я", 1]],
    "lengths": [[3, 1_000], [8, 9_000], [30, 2_300], [480, 115]],
    "samples": [["1. 头疼 怎么办", ["头疼怎么办"], ""], ["糖尿病", ["糖尿病"], ""],
                ["----", [], "no letters"]],
    "counts": [[1, 9_000], [2, 1_100], [4, 90], [7, 15], [30, 5]],
    "near_groups": [["诊断为MGD", "被诊断为MGD"]],
    "seen_chars": [[0, 10], [2, 200], [5, 150], [20, 50]],
}  # fmt: skip
LIMITS = ("Names of people are not found.", "人名查不出。")


@pytest.fixture(scope="module")
def page() -> str:
    return render(REPORT, "clinic", LIMITS)


@pytest.fixture(scope="module")
def outline(page: str) -> Outline:
    return Outline(page)


def section(page: str, anchor: str) -> str:
    """The words of a section, a blank between any two pieces of text."""
    return " ".join(" ".join(Outline(markup_of(page, anchor)).words).split())


def markup_of(page: str, anchor: str) -> str:
    return page.split(f'<section id="{anchor}"')[1].split(">", 1)[1].split("</section>")[0]


def changed(**parts: Any) -> str:
    return render(REPORT | parts, "clinic")


def test_every_section_is_there_with_a_heading_in_both_languages(outline: Outline) -> None:
    anchors = [values.get("id") for tag, values in outline.tags if tag == "section"]
    assert anchors == [row.anchor for row in SECTIONS]
    for row in SECTIONS:
        assert outline.text.count(f"{row.english} {row.chinese}") == 2  # contents and heading
    assert sum(tag == "h1" for tag, _ in outline.tags) == 1


def test_the_headline_says_the_essential(outline: Outline) -> None:
    assert "12,345 lines from 2 files became 10,210 documents." in outline.text
    assert "40 dropped, none without a reason." in outline.text
    assert "12,345 of 12,345 lines read are accounted for." in outline.text


def test_a_missing_line_and_a_missing_reason_are_not_glossed_over() -> None:
    text = changed(fates={"kept": 12_340, "dropped": 4})
    assert "12,344 of 12,345 lines read are accounted for." in text
    assert "without a reason" not in text


NUMBERS = {
    "fates": ["10,001", "44", "2,200", "60", "33", "7", "12,345", "81.0 %"],
    "files": ["9,000", "3,345", "21", "17, 4,711, …", "cut off at byte 5,000", "gb18030", "问"],
    "lengths": ["12,415 documents", "median 8", "95th percentile 30", "115 documents", "480"],
    "scripts": ["99,000", "20,000", "4,000", "440", "15", "1", "80.2 %"],
    "characters": ["6 distinct characters", "99 %: 3", "99.8 %: 4", "1 occur once only"],
    "duplicates": ["9,000", "1,100", "90", "15", "5", "12,415 documents read, 2,205 (17.8 %)",
                   "2,222 documents in 1,111 groups"],
    "seen": ["410 held-out documents", "98 98 49 49 49 12 12", "half share 2 characters"],
    "privacy": ["phone", "1,040", "打 138****1234", "email", "l***@e***", *LIMITS],
    "rules": ["3,210", "26.0 %", "1,005", "Switched off: html, fold."],
    "samples": ["Of 3 random lines, cleaning changed 2.", "dropped: no letters"],
}  # fmt: skip


@pytest.mark.parametrize("anchor", NUMBERS)
def test_numbers_are_those_of_the_report(page: str, anchor: str) -> None:
    text = section(page, anchor)
    missing = [n for n in NUMBERS[anchor] if not re.search(rf"(?<![\d,.]){re.escape(n)}", text)]
    assert not missing
    assert set(NUMBERS) == {row.anchor for row in SECTIONS}


def test_nothing_is_loaded_and_nothing_runs(page: str, outline: Outline) -> None:
    assert not re.search(r"https?:|//\w|url\(|@import", page)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in outline.tags}
    for _, values in outline.tags:
        assert "src" not in values
        assert (values.get("href") or "#").startswith("#")
        assert not any(name.startswith("on") for name in values)


def test_pictures_and_tables_can_be_read_out(outline: Outline) -> None:
    pictures = [v for tag, v in outline.tags if tag == "svg" and v.get("class") == "picture"]
    assert len(pictures) == 4
    assert all(v.get("role") == "img" and v.get("aria-label") for v in pictures)
    tags = [tag for tag, _ in outline.tags]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") > 0
    ids = [v["id"] for _, v in outline.tags if "id" in v]
    assert len(ids) == len(set(ids))


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(
        st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=y>', "&lt;", "\udc80",
                         "a\x00b\u202ec\n\ud800", "' onload='x", "</style><h1>", "{title}"]),
        st.text(st.characters(), min_size=1, max_size=30),
    )
)  # fmt: skip
def test_foreign_text_is_only_text(hostile: str) -> None:
    report = copy.deepcopy(REPORT)
    report["files"][1] |= dict.fromkeys(("name", "format", "encoding", "damage"), hostile)
    report["files"][1]["fields"] = [hostile]
    report["encodings"] = {hostile: 2}
    report["fates"][f"dropped: {hostile}"] = report["fates"].pop("dropped: blank")
    report["private"][hostile] = 1
    report["examples"] = {hostile: [hostile], "phone": [hostile]}
    report["config"]["privacy"] = [hostile]
    report["samples"] = [[hostile, [hostile], ""], [hostile, [hostile + "x", hostile], ""],
                         [hostile, [], hostile]]  # fmt: skip
    report["near_groups"] = [[hostile, hostile + "x"]]
    page = render(report, hostile, [hostile])
    page.encode("utf-8")
    assert not NOT_SHOWN.search(page)
    seen = {(tag, *values) for tag, values in Outline(page).tags}
    usual = {(tag, *values) for tag, values in Outline(render(REPORT, "x", LIMITS)).tags}
    assert seen <= usual


@given(st.text("ab 12。\n", max_size=40), st.lists(st.text("ab 12。", max_size=40), max_size=3))
def test_both_sides_of_a_comparison_are_whole(before: str, after: list[str]) -> None:
    left, right = compared(before, after)
    for side, text in ((left, before), (right, "\n".join(after))):
        assert Outline(f"<p>{side}</p>").text == text.replace("\n", "↵\n")
    kept = [re.sub(r"<(del|ins)>.*?</\1>", "", side, flags=re.S) for side in (left, right)]
    assert kept[0] == kept[1]


def test_changes_are_marked_where_they_are() -> None:
    left, right = compared("1. 头疼 怎么办_网", ["头疼怎么办吗"])
    assert left == "<del>1. </del>头疼<del> </del>怎么办<del>_网</del>"
    assert right == "头疼怎么办<ins>吗</ins>"


def test_the_end_of_what_was_cut_does_not_look_changed() -> None:
    line = "3." + "".join(chr(ord("一") + i) for i in range(CUT + 50))
    left, right = compared(line[:CUT], [line[2 : CUT + 2]])
    assert left == f"<del>3.</del>{line[2:CUT]}…"
    assert right == f"{line[2 : CUT + 2]}…"


def test_a_long_line_that_was_dropped_is_marked_as_a_whole() -> None:
    assert compared("-" * CUT, []) == (f"<del>{'-' * CUT}</del>…", "")


def test_unchanged_lines_are_shown_once(page: str) -> None:
    assert section(page, "samples").count("糖尿病") == 1


EMPTY = {
    "privacy": ({"private": {}}, "None was found; looked for: email, phone."),
    "rules": ({"rules": {}}, "No rule changed a line."),
    "seen": ({"seen_chars": []}, "No document was held out."),
    "duplicates": (
        {"merged_lines": 0, "counts": [[1, 9]], "near_duplicates": {"groups": 0, "documents": 0}},
        "No document occurs twice.",
    ),
    "files": ({"files": REPORT["files"][:1]}, "lines 行数 9,000; bad bytes 坏字节 0"),
}


@pytest.mark.parametrize("anchor", EMPTY)
def test_where_there_is_nothing_a_line_says_so(anchor: str) -> None:
    parts, said = EMPTY[anchor]
    page = changed(**parts)
    assert said in section(page, anchor)
    assert "<svg" not in markup_of(page, anchor).split("<h3>")[0]
    assert "<table" not in markup_of(page, anchor).split("<h3>")[0]


def test_what_was_not_looked_for_is_not_called_absent() -> None:
    config = REPORT["config"] | {"privacy": [], "near_duplicates": 0}
    page = changed(config=config, private={}, near_duplicates={"groups": 0, "documents": 0})
    assert "Private data was not looked for." in section(page, "privacy")
    assert "Near-duplicates were not looked for." in section(page, "duplicates")


def test_a_single_short_document_has_a_page_too() -> None:
    page = changed(
        lengths=[[1, 1]], characters=[["a", 1]], counts=[[1, 1]], fates={"kept": 1}, lines=1,
        seen_chars=[[0, 1]], samples=[], near_groups=[],
    )  # fmt: skip
    assert "1 distinct character " in section(page, "characters")


def test_every_name_that_a_report_holds_has_its_chinese() -> None:
    assert tuple(sorted(names.FATES)) == tuple(sorted(ledger.FATES))
    assert list(names.RULES) == [rule.name for rule in clean.RULES]
    assert set(names.KINDS) == set(privacy.KINDS)


@pytest.mark.parametrize(
    ("text", "name"),
    [("的々〆㐀𠀀", "Han"), ("ひカｶー", "kana"), ("한ㄱ", "hangul"), ("aÉＡ", "Latin"),
     ("яЁ", "Cyrillic"), ("αאก", "other letters"), ("7７①Ⅳ", "digits"), ("。,（", "punctuation"),
     (" \u3000+℃\x00", "other")],
)  # fmt: skip
def test_scripts(text: str, name: str) -> None:
    assert {c: script(c) for c in text} == dict.fromkeys(text, name)


@given(st.dictionaries(st.characters(), st.integers(1, 10**9)))
def test_every_character_is_of_one_script(counts: dict[str, int]) -> None:
    assert sum(by_script(counts.items()).values()) == sum(counts.values())


@given(st.lists(st.integers(1, 600), min_size=1), st.floats(0.01, 1))
def test_quantiles_are_those_of_the_sorted_values(values: list[int], share: float) -> None:
    pairs = sorted({value: values.count(value) for value in values}.items())
    found = quantile(pairs, share)
    assert sum(v <= found for v in values) >= share * len(values)
    assert sum(v < found for v in values) < share * len(values)
