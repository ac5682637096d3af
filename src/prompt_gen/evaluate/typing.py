"""What simulated users save who type lines with a list of candidates at hand.

A user sees a list behind every key but the last one. Taking a candidate gives the characters of it
that are right; what is wrong behind them is cut off with one further key. The share of keystrokes
saved is that of Trnka and McCoy 2008, "Evaluating word prediction: framing keystroke savings",
which also asks for the ceiling: what the same user would save with a perfect predictor.

P beginnings, K ranks, N lines
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from prompt_gen.evaluate.numbers import Number, Ratio
from prompt_gen.evaluate.optional import Needs, absent
from prompt_gen.evaluate.typed import Typed
from prompt_gen.text import is_cjk

NEEDS: Needs = {"saved_pinyin": ("pypinyin",), "ceiling_pinyin": ("pypinyin",)}
NOTHING = -1  # rank at a beginning where nothing was taken


@dataclass(frozen=True)
class Way:
    """How a user came to the end of every line. Beginnings that were jumped over have 0 keys."""

    typed: Typed
    keys_P: np.ndarray  # 1: typed a character, or took a candidate for so many keys
    chars_P: np.ndarray  # characters that they gave
    rank_P: np.ndarray  # of the candidate that was taken, from 0; NOTHING: none

    @cached_property
    def saved(self) -> Ratio:
        """Share of keystrokes saved; the first key of each line is always typed."""
        return Ratio(self.typed.total(self.chars_P - self.keys_P), _lengths(self.typed))

    def saved_where(self, where_P: np.ndarray) -> Ratio:
        """The same, of the characters that were written from some beginnings only."""
        return Ratio(
            self.typed.total((self.chars_P - self.keys_P) * where_P),
            self.typed.total(self.chars_P * where_P),
        )

    @cached_property
    def saved_pinyin(self) -> Ratio:
        """The same in keys of an input method: letters of the pinyin, and one to choose."""
        ends = [np.cumsum([0, *map(pinyin_keys, line)]) for line in self.typed.lines]
        n_keys_P = np.zeros(len(self.keys_P))
        for row in np.flatnonzero(self.keys_P):
            line, start = self.typed.line_P[row], self.typed.length_P[row]
            n_keys_P[row] = ends[line][start + self.chars_P[row]] - ends[line][start]
        taken_P = self.rank_P != NOTHING
        saved_N = self.typed.total((n_keys_P - self.keys_P) * taken_P)
        return Ratio(saved_N, np.array([line_ends[-1] for line_ends in ends], float))


def rational(typed: Typed, k: int, min_right: int) -> Way:
    """The way of a user who reads k candidates and takes what saves most, if it saves anything.

    A candidate is taken when its right beginning has at least `min_right` characters; the one at
    rank r (from 0) costs 1 + r keys, and one more if it does not end where it is right.
    """
    right_PK = typed.right_PK[:, :k]
    costs_PK = 1 + np.arange(right_PK.shape[1]) + ~typed.is_right_PK[:, :k]
    gains_PK = np.where(right_PK >= min_right, right_PK - costs_PK, 0)
    return _greedy(typed, right_PK, costs_PK, gains_PK)


def lazy(typed: Typed) -> Way:
    """The way of a user who looks at the first candidate alone, and takes it if it is all right."""
    right_PK = typed.right_PK[:, :1]
    costs_PK = np.ones_like(right_PK)
    gains_PK = np.where(typed.is_right_PK[:, :1], right_PK - costs_PK, 0)
    return _greedy(typed, right_PK, costs_PK, gains_PK)


def oracle(typed: Typed, k: int) -> Way:
    """The way with the fewest keys, if any of k candidates could be taken with one key.

    No user types so; it says what the lists hold.
    """
    right_PK = typed.right_PK[:, :k]
    costs_PK = 1 + ~typed.is_right_PK[:, :k]
    best_P = np.full(len(right_PK), NOTHING)
    row = len(right_PK)
    for line in range(len(typed.lines) - 1, -1, -1):
        n = len(typed.offers[line])
        row -= n
        keys_left = np.zeros(n + 1, np.int64)  # behind j + 1 characters
        for j in range(n - 1, -1, -1):
            keys_left[j] = 1 + keys_left[j + 1]
            takes = costs_PK[row + j] + keys_left[j + right_PK[row + j]]
            takes[right_PK[row + j] == 0] = n + 1
            if takes.min() < keys_left[j]:
                best_P[row + j], keys_left[j] = takes.argmin(), takes.min()
    return _walk(typed, right_PK, costs_PK, best_P)


def _greedy(typed: Typed, right_PK: np.ndarray, costs_PK: np.ndarray, gains_PK: np.ndarray) -> Way:
    """Takes the candidate of the highest gain wherever there is any; of equals the first."""
    best_P = gains_PK.argmax(axis=1)
    best_P[gains_PK.max(axis=1) <= 0] = NOTHING
    return _walk(typed, right_PK, costs_PK, best_P)


def _walk(typed: Typed, right_PK: np.ndarray, costs_PK: np.ndarray, best_P: np.ndarray) -> Way:
    """Go through every line, taking the best candidates where one comes by."""
    rows = np.arange(len(best_P))
    is_taken_P = best_P != NOTHING
    chars_P = np.where(is_taken_P, right_PK[rows, best_P], 1)
    keys_P = np.where(is_taken_P, costs_PK[rows, best_P], 1)
    is_visited_P = np.zeros(len(best_P), bool)
    start = 0
    for row in map(len, typed.offers):
        at = start
        while at < start + row:
            is_visited_P[at] = True
            at += int(chars_P[at])
        start += row
    return Way(
        typed,
        keys_P * is_visited_P,
        chars_P * is_visited_P,
        np.where(is_visited_P, best_P, NOTHING),
    )


def ceiling(typed: Typed, min_right: int) -> Way:
    """The way of the rational user if the first candidate were always right."""
    right_P1 = np.array([[len(target)] for target in typed.target_P])
    gains_P1 = np.where(right_P1 >= min_right, right_P1 - 1, 0)
    return _greedy(typed, right_P1, np.ones_like(right_P1), gains_P1)


def numbers(typed: Typed, ranks: Sequence[int], min_right: int) -> dict[str, Number]:
    """Keystrokes saved by all users, with the ceiling; in pinyin where there is Chinese."""
    found: dict[str, Number] = {}
    top = ceiling(typed, min_right)
    has_chinese = any(map(is_cjk, "".join(typed.lines))) and not absent(NEEDS)
    for k in ranks:
        way = rational(typed, k, min_right)
        found[f"saved@{k}"] = way.saved
        found[f"saved_oracle@{k}"] = oracle(typed, k).saved
        if has_chinese:
            found[f"saved_pinyin@{k}"] = way.saved_pinyin
    found |= {"saved_lazy": lazy(typed).saved, "ceiling": top.saved}
    if has_chinese:
        found["ceiling_pinyin"] = top.saved_pinyin
    return found


@lru_cache(maxsize=1 << 16)
def pinyin_keys(character: str) -> int:
    """Keys of a character: letters of its pinyin and one to choose it; 1 if it is not Chinese."""
    from pypinyin import lazy_pinyin

    if not is_cjk(character):
        return 1
    spelled = lazy_pinyin(character, errors="ignore")
    return len(spelled[0]) + 1 if spelled else 1


def _lengths(typed: Typed) -> np.ndarray:
    return np.array([len(line) for line in typed.lines], float)
