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
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from prompt_gen.text import SENTENCE_ENDS
from prompt_gen.vocab import Tokenizer

MAX_CHARS_BACK = 24
_KEPT_TEXTS = 1 << 10  # some lines of each who is typing; what was typed is not kept for long


@dataclass(frozen=True)
class Cover:
    """Whole tokens, and the typed bytes behind them that the next token must begin with."""

    ids: tuple[int, ...]
    open_bytes: bytes  # empty: the next token is free


class Vocabulary:
    """The tokens of a tokenizer in the order of their bytes, so that a prefix is a range."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        # The beginnings of a line come again with every key of it.
        self.encode = lru_cache(_KEPT_TEXTS)(self._encode)
        self.token_bytes = tokenizer.token_bytes
        order = sorted(range(tokenizer.size), key=lambda i: self.token_bytes[i])
        self._order = np.array(order, np.int64)
        self._sorted = [self.token_bytes[i] for i in order]
        # In UTF-8 a character begins with 00-7F or C2-F4 (The Unicode Standard, table 3-7).
        ranges = [(b"\x00", b"\x80"), (b"\xc2", b"\xf5")]
        borders = [(bisect_left(self._sorted, a), bisect_left(self._sorted, z)) for a, z in ranges]
        self._first = np.concatenate([self._order[a:z] for a, z in borders])

    @cached_property
    def texts(self) -> list[str | None]:
        """The text of every token; none for one that is no whole text, or none at all."""
        found: list[str | None] = []
        for data in self.token_bytes:
            try:
                found.append(data.decode("utf-8") or None)
            except UnicodeDecodeError:
                found.append(None)
        return found

    @cached_property
    def may_end(self) -> list[bool]:
        """Whether a sentence may end within a token."""
        marks = [mark.encode("utf-8") for mark in (*SENTENCE_ENDS, ".")]
        # A mark may come in pieces: any token that is no whole text may hold the last one.
        return [
            text is None or any(mark in data for mark in marks)
            for text, data in zip(self.texts, self.token_bytes, strict=True)
        ]

    @cached_property
    def max_bytes(self) -> int:
        """Length of the longest token."""
        return max(map(len, self.token_bytes))

    def _encode(self, text: str) -> tuple[int, ...]:
        return tuple(self.tokenizer.encode(text))

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
    encode = vocabulary.encode
    for border in range(len(text), max(-1, len(text) - 1 - MAX_CHARS_BACK), -1):
        open_bytes = text[border:].encode("utf-8")
        if len(open_bytes) >= vocabulary.max_bytes:
            break
        if border == len(text) or len(vocabulary.extending(open_bytes)):
            found.append(Cover(encode(text[:border]), open_bytes))
    return found


def fitting_covers(typed: str, vocabulary: Vocabulary, context: int, max_chars: int) -> list[Cover]:
    """Covers with BOS before them, which leave room in the context for a continuation.

    Where they would not fit, all lose the same beginning, in large steps: so most keys of a long
    line go on from what was read for the key before.
    """
    bos = vocabulary.tokenizer.bos_id
    found = [Cover((bos, *c.ids), c.open_bytes) for c in covers(typed, vocabulary)]
    room = max(context // 2, context - max_chars - 1)
    longest = max(len(c.ids) for c in found)
    step = max(1, room // 2)
    cut = -(-max(0, longest - room) // step) * step
    cut = min(cut, n_shared([c.ids for c in found]) - 1) if cut else 0  # they begin alike still
    return [Cover(c.ids[cut:], c.open_bytes) for c in found if len(c.ids) > cut]


def n_shared(paths: Sequence[tuple[int, ...]]) -> int:
    """Tokens that all paths begin with, leaving at least one of its own to each."""
    shortest = min(map(len, paths)) - 1
    for at in range(shortest):
        if len({path[at] for path in paths}) > 1:
            return at
    return shortest
