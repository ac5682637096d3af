"""Private data: known answers for each kind, and secrets planted in random text."""

import pickle
import re
from datetime import date
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prompt_gen.corpus.privacy import KINDS, LIMITS, Privacy, example
from prompt_gen.errors import UnknownChoice

EVERYTHING = Privacy(KINDS, "mask", ["绝密计划", "Project X", "Straße"])


def identity(first_17: str) -> str:
    """With its check character: the one that makes the sum over 2^i 1 modulo 11."""
    total = sum(pow(2, 17 - i, 11) * int(digit) for i, digit in enumerate(first_17))
    (check,) = (c for c in range(11) if (total + c) % 11 == 1)
    return first_17 + "0123456789X"[check]


def luhn(number: str) -> str:
    """With its check digit: the one that makes the sum a multiple of ten."""
    for check in "0123456789":
        digits = [int(digit) for digit in reversed(number + check)]
        doubled = [2 * d if i % 2 else d for i, d in enumerate(digits)]
        if sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0:
            return number + check
    raise AssertionError(number)


def iban(country: str, account: str) -> str:
    """With its two check digits."""
    for tens, ones in product("0123456789", repeat=2):
        turned = account + country + tens + ones
        if 2 <= int(tens + ones) <= 98 and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1:
            return country + tens + ones + account
    raise AssertionError(account)


def wrong(number: str) -> str:
    """The number with another last digit."""
    return number[:-1] + str((int(number[-1].replace("X", "0")) + 1) % 10)


ID = identity("11010519491231002")
CARD = luhn("622202123456789012")
VISA = luhn("411111111111111")
FOUND = [
    ("email", "ann.lee+x@mail.example.com"),
    ("email", "王abc_1@qq.com"[1:]),
    ("email", "a@b.cn"),
    ("email", "ＡＢＣ＠ｑｑ．ｃｏｍ"),
    ("url", "http://a.example/x?y=1&z=%20"),
    ("url", "www.39.net/page"),
    ("url", "39.net"),
    ("url", "HTTPS://EXAMPLE.COM"),
    ("phone", "13800138000"),
    ("phone", "138-0013-8000"),
    ("phone", "138 0013 8000"),
    ("phone", "138.0013.8000"),
    ("phone", "１３８００１３８０００"),
    ("phone", "1 3 8 0 0 1 3 8 0 0 0"),
    ("phone", "一三八〇〇一三八〇〇〇"),
    ("phone", "+8613800138000"),
    ("phone", "+86 138 0013 8000"),
    ("phone", "010-87654321"),
    ("phone", "（0755）8765 4321转12"),
    ("phone", "400-123-4567"),
    ("phone", "8001234567"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "(415) 555-2671"),
    ("phone", "1-415-555-2671"),
    ("id", ID),
    ("id", ID.lower()),
    ("id", f"{ID[:6]} {ID[6:14]} {ID[14:]}"),
    ("id", identity("44030819900307451")),
    ("id", "110105491231002"),
    ("id", "123-45-6789"),
    ("card", CARD),
    ("card", " ".join(re.findall("....|.+", CARD))),
    ("card", "-".join(re.findall("....", VISA))),
    ("card", luhn("37144963539843")),
    ("card", iban("GB", "WEST12345698765432")),
    ("card", " ".join(re.findall("....|.+", iban("DE", "370400440532013000")))),
    ("word", "绝密计划"),
    ("word", "PROJECT x"),
]
INSIDE = [
    ("phone", "电话：8765432", "8765432"),
    ("phone", "第13912345678号文件", "13912345678"),
    ("account", "微信号：abc_123", "abc_123"),
    ("account", "加我QQ12345678吧", "12345678"),
    ("name", "我叫张三，今年30岁", "张三"),
    ("name", "我叫张三想问一下", "张三"),
    ("name", "我叫高明，头疼", "高明"),
    ("name", "姓名：李四", "李四"),
    ("name", "姓名:诸葛孔明 性别:男", "诸葛孔明"),
    ("name", "患者王小明，男，30岁", "王小明"),
    ("name", "患者欧阳兰因腹痛入院", "欧阳兰"),
    ("name", "张伟医生怎么样", "张伟"),
    ("name", "找陈淑琴大夫看的", "陈淑琴"),
    ("name", "Dr. Smith said so", "Smith"),
    ("name", "ask Mrs. Ann O'Neill now", "Ann O'Neill"),
    ("name", "My name is John Smith.", "John Smith"),
    ("name", "patient name: Maria Lopez", "Maria Lopez"),
    ("word", "见Project X。", "Project X"),
]
STAYS = [
    "血压140/90，心率72",
    "ICD-10 E11.9",
    "2023年10月1日",
    "2023-10-01 12:30:00",
    "体温38.5",
    "HBV-DNA 1.5*10^7 copies/ml",
    "白细胞 3.5 5.2 6.1 7.8 9.0 10.2",
    "1 3 5 7 9 11 13 15",
    "1 3 5 7 9 11 13",
    "孕39+6周",
    "18-80岁，BMI 18.5-24",
    "12345678",
    "13800138",
    "138001380001",
    "12800138000",
    "ISBN 9787040396638",
    wrong(CARD),
    wrong(VISA),
    wrong(identity("44030819900307451")),
    identity("99030819900307451"),
    identity("11010519490231002"),
    wrong(iban("GB", "WEST12345698765432")),
    "000-12-3456",
    "患者家属",
    "患者高血压",
    "患者白细胞减少",
    "患者张口困难",
    "患者周围",
    "病人应多休息",
    "我叫救护车",
    "我叫他来",
    "张医生",
    "李主任医师",
    "王老师",
    "周一主任在吗",
    "姓名是什么？",
    "姓名：保密",
    "谢谢医生",
    "沈阳医生",
    "e.g. this",
    "Node.js",
    "3.5.1",
    "a@b",
    "@所有人",
    "The movie is Miss Universe",
    "the name is not known",
    "Drink more",
    "Project Xylophone",
    "MyProject X",
]


