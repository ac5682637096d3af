"""Rules about single characters: controls, Unicode form, width, white space, simplified or not."""

import re
import unicodedata
from functools import cache
from itertools import groupby
from typing import Any, Literal

from prompt_gen.choices import missing

Fold = Literal["", "simplified", "traditional"]

# Joiners shape the letters before them in these scripts, and hold emoji together.
_JOINED = "\u0600-\u0dff\u1000-\u109f\u1780-\u18af\u2190-\u2bff\ufb50-\ufdff\ufe0f\ufe70-\ufefc"
_JOINED += "\U0001f000-\U0001faff\U000e0020-\U000e007f"
_CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffc\ufffe\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
    f"|(?<![{_JOINED}])[\u200c\u200d]"
)
_WHITE = "\t\n\x0b\x0c\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACES = re.compile(f"[ {_WHITE}][ {_WHITE}]++|[{_WHITE}]")

# What neither changes under NFC nor joins what stands before it.
_INERT = (
    "\x00-\xff\u0391-\u03c9\u2010-\u2027\u2030-\u205e\u2070-\u20cf\u2100-\u2125\u2160-\u2328"
    "\u232b-\u2adb\u3000-\u3029\u3030-\u3098\u309b-\u4dff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef"
)
_FORM = re.compile(f"[^{_INERT}]")
_MARKS = re.compile(f"[^{_INERT}]{{31}}")
LONGEST_MARKS = 30

_WIDE = {ord(c): ord(c) - 0xFEE0 for c in map(chr, range(0xFF10, 0xFF5B)) if c.isalnum()}
_WIDTH = re.compile("[０-９Ａ-Ｚａ-ｚ｡-ﾟ]|(?<=[0-9])．(?=[0-9])")
_WIDE_POINT = re.compile("(?<=[0-9])．(?=[0-9])")
_NARROW = re.compile("[｡-ﾟ]+")

_CONFIGS = {"simplified": "t2s", "traditional": "s2t"}


def controls(line: str) -> str:
    """The line without what has no shape and cannot be typed.

    Controls, byte order marks, zero-width spaces, direction marks, private-use and unassigned
    characters, halves of surrogate pairs. Joiners stay in scripts that need them and in emoji,
    variation selectors everywhere; controls that separate are left to `spaces`.
    """
    return _CONTROLS.sub("", line)


def spaces(line: str) -> str:
    """Each run of white space of any kind as one blank, none at the ends."""
    return _SPACES.sub(" ", line).strip()


def form(line: str) -> str:
    """The line in Unicode form NFC, apart from runs of more than 30 combining marks.

    Sorting such a run takes quadratic time, and no language has one; it stays as it is, and what
    is before and behind it is normalised by itself.

    Source: Unicode Standard Annex #15, sections 1.2 and 13 (30 marks in stream-safe text).
    """
    if not _FORM.search(line):
        return line
    if not _MARKS.search(line):
        return unicodedata.normalize("NFC", line)
    pieces, open_ = [], ""
    for marked, run in groupby(line, lambda c: unicodedata.combining(c) > 0):
        text = "".join(run)
        if marked and len(text) > LONGEST_MARKS:
            pieces += [unicodedata.normalize("NFC", open_), text]
            open_ = ""
        else:
            open_ += text
    return "".join([*pieces, unicodedata.normalize("NFC", open_)])


def width(line: str) -> str:
    """Full-width letters and digits as half, half-width katakana as full; 38．5 as 38.5.

    Other full-width punctuation stays: it is what is typed in Chinese.
    """
    if not _WIDTH.search(line):
        return line
    line = _NARROW.sub(lambda run: unicodedata.normalize("NFKC", run[0]), line)
    return _WIDE_POINT.sub(".", line.translate(_WIDE))


def fold(line: str, direction: Fold) -> str:
    """The line in simplified or traditional characters; with no direction, as it is.

    Raises:
        MissingExtra: the library opencc is not installed.
    """
    return converter(direction).convert(line) if direction else line


@cache
def converter(direction: Fold) -> Any:
    """The converter of the library opencc, one for each direction and process.

    Raises:
        MissingExtra: the library is not installed.
    """
    try:
        from opencc import OpenCC
    except ModuleNotFoundError as error:
        raise missing(error.name, f"folding to {direction} characters", "fold") from error
    return OpenCC(_CONFIGS[direction])
