"""Which continuations the training text holds word for word, and in how many lines."""

from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate
from typing import Any

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Stop
from prompt_gen.memory import Memory
from prompt_gen.memory.index import Index
from prompt_gen.vocab import Tokenizer

_BEFORE = 2  # tokens before the caret that have to stand before it in the text, too
_MAX_PLACES = 4096  # that are looked at
_CUT = ("length", "open", "stop")  # the last token may be the beginning of another one only
_KEPT = 1 << 11


class Verbatim:
    """Looks continuations up in the text of a memory. What was asked last is kept."""

    def __init__(self, index: Index, tokenizer: Tokenizer) -> None:
        self.index, self.tokenizer = index, tokenizer
        self._encode = lru_cache(_KEPT)(lambda text: tuple(tokenizer.encode(text)))
        self._n_lines = lru_cache(_KEPT)(lambda *found: self.lines_of(self._holding(*found)))

    def n_lines(self, typed: str, found: Stop) -> int:
        """How many lines hold a continuation behind the last words that were typed; 0: none."""
        return self._n_lines(self._ids(typed, found), found.reason in _CUT)

    def documents(self, typed: str, found: Stop) -> np.ndarray:
        """The documents that hold it, by number, at most some thousand."""
        return self._holding(self._ids(typed, found), found.reason in _CUT)

    def lines_of(self, documents: np.ndarray) -> int:
        """How many lines documents stand for."""
        return int(self.index.lines_at(self.index.documents[documents]).sum())

    def holding(self, low: int, high: int) -> np.ndarray:
        """The documents of suffixes[low:high], by number, at most some thousand."""
        places = self.index.places(slice(low, min(high, low + _MAX_PLACES)))
        return self._documents(places)

    def _holding(self, ids: tuple[int, ...], is_cut: bool) -> np.ndarray:
        """The documents that hold tokens, the last of which may be the beginning of another."""
        *whole, last = ids
        low, high = self.index.find(whole if is_cut else ids)
        places = self.index.places(slice(low, min(high, low + _MAX_PLACES)))
        if is_cut:
            start, bytes_of = self.tokenizer.token_bytes[last], self.tokenizer.token_bytes
            next_P = self.index.text[places + len(whole)]
            fitting = [i for i in np.unique(next_P).tolist() if bytes_of[i].startswith(start)]
            places = places[np.isin(next_P, fitting)]
        return self._documents(places)

    def _documents(self, places: np.ndarray) -> np.ndarray:
        return np.unique(self.index.documents.searchsorted(places, "right") - 1)

    def text(self, document: int) -> str:
        """A document of the memory."""
        ends = np.append(self.index.documents[1:], self.index.n_tokens)
        ids = self.index.text[self.index.documents[document] : ends[document]]
        return self.tokenizer.decode(ids.tolist())

    def _ids(self, typed: str, found: Stop) -> tuple[int, ...]:
        """The tokens of a continuation and the last ones before it."""
        ids = (self.tokenizer.bos_id, *self._encode(typed + found.completion))
        ends = list(accumulate(len(self.tokenizer.token_bytes[i]) for i in ids[1:]))
        n_typed = len(typed.encode("utf-8"))
        first = 1 + sum(end <= n_typed for end in ends)  # that has anything behind the caret
        return ids[max(0, first - _BEFORE) :]


def rule(
    verbatim: Verbatim | None, typed: str, config: EngineConfig
) -> Callable[[Stop], bool] | None:
    """Which continuations may be shown; none: all of them.

    What is not longer than `free_chars` may, however rare it is in the text.
    """
    if verbatim is None or (config.verbatim == "any" and config.min_lines == 1):
        return None

    def may_be_shown(found: Stop) -> bool:
        is_free = len(found.completion.strip()) <= config.free_chars
        if is_free and config.verbatim != "only":
            return True
        n_lines = verbatim.n_lines(typed, found)
        if config.verbatim == "never":
            return not n_lines
        if config.verbatim == "only" and not n_lines:
            return False
        return is_free or not n_lines or n_lines >= config.min_lines

    return may_be_shown


def look_up(memory: Memory, tokenizer: Tokenizer, text: str, n: int) -> dict[str, Any]:
    """Where a text stands, and what followed the longest match with its end, for people."""
    index, ids = memory.index, tokenizer.encode(text)
    typed = np.array([[tokenizer.bos_id, *ids]])
    _, matches = index.follow(index.start(), typed, np.array([typed.shape[1]]))
    estimate = memory.estimator.behind(matches)
    probability_V = memory.alone.mixed(None, estimate, memory.estimator.unigrams)[0]
    depth = int(estimate.depth_B[0])
    low, high = index.find(ids) if ids else (0, 0)
    verbatim = Verbatim(index, tokenizer)
    documents = verbatim.holding(low, high)
    best = np.argsort(-probability_V, kind="stable")[:n].tolist()
    return {
        "text": text,
        "lines": verbatim.lines_of(documents),
        "match": tokenizer.decode(typed[0, typed.shape[1] - depth :].tolist()),
        "match_lines": int(estimate.n_lines_B[0])
        or int(matches.high_BD[0, depth] - matches.low_BD[0, depth]),
        "continuations": [
            {"token": tokenizer.readable(i), "probability": float(probability_V[i])} for i in best
        ],
        "examples": [verbatim.text(document) for document in documents[:n].tolist()],
    }
