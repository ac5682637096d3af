"""Covers: the token paths that spell what was typed and whose last token may run past the caret.

The caret is rarely at a token's end: behind 高血 the model has only ever seen the one token 高血压.
So the last token of what was typed must be left open. A model is trained on the tokenizer's own
encodings alone; in such an encoding of a longer text, the tokens before a border b that lies in
what was typed are the tokenizer's encoding of text[:b], and one token crosses from b past the
caret. So there is at most one cover for each border b, and it is enough to look back as far as the
longest token reaches.
Sources: Vieira et al. 2024 and Phan et al. 2025 on exact prefix probabilities of tokenized models.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prompt_gen.vocab import Tokenizer

MAX_CHARS_BACK = 24


@dataclass(frozen=True)
class Cover:
    """Whole tokens, and the typed bytes behind them that the next token must begin with."""

    ids: tuple[int, ...]
    open_bytes: bytes  # empty: the next token is free


class Vocabulary:
    """The tokens of a tokenizer in the order of their bytes, so that a prefix is a range."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.token_bytes = tokenizer.token_bytes
        order = sorted(range(tokenizer.size), key=lambda i: self.token_bytes[i])
        self._order = np.array(order, np.int64)
        self._sorted = [self.token_bytes[i] for i in order]
        # In UTF-8 a character begins with 00-7F or C2-F4 (The Unicode Standard, table 3-7).
        ranges = [(b"\x00", b"\x80"), (b"\xc2", b"\xf5")]
        borders = [(bisect_left(self._sorted, a), bisect_left(self._sorted, z)) for a, z in ranges]
        self._first = np.concatenate([self._order[a:z] for a, z in borders])

    @cached_property
    def max_bytes(self) -> int:
        """Length of the longest token."""
        return max(map(len, self.token_bytes))

    def extending(self, start: bytes) -> np.ndarray:
        """Ids of the tokens that begin with `start` and are longer.

        For b'' these are all that can begin a text: none from inside a character.
        """
        if not start:
            return self._first
        low = bisect_left(self._sorted, start + b"\x00")
        # 0xFF occurs in no text, so it lies behind all that goes on from `start`.
        return self._order[low : bisect_left(self._sorted, start + b"\xff")]


def covers(text: str, vocabulary: Vocabulary) -> list[Cover]:
    """The covers of a text, shortest open part first; BOS is not part of them."""
    found = []
    encode = vocabulary.tokenizer.encode
    for border in range(len(text), max(-1, len(text) - 1 - MAX_CHARS_BACK), -1):
        open_bytes = text[border:].encode("utf-8")
        if len(open_bytes) >= vocabulary.max_bytes:
            break
        if border == len(text) or len(vocabulary.extending(open_bytes)):
            found.append(Cover(tuple(encode(text[:border])), open_bytes))
    return found
