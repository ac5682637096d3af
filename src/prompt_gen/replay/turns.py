"""Sides take turns: a block of lines each, with a rest between, every source in its own process.

In one process the threads of one library, which spin for a while when they have nothing to do,
would count as processor time of whoever has the turn, and settings such as torch's number of
threads would be everybody's. Processes are as good as alone once the others rest, and a rest is
what spinning threads need there, too. The order moves on by one with each block, so that none is
always behind the same other.
"""

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prompt_gen.errors import PromptGenError
from prompt_gen.replay.keys import Key, type_lines
from prompt_gen.replay.sides import Side, Source
from prompt_gen.run import Event, Watch

BLOCK, REST_S = 20, 0.5
_WARM_UP = 10  # keys


@dataclass(frozen=True)
class Player:
    """One side, by the process that it lives in."""

    name: str
    process: "Process"

    def play(self, lines: Sequence[str], n: int) -> list[list[Key]]:
        """Type some lines."""
        return self.process.ask(_play, self.name, tuple(lines), n)


class Process:
    """A process that opens a source and types with its sides, until the block ends."""

    def __init__(self, source: Source, threads: int) -> None:
        from loky import ProcessPoolExecutor  # see `workers`: why not those of the library

        self._source = source
        self._pool = ProcessPoolExecutor(
            1,
            initializer=signal.signal,
            initargs=(signal.SIGINT, signal.SIG_IGN),
            env={"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
        )

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(kill_workers=True)

    def players(self, warm_up: str) -> list[Player]:
        """The sides, warmed up by the beginning of a line."""
        return [Player(name, self) for name in self.ask(_warm, warm_up[: _WARM_UP + 1])]

    def ask(self, function: Any, *arguments: Any) -> Any:
        """What a function says there of the source and some arguments.

        Raises:
            PromptGenError: the process was ended from outside.
        """
        from loky.process_executor import BrokenProcessPool

        try:
            asked: Future = self._pool.submit(function, self._source, *arguments)
            return asked.result()
        except BrokenProcessPool as error:
            raise PromptGenError(
                f"the process that types with {self._source} was ended from outside",
                "Was the memory used up? Try again with fewer peers",
            ) from error


def take_turns(
    players: Sequence[Player], lines: Sequence[str], n: int, watch: Watch
) -> dict[str, list[list[Key]]]:
    """What every player found for every line."""
    found: dict[str, list[list[Key]]] = {player.name: [] for player in players}
    clock = _Clock(sum(map(len, lines)), [player.name for player in players])
    for player, block in _turns(players, lines):
        time.sleep(REST_S)
        watch(clock.event(player.name))
        started = time.perf_counter()
        found[player.name] += player.play(block, n)
        clock.tell(player.name, sum(map(len, block)), time.perf_counter() - started + REST_S)
    return found


def _turns(
    players: Sequence[Player], lines: Sequence[str]
) -> Iterator[tuple[Player, Sequence[str]]]:
    for i, start in enumerate(range(0, len(lines), BLOCK)):
        first = i % len(players)
        for player in (*players[first:], *players[:first]):
            yield player, lines[start : start + BLOCK]


class _Clock:
    """How much is left. One player may be a hundred times as fast as another."""

    def __init__(self, n_chars: int, names: Sequence[str]) -> None:
        self._n_chars = n_chars
        self._done = dict.fromkeys(names, 0)
        self._seconds = dict.fromkeys(names, 0.0)

    def tell(self, name: str, chars: int, seconds: float) -> None:
        self._done[name] += chars
        self._seconds[name] += seconds

    def event(self, name: str) -> Event:
        """Progress, with the time left once every player has shown how fast it is."""
        facts: dict[str, Any] = {"typing": name}
        if all(self._done.values()):
            facts["left_s"] = sum(
                self._seconds[each] * (self._n_chars - done) / done
                for each, done in self._done.items()
            )
        total = self._n_chars * len(self._done)
        return Event("bench", "progress", sum(self._done.values()), total, facts)


# -- in a process ----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _opened(source: Source) -> dict[str, Side]:
    return source.open()


def _warm(source: Source, line: str) -> list[str]:
    sides = _opened(source)
    for side in sides.values():
        type_lines(side, [line], 1)
    return list(sides)


def _play(source: Source, name: str, lines: Sequence[str], n: int) -> list[list[Key]]:
    return type_lines(_opened(source)[name], lines, n)
