"""Which script a character is of, by its Unicode name and category."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

SCRIPTS = {  # name -> Chinese name, in the order in which they are shown
    "Han": "汉字",
    "kana": "假名",
    "hangul": "谚文",
    "Latin": "拉丁字母",
    "Cyrillic": "西里尔字母",
    "other letters": "其他字母",
    "digits": "数字",
    "punctuation": "标点",
    "other": "空白、符号等",
}
_BY_FIRST_WORD = {
    "CJK": "Han", "IDEOGRAPHIC": "Han", "HIRAGANA": "kana", "KATAKANA": "kana",
    "KATAKANA-HIRAGANA": "kana", "HANGUL": "hangul", "LATIN": "Latin", "CYRILLIC": "Cyrillic",
}  # fmt: skip
_WIDTHS = ("FULLWIDTH ", "HALFWIDTH ")


def script(c: str) -> str:
    """A key of SCRIPTS for one character; marks count as letters."""
    category = unicodedata.category(c)
    if category[0] == "N":
        return "digits"
    if category[0] == "P":
        return "punctuation"
    if category[0] not in "LM":
        return "other"
    name = unicodedata.name(c, "")
    for width in _WIDTHS:
        name = name.removeprefix(width)
    return _BY_FIRST_WORD.get(name.split(" ")[0], "other letters")


def by_script(characters: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Characters of each script, counted as often as they occur; in the order of SCRIPTS."""
    counts: Counter[str] = Counter()
    for c, n in characters:
        counts[script(c)] += n
    return {name: counts[name] for name in SCRIPTS if counts[name]}
