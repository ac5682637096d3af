"""Cleaning: what each rule changes and leaves, rest after one pass, and linear time."""

import pickle
import re
import tomllib
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prompt_gen.corpus.clean import RULES, Cleaner, names
from prompt_gen.corpus.clean.lines import has_letter, pieces
from prompt_gen.errors import MissingExtra, UnknownChoice
from prompt_gen.text import check_text

CASES = tomllib.loads((Path(__file__).parent / "clean.toml").read_text("utf-8"))
ALL = [rule.name for rule in RULES]
SHORT = 10  # characters: above this the cases of `long` are split
EVERYTHING = Cleaner(ALL, max_chars=400)


def cases(kind: str) -> list:
    return [pytest.param(r, case, id=f"{r}-{case}") for r in CASES for case in CASES[r][kind]]


@pytest.mark.parametrize(("rule", "case"), cases("changes"))
def test_a_rule_changes(rule: str, case: list[str]) -> None:
    before, *after = case
    documents, mask, why = Cleaner([rule], SHORT if rule == "long" else 400)(before)
    assert (documents, names(mask)) == (after, (rule,))
    assert bool(why) == (not after)


@pytest.mark.parametrize(("rule", "line"), cases("stays"))
def test_a_rule_leaves(rule: str, line: str) -> None:
    got = Cleaner([rule], SHORT if rule == "long" else 400)(line)
    assert got == ([line], 0, "")


def test_every_rule_has_cases() -> None:
    assert list(CASES) == ALL
    for rule, kinds in CASES.items():
        assert sum(map(len, kinds.values())) >= 8, rule


# Pieces of what the rules look for, so that random lines meet them, and one another.
PARTS = """
    1 12 、 . ． ， 。 ？ ！ ; : ： ( ) （1） ① ② 一 二 第 - _ | … ... ★ * 中 文 高血压 a B Ａ １
    é e\u0301 \u0301 ｶ ﾞ \u200b \u200d \u200c 👩 ⚕ \ufe0f ん が \u3099 & &amp; &#38; #38;
    lt; &lt; &gt; \x08 br < > <br> </p> <b> <!-- --> 百度知道 百度... 快速问医生 39健康网
    网 问答 _百度知道
"""
WHITE = ["", " ", "  ", "\t", "\xa0", "\u3000"]
PART = st.sampled_from([*PARTS.split(), *WHITE])
LINES = st.lists(PART, max_size=14).map("".join) | st.text(max_size=40)
WELL_FORMED = LINES.filter(lambda line: not re.search("[\ud800-\udfff]", line))


@given(LINES, st.integers(4, 40))
@example("&amp;#38;lt;br&gt;好", 40)
@example("高血压。1、多休息。2、多喝水。", 6)
def test_cleaning_what_was_cleaned_changes_nothing(line: str, max_chars: int) -> None:
    clean = Cleaner(ALL, max_chars)
    for document in clean(line)[0]:
        assert clean(document) == ([document], 0, "")


@given(LINES)
def test_documents_are_text_without_white_space_around(line: str) -> None:
    documents, _, why = EVERYTHING(line)
    assert (documents == []) == bool(why)
    for document in documents:
        check_text(document)
        assert document == document.strip()
        assert has_letter(document)
        assert unicodedata.is_normalized("NFC", document)


@given(LINES | st.text(st.sampled_from("中文高血压网答aB1２ 一.:?-_、。！…．"), max_size=12))
def test_the_quick_look_agrees_with_the_rules(line: str) -> None:
    at_rest = all(rule.apply(line) == line for rule in RULES if rule.apply)
    left = at_rest and line == line.strip() and has_letter(line)
    assert (EVERYTHING(line) == ([line], 0, "")) == left


def typed(text: str) -> list[str]:
    """The letters of Latin and Chinese and the digits of a text, full-width ones as half."""
    half = unicodedata.normalize("NFKC", text)
    return re.findall("[A-Za-z0-9㐀-鿿]", half)


TOUCHING = ("html", "numbers", "tails", "letters")


@given(WELL_FORMED)
def test_no_letter_and_no_digit_is_lost_but_with_markup_numbers_and_tails(line: str) -> None:
    documents, _, _ = Cleaner([name for name in ALL if name not in TOUCHING], 12)(line)
    assert typed("".join(documents)) == typed(line)


