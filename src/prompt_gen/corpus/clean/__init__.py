"""One line of a file to the documents in it: an ordered table of rules, each of which can be off.

The rules are applied in order, again and again until the line is at rest, so that cleaning what was
cleaned changes nothing. They touch markup, layout and site names only: digits, letters and
punctuation that somebody might type stay.

Each rule takes linear time, whatever the line. Most lines are clean, and one look tells.
"""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from prompt_gen.corpus.clean.characters import Fold, controls, converter, fold, form, spaces, width
from prompt_gen.corpus.clean.lines import has_letter, numbers, pieces
from prompt_gen.corpus.clean.markup import html
from prompt_gen.corpus.clean.tails import LAST_CHARS, tails
from prompt_gen.errors import UnknownChoice, did_you_mean

ROUNDS = 8  # a line that is still changing then is nested markup, not text


@dataclass(frozen=True)
class Rule:
    """One row: what the rule does, whether it is on unless said otherwise, and how.

    `apply` is a pure function from a line to a line; None: the cleaner itself acts on the name.
    """

    name: str
    summary: str
    default: bool = True
    apply: Callable[[str], str] | None = None


RULES: tuple[Rule, ...] = (
    Rule("controls", "take out controls, zero-width and private characters", True, controls),
    Rule("html", "decode entities, take out tags and comments", True, html),
    Rule("form", "compose letters and their marks (Unicode form NFC)", True, form),
    Rule("width", "full-width letters and digits to half, narrow katakana to full", True, width),
    Rule("spaces", "one blank for each run of white space, none at the ends", True, spaces),
    Rule("fold", "traditional characters to simplified or back, if a direction is set"),
    Rule("numbers", "take out list numbers, bullets and colons before the text", True, numbers),
    Rule("tails", "take out names of web sites and '...' behind the text", True, tails),
    Rule("letters", "drop lines without a letter"),
    Rule("long", "split over-long lines at sentence ends, never inside a clause"),
)
BITS = {rule.name: 1 << i for i, rule in enumerate(RULES)}

# Lines that no rule would change: they begin with a letter that is no numeral, hold only letters,
# digits and common punctuation, single blanks, and do not end as a tail does.
_HAN = "㐀-䶿一-鿿"
_LATIN = "A-Za-zÀ-ÖØ-öø-ÿ"
_COMMON = (
    rf"{_HAN}{_LATIN}0-9!-%'-,./:;=>?@\[\]^`{{}}~°±²³µ·×÷Α-Ωα-ω‘’“”℃≤≥、。〈-】ぁ-ゖァ-ヺー"
    "！（），：；？％～"
)
_PLAIN = re.compile(
    rf"(?:[{_LATIN}]|(?![一二三四五六七八九十])[{_HAN}]|[0-9]++[{_HAN}])"
    rf"(?:[{_COMMON}]++ ?)*+(?<! )(?<!\.\.)(?<![{LAST_CHARS}])"
)


class Cleaner:
    """Cleans lines by the rules that are on; can be sent to other processes.

    `rules` holds the names of those rules, `max_chars` the length above which a line is split, and
    `fold` the direction of the rule of that name.

    Raises:
        UnknownChoice: no such rule, or no such direction.
        MissingExtra: folding without the library opencc.
    """

    def __init__(self, rules: Iterable[str], max_chars: int, fold: Fold = "") -> None:
        names = set(rules)
        for name in sorted(names - set(BITS)):
            raise UnknownChoice(f"unknown cleaning rule '{name}'", did_you_mean(name, list(BITS)))
        self._steps = _steps(names, fold)
        self._folds = "fold" in names and bool(fold)
        self._letters = "letters" in names
        self._max_chars = max_chars if "long" in names else sys.maxsize

    def __call__(self, line: str) -> tuple[list[str], int, str]:
        """The documents of a line, the bits of the rules that changed it, and why there are none.

        Without documents the reason is `blank` (nothing is left), `no letters`, or `unsettled` (it
        still changes after 8 rounds); otherwise it is empty. Bit i stands for RULES[i].
        """
        if not self._folds and len(line) <= self._max_chars and _PLAIN.fullmatch(line):
            return [line], 0, ""
        documents: list[str] = []
        mask, why, waiting = 0, "", [line]
        while waiting:
            text, changed, reason = self._settle(waiting.pop())
            mask |= changed
            why = why or reason
            parts = [] if reason else pieces(text, self._max_chars)
            if len(parts) == 1:
                documents += parts
            elif parts:
                mask |= BITS["long"]
                waiting += reversed(parts)
        return documents, mask, "" if documents else why

    def _settle(self, text: str) -> tuple[str, int, str]:
        mask = 0
        for _ in range(ROUNDS):
            before = text
            for bit, apply in self._steps:
                after = apply(text)
                if after != text:
                    text, mask = after, mask | bit
            text = text.strip()
            if text == before:
                break
        else:
            return "", mask, "unsettled"
        if not text:
            return "", mask, "blank"
        if self._letters and not has_letter(text):
            return "", mask | BITS["letters"], "no letters"
        return text, mask, ""


def _steps(names: set[str], direction: Fold) -> tuple[tuple[int, Callable[[str], str]], ...]:
    applied = {rule.name: rule.apply for rule in RULES if rule.apply}
    if "fold" in names and direction:
        converter(direction)  # a missing library is told before any line is read
        applied["fold"] = partial(fold, direction=direction)
    return tuple((bit, applied[n]) for n, bit in BITS.items() if n in names and n in applied)


def names(mask: int) -> tuple[str, ...]:
    """The names of the rules whose bits are set, in order."""
    return tuple(name for name, bit in BITS.items() if mask & bit)
