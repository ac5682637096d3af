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


def share(p: float) -> str:
    """A probability as people write it; not escaped."""
    return unescape(words.percent(p, 1.0))


def passes(n: int) -> str:
    """So many passes."""
    return f"{n:,} {'pass' if n == 1 else 'passes'}"
