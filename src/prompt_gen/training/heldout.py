"""The documents that a run is judged by, chosen by its seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.shards import Part
from prompt_gen.vocab import Tokenizer


@dataclass(frozen=True)
class HeldOut:
    """Documents of a part by number, in the order they were drawn."""

    documents: tuple[int, ...]
    n_chars: int  # of all of them, exact; ends are not counted

    @property
    def n_predicted(self) -> int:
        """Characters and ends of documents: what bits per character are divided by."""
        return self.n_chars + len(self.documents)


def choose(part: Part, tokenizer: Tokenizer, n: int, seed: int) -> HeldOut:
    """Up to n documents of a part."""
    drawn = np.random.default_rng(seed).permutation(len(part))[:n]
    documents = tuple(int(i) for i in drawn)
    return HeldOut(documents, sum(count_chars(part, tokenizer, documents)))


def count_chars(part: Part, tokenizer: Tokenizer, documents: Sequence[int]) -> list[int]:
    """Characters of each document, without its end."""
    return [len(tokenizer.decode(part[i].tolist())) for i in documents]
