"""Pure functions over strings: normal form, sentence ends, scripts."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from prompt_gen.errors import InvalidRequest

SENTENCE_ENDS = "。！？!?…；;"
_FULL_STOP = re.compile(r"(?<=[^\W\d_])\.(?=\s)")
_CJK = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff\u3040-\u30ff]")
_SLICE = 1000  # characters


def check_text(text: str, param: str = "text") -> None:
    """Refuse what is no text.

    Raises:
        InvalidRequest: not a string, or one with half of a surrogate pair in it.
    """
    if not isinstance(text, str):
        raise InvalidRequest(
            f"field '{param}' is of the type {type(text).__name__}", "Give a string", param
        )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"field '{param}' holds an unpaired surrogate at {error.start}, not a character",
            "Send well-formed Unicode",
            param,
        ) from error


def normal_form(text: str) -> str:
    """What two lines share when people would call them the same: NFKC, case-folded, no spaces."""
    if len(text) > _SLICE:  # normalising takes time quadratic in a run of combining marks
        slices = (text[at : at + _SLICE] for at in range(0, len(text), _SLICE))
        return "".join(map(normal_form, slices))
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def sentence_end(text: str, start: int = 0) -> int | None:
    """The index just behind the first sentence end at or after `start`, or None.

    A run of ends belongs together (`？！`, `……`). A full stop counts after a letter and before a
    space, so that `38.5` and `e.g` go on.
    """
    for i in range(start, len(text)):
        if text[i] in SENTENCE_ENDS:
            end = i + 1
            while end < len(text) and text[end] in SENTENCE_ENDS:
                end += 1
            return end
        if text[i] == "." and _FULL_STOP.match(text, i):
            return i + 1
    return None


def is_cjk(character: str) -> bool:
    """Whether it is a Chinese character or Japanese kana."""
    return _CJK.match(character) is not None


def script(text: str) -> str:
    """`cjk`, `latin` or `other`: what most letters of the text are written in."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return "other"
    n_cjk = sum(map(is_cjk, letters))
    n_latin = sum(1 for c in letters if c.isascii())
    if n_cjk * 2 >= len(letters):
        return "cjk"
    return "latin" if n_latin * 2 >= len(letters) else "other"


def frequent_starts(texts: Iterable[str], n: int = 5) -> list[str]:
    """Up to n beginnings that many lines share: four characters, or two words of other scripts.

    No two of them begin with the same two characters, so that they show different sides.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        start = text[:4] if script(text[:4]) == "cjk" else " ".join(text.split(" ")[:2])
        if 3 <= len(start) < len(text) and all(c.isalpha() or c == " " for c in start):
            counts[start] += 1
    chosen: list[str] = []
    for start, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) < n and start[:2] not in {c[:2] for c in chosen}:
            chosen.append(start)
    return chosen
