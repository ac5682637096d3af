"""Private data in a line: found, and masked by its kind, or a reason to drop the line.

    请拨打13800138000找张伟医生    请拨打〔电话〕找〔姓名〕医生
    Mail ann@example.com          Mail 〔email〕

A mask names its kind in the language of the line, between brackets that nobody puts around such a
word. To tokenizers it is text like any other, and masking what was masked changes nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.privacy.limits import LIMITS
from prompt_gen.corpus.privacy.names import names
from prompt_gen.corpus.privacy.network import emails, urls
from prompt_gen.corpus.privacy.numbers import accounts, cards, identities, phones
from prompt_gen.corpus.privacy.words import Words, read_words
from prompt_gen.errors import UnknownChoice, did_you_mean
from prompt_gen.text import script

__all__ = ["KINDS", "LIMITS", "Find", "Kind", "Privacy", "example"]

Span = tuple[int, int]


@dataclass(frozen=True)
class Kind:
    """One row: what is looked for, the words of its mask, and how it is found.

    `find` gives the places in a text; None: they come from the user's own words.
    """

    summary: str
    chinese: str
    english: str
    find: Callable[[str], Iterator[Span]] | None = None


KINDS: dict[str, Kind] = {
    "email": Kind("e-mail addresses", "邮箱", "email", emails),
    "url": Kind("web addresses", "网址", "url", urls),
    "phone": Kind("mobile, landline, 400 and international numbers", "电话", "phone", phones),
    "id": Kind("Chinese identity cards, US social security numbers", "证件", "id", identities),
    "card": Kind("bank cards (Luhn) and IBANs (mod 97)", "卡号", "card", cards),
    "account": Kind("QQ and WeChat accounts behind those words", "账号", "account", accounts),
    "name": Kind("names behind 我叫, 姓名：, 患者, Dr., and before 医生", "姓名", "name", names),
    "word": Kind("the words of your own list", "隐去", "removed"),
}

_MASK = re.compile(f"〔(?:{'|'.join(f'{k.chinese}|{k.english}' for k in KINDS.values())})〕")
PASSES = 8  # a mask can lay the next find bare; a line with more in a row is no text

# What is read as its ASCII counterpart; each is one character, so that places stay the same.
_LIKE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F) if chr(wide).isalnum()}
_LIKE |= dict(zip(map(ord, "＠．＋＿／（）　\xa0"), "@.+_/()  ", strict=True))
_LIKE |= dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-")
_ODD = re.compile("[" + "".join(map(chr, _LIKE)).replace("－", "\\－") + "]")
_SPELLED = re.compile("[〇零一二三四五六七八九]{11,}")
_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


@dataclass(frozen=True)
class Find:
    """Characters [start, end) of a text are private data of a kind."""

    start: int
    end: int
    kind: str


class Privacy:
    """Masks private data of the given kinds, or drops lines with any; can be sent to processes.

    `words` are found whole, letter case aside, when the kind `word` is among the kinds.

    Raises:
        UnknownChoice: no such kind.
    """

    @classmethod
    def of(cls, config: CorpusConfig) -> "Privacy":
        """As a corpus's settings say."""
        words = read_words(config.privacy_words)
        return cls([*config.privacy, *(["word"] if words else [])], config.privacy_action, words)

    def __init__(
        self, kinds: Iterable[str], action: Literal["mask", "drop"], words: Iterable[str] = ()
    ) -> None:
        wanted = set(kinds)
        for name in sorted(wanted - set(KINDS)):
            raise UnknownChoice(f"unknown kind of data '{name}'", did_you_mean(name, list(KINDS)))
        own = Words(words)
        self._finders = [(n, KINDS[n].find or own) for n in KINDS if n in wanted]
        self._drops = action == "drop"

    def __bool__(self) -> bool:
        """Whether anything is looked for."""
        return bool(self._finders)

    def __call__(self, text: str) -> tuple[str | None, dict[str, int]]:
        """The text with every find masked, or None where the line is dropped; finds by kind.

        A line is dropped when that is the action, or when masking does not come to an end.
        """
        counts: Counter[str] = Counter()
        for _ in range(PASSES):
            finds = self.find(text)
            counts.update(found.kind for found in finds)
            if not finds:
                return text, dict(counts)
            if self._drops:
                break
            text = _masked(text, finds)
        return None, dict(counts)

    def find(self, text: str) -> list[Find]:
        """What is found, in order and apart: overlapping finds are one, of the longest's kind."""
        plain = _plain(text)
        return _apart([Find(*span, name) for name, find in self._finders for span in find(plain)])


def example(privacy: Privacy, text: str, around: int = 8) -> list[tuple[str, str]]:
    """Each find's kind and how it looks, fit for a report: (phone, 拨打13*********).

    Of a find the first character is shown, and `around` characters on both sides of it.
    """
    finds = privacy.find(text)
    shown = "".join(_hidden(text, finds))
    return [(f.kind, shown[max(0, f.start - around) : f.end + around]) for f in finds]


def _hidden(text: str, finds: list[Find]) -> Iterator[str]:
    at = 0
    for found in finds:
        secret = text[found.start : found.end]
        n_shown = 0 if found.kind == "word" else min(1, len(secret) // 4)
        yield text[at : found.start] + secret[:n_shown]
        yield "".join("*" if c.isalnum() else c for c in secret[n_shown:])
        at = found.end
    yield text[at:]


def _plain(text: str) -> str:
    """The text as it is searched, place by place: ASCII digits, and nothing where masks are."""
    if "〔" in text:
        text = _MASK.sub(lambda mask: "\0" * len(mask[0]), text)
    if _ODD.search(text):
        text = text.translate(_LIKE)
    if _SPELLED.search(text):
        text = _SPELLED.sub(lambda run: run[0].translate(_DIGITS), text)
    return text


def _masked(text: str, finds: list[Find]) -> str:
    between = [0, *(place for f in finds for place in (f.start, f.end)), len(text)]
    kept = [text[a:b] for a, b in zip(between[::2], between[1::2], strict=True)]
    chinese = script("".join(kept)) == "cjk"
    masks = [KINDS[f.kind].chinese if chinese else KINDS[f.kind].english for f in finds]
    return kept[0] + "".join(f"〔{m}〕{k}" for m, k in zip(masks, kept[1:], strict=True))


def _apart(spans: list[Find]) -> list[Find]:
    """The spans in order, those that overlap as one of the kind of the longest."""
    apart: list[Find] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        length = span.end - span.start
        if not apart or span.start >= apart[-1].end:
            apart.append(span)
            longest = length
            continue
        last = apart[-1]
        kind = span.kind if length > longest else last.kind
        apart[-1] = Find(last.start, max(last.end, span.end), kind)
        longest = max(longest, length)
    return apart
