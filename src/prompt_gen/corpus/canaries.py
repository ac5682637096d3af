"""Made-up secrets in the training text, to measure how well a model remembers single lines.

A secret is six random letters behind a word, such as `canary q x j w k e`: no cleaning rule and no
search for private data touches it, it reads alike in every language, and each letter stands for
itself to most vocabularies. There are 26^6 of them (|R|, 28.2 bits), all equally probable to who
has not seen the training text.

Source: Carlini et al. 2019, "The Secret Sharer: Evaluating and Testing Unintended Memorization in
Neural Networks".
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from string import ascii_lowercase

N_LETTERS = 6
N_SECRETS = len(ascii_lowercase) ** N_LETTERS  # |R|
_SEED = "secrets in the training text"


@dataclass(frozen=True)
class Canary:
    """A line with a secret, and how many times it is put into the training text."""

    text: str
    count: int


def make(counts: Iterable[int]) -> list[Canary]:
    """Different canaries, one for each count; always the same ones, in the same order."""
    return [Canary(text, n) for n, text in zip(counts, _drawn(_SEED), strict=False)]


def others(canary: Canary, n: int) -> list[str]:
    """`n` different lines of the same form with other secrets; always the same ones."""
    return list(islice((text for text in _drawn(canary.text) if text != canary.text), n))


def _drawn(seed: str) -> Iterator[str]:
    """Lines with secrets, in random order, none twice."""
    rng, known = random.Random(seed), set[str]()
    while True:
        text = f"canary {' '.join(rng.choices(ascii_lowercase, k=N_LETTERS))}"
        if text not in known:
            known.add(text)
            yield text