@given(st.text(st.sampled_from("中文a .,，。；！？”1 \n"), max_size=60), st.integers(1, 20))
def test_pieces_are_the_line(line: str, max_chars: int) -> None:
    made = pieces(line, max_chars)
    assert "".join("".join(made).split()) == "".join(line.split())
    for piece in made:
        assert len(piece) <= max_chars or len(pieces(piece, max_chars)) == 1


HOSTILE = {
    "letters": "a" * 40_000,
    "blanks": "a" + " " * 40_000 + "b",
    "comments": "<!--" * 4_096,
    "empty comments": "<!-->" * 4_096,
    "marks": "e" + "\u0301\u0316" * 80_000,
    "ampersands": "&" * 100_000,
    "angles": "<" * 100_000,
    "tags": "<a " * 33_000,
    "nested entities": "&amp;" * 20_000 + "lt;b",
    "nested numbers": "&#38;" * 20_000 + "lt;b",
    "tails": "a" + "_百度知道" * 20_000,
    "dots": "a" + "... " * 25_000,
    "markers": "(1)" * 33_000 + "a",
    "colons": ":" * 100_000,
    "one character": "中" * 100_000,
    "clauses": "中，" * 50_000,
    "joiners": "\u200d" * 100_000,
    "katakana marks": "ﾞ" * 100_000,
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_line_ends(line: str) -> None:
    """A rule that is quadratic takes minutes on one of these."""
    documents, _, why = Cleaner(ALL, 200)(line)
    assert bool(documents) != bool(why)


def test_a_run_of_marks_is_kept() -> None:
    marks = "\u0301\u0316" * 20
    assert Cleaner(["form"], 400)(f"e\u0301e{marks}e\u0301")[0] == [f"\xe9e{marks}\xe9"]


def test_reasons() -> None:
    assert EVERYTHING("  \t ")[0::2] == ([], "blank")
    assert EVERYTHING("<br>")[0::2] == ([], "blank")
    assert EVERYTHING("1234")[0::2] == ([], "no letters")
    assert EVERYTHING("中" + "&#38;#38;lt;5") == (["中<5"], 2, "")
    assert EVERYTHING("中" + "&" + "#38;" * 30 + "lt;5")[0::2] == ([], "unsettled")


def test_what_was_split_is_cleaned_too() -> None:
    documents, mask, _ = Cleaner(ALL, 8)("注意：1、多休息。2、多喝水。3333333333。")
    assert documents == ["注意：1、多休息。", "多喝水。"]
    assert names(mask) == ("numbers", "letters", "long")


def test_a_rule_that_is_off_does_nothing() -> None:
    line = "1、Ａ&lt;br&gt;高血压_百度知道"
    assert Cleaner([], 400)(line) == ([line], 0, "")
    assert Cleaner(["tails"], 400)(line)[0] == ["1、Ａ&lt;br&gt;高血压"]
    assert EVERYTHING(line)[0] == ["A 高血压"]


def test_a_cleaner_goes_to_other_processes() -> None:
    sent = pickle.loads(pickle.dumps(EVERYTHING))
    assert sent("(1)高血压-39健康网") == EVERYTHING("(1)高血压-39健康网")


def test_an_unknown_rule_names_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"'htm'.*'html'"):
        Cleaner(["htm"], 400)


def test_folding_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from prompt_gen.corpus.clean.characters import converter

    converter.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "opencc", None)
    with pytest.raises(MissingExtra, match=r"prompt-gen\[fold\]"):
        Cleaner(ALL, 400, "simplified")
    Cleaner([n for n in ALL if n != "fold"], 400, "simplified")


def test_folding() -> None:
    pytest.importorskip("opencc")
    to_simplified = pickle.loads(pickle.dumps(Cleaner(ALL, 400, "simplified")))
    assert to_simplified("皇后在後面，頭髮乾燥") == (
        ["皇后在后面，头发干燥"],
        1 << ALL.index("fold"),
        "",
    )
    assert Cleaner(ALL, 400, "traditional")("高血压")[0] == ["高血壓"]


@pytest.mark.data
def test_medical_text_is_at_rest_and_few_lines_are_lost(data: Path) -> None:
    import gzip

    with gzip.open(data / "medical-zh.txt.gz", "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file][:20_000]
    lost = 0
    for line in lines:
        documents, _, why = EVERYTHING(line)
        lost += bool(why)
        assert why in ("", "blank", "no letters")
        for document in documents:
            assert EVERYTHING(document) == ([document], 0, "")
    assert lost < len(lines) / 1000
