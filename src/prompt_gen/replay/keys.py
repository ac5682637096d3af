"""Lines typed key by key with one side, and what each key took."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from prompt_gen.engine import Candidate
from prompt_gen.evaluate.typed import Offer
from prompt_gen.replay.sides import Shown, Side

Found = TypeVar("Found")


@dataclass(frozen=True)
class Key:
    """What was shown behind a key, what that took, and what the pause behind it took."""

    offer: Offer  # with wall time, and the passes of the key alone
    cpu_ms: float  # of all threads of the process
    pause_ms: float
    pause_cpu_ms: float


def type_lines(side: Side, lines: Sequence[str], n: int) -> list[list[Key]]:
    """Every key but the last of every line; of what is shown the first n are kept."""
    return [_type_line(side, line, n) for line in lines]


def _type_line(side: Side, line: str, n: int) -> list[Key]:
    side.begin_line()
    return [_press(side, line[:at], n) for at in range(1, len(line))]


def _press(side: Side, typed: str, n: int) -> Key:
    n_before = side.n_passes
    shown, ms, cpu_ms = _timed(lambda: side.key(typed))
    n_passes = side.n_passes - n_before
    _, pause_ms, pause_cpu_ms = _timed(side.pause)
    return Key(Offer(_candidates(shown[:n], typed), ms, n_passes), cpu_ms, pause_ms, pause_cpu_ms)


def _timed(work: Callable[[], Found]) -> tuple[Found, float, float]:
    """A value, with wall and processor milliseconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    ms = (time.perf_counter() - wall) * 1000
    return found, ms, (time.process_time() - cpu) * 1000


def _candidates(shown: Shown, typed: str) -> tuple[Candidate, ...]:
    """Plain texts as candidates whose probability nobody gave."""
    return tuple(
        each if isinstance(each, Candidate) else Candidate(typed + each, each, 0.0, "length")
        for each in shown
    )
