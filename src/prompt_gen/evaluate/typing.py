"""Held-out lines typed key by key: what a user would have saved, and how long each key took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.engine import Candidate, Completer


@dataclass(frozen=True)
class Typing:
    """What a simulated user got who accepts whenever it saves keys.

    Accepting the candidate at rank r (0 is the first) costs 1 + r keys. The user takes the one that
    saves most, if it is right up to its end and saves at least one key. Source: the keystroke
    saving rate of Trnka and McCoy 2008, with the cost of moving in the list.
    """

    lines: int
    keystrokes: int
    keystrokes_saved: float  # share of the keys of typing without help
    keystrokes_saved_first: float  # the same for a user who looks at the first candidate alone
    duplicates: int  # candidates that were shown twice in one list; must be 0
    wrong_prefixes: int  # candidates that do not begin with what was typed; must be 0
    p50_ms: float
    p95_ms: float
    passes_per_keystroke: float


def replay(
    completer: Completer, lines: Sequence[str], progress: Callable[[int, int], None]
) -> Typing:
    """Type the lines twice: with the whole list, and with its first entry alone."""
    times_ms: list[float] = []
    n_duplicates = n_wrong = 0
    n_passes = completer.model.n_passes
    lists: dict[str, list[Candidate]] = {}

    def ask(prefix: str) -> list[Candidate]:
        nonlocal n_duplicates, n_wrong
        if prefix not in lists:
            started = time.perf_counter()
            found = lists[prefix] = completer.complete(prefix)
            times_ms.append((time.perf_counter() - started) * 1000)
            n_duplicates += len(found) - len({c.text for c in found})
            n_wrong += sum(not c.text.startswith(prefix) for c in found)
        return lists[prefix]

    keys = {"all": 0, "first": 0}
    for n_done, line in enumerate(lines, 1):
        keys["all"] += keystrokes(line, ask)
        keys["first"] += keystrokes(line, lambda prefix: ask(prefix)[:1])
        progress(n_done, len(lines))
    n_chars = sum(map(len, lines))
    return Typing(
        lines=len(lines),
        keystrokes=n_chars,
        keystrokes_saved=1 - keys["all"] / n_chars,
        keystrokes_saved_first=1 - keys["first"] / n_chars,
        duplicates=n_duplicates,
        wrong_prefixes=n_wrong,
        p50_ms=float(np.percentile(times_ms, 50)),
        p95_ms=float(np.percentile(times_ms, 95)),
        passes_per_keystroke=(completer.model.n_passes - n_passes) / len(times_ms),
    )


def keystrokes(line: str, ask: Callable[[str], list[Candidate]]) -> int:
    """Keys that it takes to write a line with candidates at hand, from the first key on."""
    n_keys = n_written = 1
    while n_written < len(line):
        saved, length = 0, 1
        for rank, candidate in enumerate(ask(line[:n_written])):
            if line.startswith(candidate.text):
                gain = len(candidate.completion) - (1 + rank)
                if gain > saved:
                    saved, length = gain, len(candidate.completion)
        n_keys += length - saved
        n_written += length
    return n_keys
