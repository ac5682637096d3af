"""Lines to look at: how a user got through them, and where the model did worst."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.evaluate.memorisation import Memorisation
from prompt_gen.evaluate.subject import Subject
from prompt_gen.evaluate.typed import Typed
from prompt_gen.evaluate.typing import NOTHING, Way, rational

N_EXAMPLES, N_WORST = 30, 10


def of(subject: Subject, recited: Sequence[Memorisation], config: EvaluateConfig) -> dict[str, Any]:
    """Replayed lines, the worst of them, and what was recited; empty where nothing was typed."""
    typed = subject.typed
    if not len(typed.line_P):
        return {"examples": [], "worst": [], "memorised": []}
    way = rational(typed, typed.n_ranks, config.min_right)
    return {
        "examples": replayed(way),
        "worst": worst(way),
        "memorised": recited[0].examples if recited else [],
    }


def replayed(way: Way) -> list[dict[str, Any]]:
    """The first lines, with what was offered at each step of a user's way."""
    typed = way.typed
    saved_N = way.saved.of_N / way.saved.by_N
    ends = np.cumsum([len(row) for row in typed.offers])
    found = []
    for i, line in enumerate(typed.lines[:N_EXAMPLES]):
        rows = np.arange(ends[i] - len(typed.offers[i]), ends[i])
        steps = [_step(way, row) for row in rows if way.keys_P[row]]
        found.append({"line": line, "saved": round(float(saved_N[i]), 4), "keys": steps})
    return found


def _step(way: Way, row: int) -> dict[str, Any]:
    line, j = way.typed.line_P[row], int(way.typed.length_P[row])
    offered = way.typed.offers[line][j - 1].candidates
    taken = int(way.rank_P[row])
    return {
        "typed": j,
        "offered": [candidate.completion for candidate in offered],
        "took": None if taken == NOTHING else taken,
        "right": 0 if taken == NOTHING else int(way.chars_P[row]),
        "keys": int(way.keys_P[row]),
    }


def worst(way: Way) -> list[dict[str, Any]]:
    """Lines of which least was saved, of equals the longest; with what stood first in a list."""
    typed = way.typed
    saved_N = way.saved.of_N / way.saved.by_N
    order = np.lexsort((-way.saved.by_N, saved_N))[:N_WORST]
    return [
        {"line": typed.lines[i], "saved": round(float(saved_N[i]), 4)} | _first_offer(typed, int(i))
        for i in order
    ]


def _first_offer(typed: Typed, line: int) -> dict[str, Any]:
    """What stood first behind a quarter of the line."""
    j = max(1, len(typed.lines[line]) // 4)
    offered = typed.offers[line][j - 1].candidates
    return {"typed": j, "offered": offered[0].completion if offered else ""}