@pytest.mark.parametrize(("kind", "secret"), FOUND)
def test_a_find_is_masked(kind: str, secret: str) -> None:
    mask = KINDS[kind]
    assert EVERYTHING(f"请看：{secret}，谢谢") == (f"请看：〔{mask.chinese}〕，谢谢", {kind: 1})
    assert EVERYTHING(f"please, see {secret} here") == (
        f"please, see 〔{mask.english}〕 here",
        {kind: 1},
    )
    assert Privacy([kind], "drop", ["绝密计划", "project x"])(secret) == (None, {kind: 1})


@pytest.mark.parametrize(("kind", "text", "secret"), INSIDE)
def test_a_find_in_its_place_is_masked(kind: str, text: str, secret: str) -> None:
    masked, counts = EVERYTHING(text)
    assert counts == {kind: 1}
    assert masked is not None
    before, after = text.split(secret)
    assert re.fullmatch(f"{re.escape(before)}〔[^〕]+〕{re.escape(after)}", masked)


@pytest.mark.parametrize("text", STAYS)
def test_what_is_not_private_stays(text: str) -> None:
    assert EVERYTHING(text) == (text, {})


def test_every_kind_has_cases() -> None:
    assert {kind for kind, *_ in [*FOUND, *INSIDE]} == set(KINDS)


DATES = st.dates(date(1900, 1, 1), date(2099, 12, 31))
SECRETS = st.one_of(
    st.from_regex(r"\A1[3-9][0-9]{9}\Z"),
    st.from_regex(r"\A62[0-9]{14,16}\Z").map(luhn),
    st.builds("110105{:%Y%m%d}{:03}".format, DATES, st.integers(0, 999)).map(identity),
    st.from_regex(r"\A010-[2-9][0-9]{7}\Z"),
)
FORMS = st.sampled_from(
    [str, lambda secret: secret.translate({ord(str(d)): 0xFF10 + d for d in range(10)})]
)
# Neither digits, nor what could join them to a longer number or make them part of an address.
AROUND = st.text(max_size=12).filter(
    lambda t: (
        not re.search(
            r"[^\W\D]|[-+.@/(（＋－．＠／‐-―−]|〔|[0-9A-Za-zＡ-ｚ〇零一二三四五六七八九]", t
        )
    )
)


@given(AROUND, SECRETS, FORMS, AROUND)
def test_a_planted_secret_never_shows(before: str, secret: str, form, after: str) -> None:
    masked, counts = EVERYTHING(before + form(secret) + after)
    assert sum(counts.values()) >= 1
    assert masked is not None
    assert not re.search(r"\d", masked)


PIECES = """
    13800138000 a@b.cn www.a.com 电话 我叫 张三 医生 〔电话〕 〔 〕 QQ 微信 Dr. Smith
    1 8 0 - . @ +86 ( ) ， 绝密计划
"""
PIECE = st.sampled_from([*PIECES.split(), CARD, ID, " "])
ANYTHING = st.lists(PIECE, max_size=14).map("".join) | st.text(max_size=30)


