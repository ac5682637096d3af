"""How a model that reads from left to right reads a text of which something is to be said.

once     each piece is judged by what stands before it and itself
twice    the text stands there two times, and pieces of the second one are judged: all is known then
around   once, and every token looks at all others

All three are a matter of what a stock model is given: the weights' file does not know of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prompt_gen.vocab import Tokenizer

Read = Literal["once", "twice", "around"]


@dataclass(frozen=True)
class Reading:
    """Tokens to read, and the place of the last token of each piece that is judged there."""

    tokens: list[int]
    places: list[int]


def read_text(tokenizer: Tokenizer, pieces: Sequence[str], n_most: int, how: Read) -> list[Reading]:
    """The readings of a text of at most `n_most` tokens each; one judges the pieces behind another.

    A piece that does not fit is cut at its end. Pieces are encoded each by itself, so a token is of
    one piece only.
    """
    room = n_most - 1 if how != "twice" else (n_most - 2) // 2
    encoded = [ids[:room] or [tokenizer.eos_id] for ids in tokenizer.encode_batch(pieces)]
    groups, group, n = list[list[list[int]]](), list[list[int]](), 0
    for ids in encoded:
        if n + len(ids) > room:
            groups.append(group)
            group, n = [], 0
        group.append(ids)
        n += len(ids)
    groups.append(group)
    return [_reading(tokenizer, group, how) for group in groups]


def _reading(tokenizer: Tokenizer, group: list[list[int]], how: Read) -> Reading:
    text = [token for ids in group for token in ids]
    before = [tokenizer.bos_id]
    if how == "twice":
        before += [*text, tokenizer.eos_id]
    places, at = [], len(before) - 1
    for ids in group:
        at += len(ids)
        places.append(at)
    return Reading([*before, *text], places)
