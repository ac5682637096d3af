"""A first list from the memory alone, in a millisecond or two, before a network has spoken.

It is how the training lines went on that hold the longest end of what was typed, most frequent
first. Nothing is scored: the places of an end lie together in the index.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Ends, Stop, family, readable
from prompt_gen.engine.covers import Vocabulary, covers
from prompt_gen.memory.index import Index

_COVERS = 4  # ways to cut what was typed into tokens, those with the least behind them first
_ENDS = (8, 3, 1)  # tokens before the caret, where the whole line stands nowhere
_PLACES, _READ = 4096, 16  # of one end: looked at, and read on from


def first(
    index: Index, vocabulary: Vocabulary, typed: str, config: EngineConfig
) -> list[tuple[Stop, float]]:
    """Up to n continuations of a typed line, all different, of the longest end there is.

    With each its share of the places that were read for that end, or that of the one before it
    where it would be more.
    """
    ends = Ends(typed, config.max_chars, config.stop)
    found: dict[str, tuple[Stop, float]] = {}
    for places, n_open in _places(index, vocabulary, typed):
        here: Counter[Stop] = Counter()
        for place in places:
            stopped = _read(index, vocabulary, place, n_open, ends)
            if stopped is not None and stopped.completion.strip():
                here[stopped] += 1
        for stopped, count in here.most_common():
            found.setdefault(family(stopped.completion), (stopped, count / here.total()))
        if len(found) >= config.n:
            break
    shares = accumulate((share for _, share in found.values()), min)
    stops = (stopped for stopped, _ in found.values())
    return list(zip(stops, shares, strict=True))[: config.n]


def _places(index: Index, vocabulary: Vocabulary, typed: str) -> Iterator[tuple[list[int], int]]:
    """Where the token that crosses the caret begins, and how many of its bytes were typed."""
    cuts = covers(typed, vocabulary)[:_COVERS]
    for n_tokens in (None, *_ENDS):
        for cut in cuts:
            ids = [index.bos, *cut.ids]
            if n_tokens is not None and n_tokens >= len(ids):
                continue
            end = ids if n_tokens is None else ids[-n_tokens:]
            low, high = index.find(end)
            behind = index.places(slice(low, min(high, low + _PLACES))) + len(end)
            if cut.open_bytes:
                is_allowed_V = np.zeros(vocabulary.tokenizer.size, bool)
                is_allowed_V[vocabulary.extending(cut.open_bytes)] = True
                behind = behind[is_allowed_V[index.text[behind]]]
            if len(behind):
                yield behind[:: -(-len(behind) // _READ)].tolist(), len(cut.open_bytes)


def _read(index: Index, vocabulary: Vocabulary, place: int, n_open: int, ends: Ends) -> Stop | None:
    """The text from a token on, up to where a continuation stops."""
    ids = index.text[place : place + ends.max_chars].tolist()  # a token has a byte at least
    ended = index.eos in ids
    whole = ids[: ids.index(index.eos)] if ended else ids
    text = readable(b"".join(vocabulary.token_bytes[i] for i in whole)[n_open:])
    return None if text is None else ends.stopped(text, ended)