@given(ANYTHING)
def test_masking_what_was_masked_changes_nothing(text: str) -> None:
    masked, _ = EVERYTHING(text)
    assume(masked is not None)
    assert masked is not None
    assert EVERYTHING(masked) == (masked, {})


@given(ANYTHING)
def test_finds_are_apart_and_in_order(text: str) -> None:
    finds = EVERYTHING.find(text)
    assert all(0 <= f.start < f.end <= len(text) for f in finds)
    assert all(left.end <= right.start for left, right in pairwise(finds))
    dropped = Privacy(KINDS, "drop", ["绝密计划", "Project X", "Straße"])(text)[0]
    assert dropped == (None if finds else text)


@given(AROUND, SECRETS, AROUND)
def test_an_example_shows_a_quarter_at_most(before: str, secret: str, after: str) -> None:
    text = before + secret + after
    for kind, shown in example(EVERYTHING, text):
        assert kind in KINDS
        assert len(re.findall(r"\d", shown)) <= len(secret) // 4


def test_examples_hide_the_other_finds_too() -> None:
    text = "请拨打13800138000找张伟医生"
    assert example(EVERYTHING, text) == [
        ("phone", "请拨打1**********找**医生"),
        ("name", "*******找**医生"),
    ]
    assert example(EVERYTHING, "绝密计划") == [("word", "****")]


def test_overlapping_finds_are_the_longest() -> None:
    assert EVERYTHING("13800138000@qq.com") == ("〔email〕", {"email": 1})
    words = Privacy(["word"], "mask", ["北京", "北京大学", "大学生"])
    assert words("在北京大学生活") == ("在〔隐去〕生活", {"word": 1})


def test_words_are_found_in_any_case() -> None:
    words = Privacy(["word"], "mask", ["İstanbul", "ΣΑΣ"])
    assert words("see σας") == ("see 〔removed〕", {"word": 1})
    assert EVERYTHING("Straße 5")[1] == {"word": 1}


def test_only_wanted_kinds_are_looked_for() -> None:
    assert Privacy(["email"], "mask")("13800138000") == ("13800138000", {})
    assert Privacy(["phone"], "mask", ["绝密"])("绝密") == ("绝密", {})


def test_a_user_word_inside_a_mask_is_left() -> None:
    assert Privacy(KINDS, "mask", ["电话"])("打13800138000") == ("打〔电话〕", {"phone": 1})


def test_it_goes_to_other_processes() -> None:
    assert pickle.loads(pickle.dumps(EVERYTHING))("打13800138000") == EVERYTHING("打13800138000")


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"'emails'.*'email'"):
        Privacy(["emails"], "mask")


def test_limits_are_told_in_both_languages() -> None:
    for english, chinese in LIMITS:
        assert english.endswith(".")
        assert chinese.endswith("。")


HOSTILE = {
    "letters": "a" * 40_000,
    "blanks": "a" + " " * 40_000,
    "digits": "1" * 100_000,
    "single digits": "1 " * 50_000,
    "long groups": "138 " * 25_000,
    "points": "a." * 50_000,
    "at": "@" * 100_000,
    "addresses": "a@" * 50_000,
    "plus": "+1" * 50_000,
    "plus and digits": ("+" + "1" * 17) * 6_000,
    "brackets": "(4" * 50_000,
    "cues": "我叫" * 50_000,
    "surnames": "王" * 100_000,
    "patients": "患者王" * 30_000,
    "titles": "Dr. " * 25_000,
    "name parts": "Dr. " + "Aa " * 30_000,
    "phones": "电话" * 50_000,
    "marks": "e" + "\u0301" * 160_000,
    "masks": "〔电话〕13800138000 " * 5_000,
    "chains": "415-555-2671." * 8_000,
    "schemes": "http://" * 15_000,
    "accounts": "QQ" * 50_000,
    "words": "绝密计" * 30_000,
    "angles": "<!--" * 4_096,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_line_ends(text: str) -> None:
    """A search that is quadratic takes minutes on one of these."""
    masked, counts = EVERYTHING(text)
    assert masked == text or counts


@pytest.mark.data
def test_finds_in_filtered_text_are_few_and_names_only(data: Path) -> None:
    """The data set was filtered for numbers and addresses; names of doctors are left in it."""
    import gzip

    total: dict[str, int] = {}
    search = Privacy(KINDS, "mask")
    with gzip.open(data / "medical-zh.txt.gz", "rt", encoding="utf-8") as file:
        for n_lines, line in enumerate(file, 1):  # noqa: B007
            for kind, n in search(line.rstrip("\n"))[1].items():
                total[kind] = total.get(kind, 0) + n
    assert set(total) == {"name"}
    assert total["name"] < n_lines / 500
