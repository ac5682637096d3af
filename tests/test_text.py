"""Strings: normal form, sentence ends, scripts, frequent beginnings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.text import frequent_starts, normal_form, script, sentence_end


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("多喝水。再看", 0, 4),
        ("真的吗？！好", 0, 5),
        ("没有标点", 0, None),
        ("第一句。第二句。", 4, 8),
        ("体温38.5度", 0, None),
        ("It works. Then", 0, 9),
        ("e.g this", 0, None),
        ("version 2. next", 0, None),
        ("It works.", 0, None),  # the line may go on: .com
        ("好……再说", 0, 3),
    ],
)
def test_sentence_end(text: str, start: int, end: int | None) -> None:
    assert sentence_end(text, start) == end


@given(st.text(), st.integers(0, 20))
def test_a_sentence_end_lies_behind_the_start(text: str, start: int) -> None:
    end = sentence_end(text, start)
    assert end is None or start < end <= len(text)


def test_normal_form_is_what_people_call_the_same() -> None:
    assert normal_form(" ＨｂＡ１ｃ 偏高 ") == normal_form("hba1c偏高")
    assert normal_form("偏高") != normal_form("偏低")


@given(st.text())
def test_normal_form_has_no_spaces_and_no_capitals(text: str) -> None:
    form = normal_form(text)
    assert not any(c.isspace() for c in form)
    assert normal_form(form.upper()) == normal_form(form) or not form.isascii()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("高血压BP", "cjk"), ("reset my 密码", "latin"), ("12:30", "other"), ("привет", "other")],
)
def test_script(text: str, expected: str) -> None:
    assert script(text) == expected


def test_frequent_starts_are_shared_by_many_lines_and_differ() -> None:
    texts = ["高血压要注意饮食"] * 3 + ["高血压能喝酒吗"] * 2 + ["孩子发烧怎么办"] * 2
    assert frequent_starts(texts) == ["高血压要", "孩子发烧"]
    assert frequent_starts(["How do I pay?", "How do we go?"])[0] == "How do"
