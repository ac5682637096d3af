"""A function over many items in several processes, in order, with few items on the way."""

import os
import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from prompt_gen.errors import PromptGenError

_AHEAD = 3  # items on the way for each process


def n_processes(wanted: int, is_worth_it: bool) -> int:
    """Processes to start: as many as wanted; for 0 one a core, or one where more do not pay."""
    return wanted or ((os.cpu_count() or 1) if is_worth_it else 1)


class Workers:
    """Processes that live as long as the block; with one, the work is done in this process.

    `purpose` and `setting` are for the message when a process is ended from outside: what it does,
    and the name of the setting for the number of processes.
    """

    def __init__(self, n: int, purpose: str, setting: str) -> None:
        self.n, self._purpose, self._setting = n, purpose, setting
        self._pool = None
        if n > 1:
            # Processes of the standard library run the caller's script again, or share its locks.
            from loky import ProcessPoolExecutor

            # Processes grow as they load what they work with; one that is renewed loses nothing.
            warnings.filterwarnings("ignore", "A worker was restarted", UserWarning)
            self._pool = ProcessPoolExecutor(
                n, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
            )

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(kill_workers=True)

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """The function's values, in the order of the items.

        Raises:
            PromptGenError: a process was ended from outside.
        """
        if self._pool is None:
            yield from map(function, items)
            return
        from loky.process_executor import BrokenProcessPool

        waiting: deque[Future] = deque()
        try:
            for item in items:
                waiting.append(self._pool.submit(function, item))
                if len(waiting) >= _AHEAD * self.n:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise PromptGenError(
                f"a process that {self._purpose} was ended from outside",
                f"Was the memory used up? Try again with --set {self._setting}=1",
            ) from error
