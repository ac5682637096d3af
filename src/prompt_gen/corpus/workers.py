"""A function over many items in several processes, in order, with few items on the way."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Any

from prompt_gen.errors import PromptGenError

WORTH_BYTES = 8 << 20  # less input is done before other processes have started
_AHEAD = 3  # items on the way for each process


class Workers:
    """Processes that live as long as the block; with one, the work is done in this process."""

    def __init__(self, n: int, n_bytes: int) -> None:
        self._n = n or os.cpu_count() or 1
        self._pool = None
        if self._n > 1 and n_bytes >= WORTH_BYTES:
            # Processes of the standard library run the caller's script again, or share its locks.
            from loky import ProcessPoolExecutor

            self._pool = ProcessPoolExecutor(
                self._n, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
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
                if len(waiting) >= _AHEAD * self._n:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise PromptGenError(
                "a process that cleans the corpus was ended from outside",
                "Was the memory used up? Try again with --set corpus.workers=1",
            ) from error
