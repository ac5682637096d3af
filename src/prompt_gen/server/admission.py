"""Who is worked for, who waits, and who is told at once to come again.

A queue that is longer than its last request has patience makes all of them late and none of them
faster: what cannot be begun soon is refused while that is cheap.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prompt_gen.errors import Overloaded
from prompt_gen.server.wanted import Wanted

_NEWEST = 0.1  # share of the newest request in the mean time that one takes


class Admission:
    """Places for requests at work, and a bounded queue before them.

    To be used in the thread of the event loop.
    """

    def __init__(self, n_places: int, max_waiting: int, max_wait_s: float) -> None:
        self._n_places, self._n_free = n_places, n_places
        self._max_waiting, self._max_wait_s = max_waiting, max_wait_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._mean_s = 0.0  # that a request at work takes

    @property
    def n_waiting(self) -> int:
        """Requests that wait for a place."""
        return len(self._waiting)

    @property
    def n_at_work(self) -> int:
        """Requests that have one."""
        return self._n_places - self._n_free

    @property
    def expected_wait_s(self) -> float:
        """How long the next request would wait for a place, seconds."""
        n_before = len(self._waiting) + 1 if not self._n_free else 0
        return n_before * self._mean_s / self._n_places

    @asynccontextmanager
    async def place(self, wanted: Wanted) -> AsyncIterator[None]:
        """A place for one request, as soon as there is one.

        Raises:
            Overloaded: too many wait, or the wait would be too long.
            Cancelled: nobody waits for the answer any more.
        """
        await self._taken(wanted)
        started = time.monotonic()
        try:
            yield
        finally:
            self._mean_s += _NEWEST * (time.monotonic() - started - self._mean_s)
            self._leave()

    async def _taken(self, wanted: Wanted) -> None:
        if wanted.is_over():
            raise wanted.error()
        if self._n_free:
            self._n_free -= 1
            return
        self.check()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await wanted.wait_for(turn)
        except BaseException:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:  # the place was given to somebody who has just gone
                self._leave()
            raise

    def check(self) -> None:
        """Refuse who cannot be worked for soon.

        Raises:
            Overloaded: too many wait, or the wait would be too long.
        """
        is_full = len(self._waiting) >= self._max_waiting and not self._n_free
        if is_full or self.expected_wait_s > self._max_wait_s:
            raise Overloaded(
                f"the server is busy: {len(self._waiting)} requests wait", "Try again in a second"
            )

    def _leave(self) -> None:
        """Give a place to who has waited longest."""
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._n_free += 1
