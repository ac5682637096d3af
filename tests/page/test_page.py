"""What reports share: harmless foreign text, ticks, shares, and colours that can be told apart."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.page import COLOURS
from prompt_gen.page.pictures import powers, round_ticks
from prompt_gen.page.words import percent, shown


@given(st.text(st.characters()))
def test_shown_text_can_be_read_back(text: str) -> None:
    plain_and_codes = re.split(r'<span class="code">(U\+[0-9A-F]+|↵)</span>', shown(text))
    for i, piece in enumerate(plain_and_codes):
        is_code = i % 2 == 1
        code = "" if piece == "↵" else chr(int(piece[2:], 16)) if is_code else ""
        plain_and_codes[i] = code if is_code else unescape(piece)
    assert "".join(plain_and_codes) == text


@given(st.integers(1, 10**9))
def test_ticks_are_few_round_and_within(largest: int) -> None:
    ticks = round_ticks(largest)
    assert 1 <= len(ticks) <= 7
    assert ticks[-1] <= largest
    assert powers(largest)[-1] <= largest < 10 * powers(largest)[-1]


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_share_is_nought_or_all_only_if_it_is(n: int, more: int) -> None:
    total = n + more
    assert (percent(n, total) == "0.0 %") == (n == 0)
    assert percent(n, total) != "100.0 %"
    assert percent(total, total) == "100.0 %"


def colours() -> list[dict[str, str]]:
    """Light, then dark: what the dark scheme does not name stays as it is."""
    found = re.findall(r":root \{(.*?)\}", COLOURS.read_text("utf-8"), re.S)
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+)", rules)) for rules in found)
    return [light, light | dark]


def luminance(colour: str) -> float:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", colours(), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [("ink", "paper", 4.5), ("soft", "paper", 4.5), ("accent", "paper", 4.5),
     ("removed", "removed-paper", 4.5), ("accent", "added-paper", 4.5), ("ink", "tint", 4.5),
     ("tint", "paper", 3), ("grey", "paper", 3), ("warm", "paper", 3)],
)  # fmt: skip
def test_contrast_is_enough(scheme: dict[str, str], front: str, back: str, least: float) -> None:
    """Source: WCAG 2.2, success criteria 1.4.3 and 1.4.11."""
    one, other = sorted((luminance(scheme[front]), luminance(scheme[back])))
    assert (other + 0.05) / (one + 0.05) >= least
