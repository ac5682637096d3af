"""Strings that tokenizers are compared on: as people write, and as nobody does."""

import random
from collections.abc import Sequence

from prompt_gen.vocab import Tokenizer
from prompt_gen.vocab.adopt import HOSTILE

_RANGES = (  # (first, last, how often)
    (0x4E00, 0x9FA5, 8), (0x61, 0x7A, 6), (0x41, 0x5A, 2), (0x30, 0x39, 3), (0x20, 0x20, 5),
    (0x21, 0x2F, 2), (0x3A, 0x40, 1), (0x3000, 0x3003, 2), (0x3008, 0x3011, 1),
    (0xFF01, 0xFF5E, 2), (0x0A, 0x0A, 1), (0x09, 0x0D, 0.3), (0xC0, 0x17F, 1), (0x391, 0x3C9, 0.5),
    (0x410, 0x44F, 0.5), (0x3041, 0x30FE, 1), (0xAC00, 0xD7A3, 0.5), (0x1F300, 0x1F64F, 1),
    (0x1F900, 0x1F9FF, 0.5), (0x2460, 0x2473, 0.3), (0x200D, 0x200D, 0.3), (0xFE0F, 0xFE0F, 0.3),
)  # fmt: skip
_LONGEST = 24  # characters, or tokens


def strings(tokenizer: Tokenizer, texts: Sequence[str], n: int, seed: int = 0) -> list[str]:
    """So many strings: hostile ones, pieces of texts, entries and characters at random."""
    rng = random.Random(seed)
    entries = [data.decode("utf-8", "ignore") for data in tokenizer.token_bytes]
    entries = [entry for entry in entries if entry]
    kinds = [lambda: _entries(rng, entries), lambda: _characters(rng)]
    if texts := [text for text in texts if text]:
        kinds.append(lambda: _pieces(rng, texts))
    found: dict[str, None] = dict.fromkeys(HOSTILE)
    while len(found) < n:
        found[rng.choice(kinds)()] = None
    return list(found)[:n]


def _entries(rng: random.Random, entries: Sequence[str]) -> str:
    return "".join(rng.choices(entries, k=rng.randint(1, _LONGEST)))


def _characters(rng: random.Random) -> str:
    shares = [share for *_, share in _RANGES]
    chosen = rng.choices(_RANGES, shares, k=rng.randint(1, _LONGEST))
    return "".join(chr(rng.randint(first, last)) for first, last, _ in chosen)


def _pieces(rng: random.Random, texts: Sequence[str]) -> str:
    text = rng.choice(texts) + rng.choice(("", " ", "\n", "，")) + rng.choice(texts)
    start = rng.randrange(len(text))
    return text[start : start + rng.randint(1, 2 * _LONGEST)]
