"""Which part of the corpus a line belongs to, decided by a hash of its content.

A line goes to the same part in whatever order the corpus is, and in any but a small one whatever
else is in it; lines with the same normal form always go together: nothing that is tested on was
trained on.
"""

import hashlib
from collections.abc import Sequence

from prompt_gen.config import CorpusConfig
from prompt_gen.text import normal_form

PARTS = ("train", "validation", "test")


def position(text: str) -> float:
    """A number in [0, 1) that depends on the normal form of the text alone."""
    digest = hashlib.sha256(normal_form(text).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8]) / 2**64


def split(texts: Sequence[str], config: CorpusConfig) -> list[str]:
    """The part of each text, in order.

    Test texts lie lowest, validation texts next. In a small corpus the two borders rise until each
    held-out part has `min_held_out` texts, but never more than a tenth of all.
    """
    places = [position(text) for text in texts]
    ordered = sorted(set(places))
    least = min(config.min_held_out, len(ordered) // 10)
    test_border = _border(ordered, config.test, least)
    validation_border = _border(
        [p for p in ordered if p >= test_border], test_border + config.validation, least
    )
    return [
        "test" if p < test_border else "validation" if p < validation_border else "train"
        for p in places
    ]


def _border(ordered: list[float], border: float, least: int) -> float:
    """The given border, or the lowest one that has `least` places below it."""
    if least == 0 or least >= len(ordered):
        return border
    return max(border, ordered[least])
