"""How numbers and reasons are called, in text and in pictures."""

from html import unescape

from prompt_gen.page import words

REASONS = {  # why a candidate ends where it does
    "sentence": "sentence ends",
    "clause": "clause ends",
    "eos": "line may end",
    "stop": "stop text follows",
    "length": "longest length",
    "open": "not read further",
}
_SPACE = "␣"


def share(p: float) -> str:
    """A probability as people write it; not escaped."""
    return unescape(words.percent(p, 1.0))


def passes(n: int) -> str:
    """So many passes."""
    return f"{n:,} {'pass' if n == 1 else 'passes'}"


def seen(piece: str) -> str:
    """A piece of text, with signs for what could not be seen of it alone."""
    text = words.plain(piece)
    inner = text.strip(" ")
    if not inner:
        return _SPACE * len(text)
    before, after = text.split(inner, 1)
    return _SPACE * len(before) + inner + _SPACE * len(after)
