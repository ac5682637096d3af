"""What cleaning changed in a line, character by character."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from prompt_gen.corpus.prepare import SHOWN_CHARS
from prompt_gen.page.words import shown


def compared(before: str, after: Sequence[str]) -> tuple[str, str]:
    """Markup of both sides: what went is marked on the left, what came on the right.

    Several documents stand below each other on the right. Where a text was cut for the report, its
    end is not compared.
    """
    is_cut = bool(after) and max(map(len, (before, *after))) >= SHOWN_CHARS
    *others, last = after or [""]
    new = "".join(f"{other}{_end(other)}\n" for other in others) + last
    steps = SequenceMatcher(None, before, new, autojunk=False).get_opcodes()
    left, right = [], []
    for number, (what, i, j, k, m) in enumerate(steps, 1):
        is_shared = what == "equal" or (is_cut and number == len(steps))
        left.append(_marked(before[i:j], "" if is_shared else "del"))
        right.append(_marked(new[k:m], "" if is_shared else "ins"))
    return "".join(left) + _end(before), "".join(right) + _end(last)


def _end(text: str) -> str:
    return "…" if len(text) >= SHOWN_CHARS else ""


def _marked(text: str, name: str) -> str:
    return f"<{name}>{shown(text)}</{name}>" if text and name else shown(text)
