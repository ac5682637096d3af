"""Has work done with the model: in threads, as many at a time as there are places.

Python runs one thread at a time, whatever the cores: more threads would not answer more keys, only
all of them later. So there are lanes, each with threads and a queue of its own: one for keys, and
one for what takes longer, which keys need not wait for.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.server.admission import Admission
from prompt_gen.server.served import Models, Served
from prompt_gen.server.wanted import Wanted

T = TypeVar("T")
IsOver = Callable[[], bool]  # to be asked between two passes: nobody waits for the answer any more


class Lane:
    """Threads for one kind of work, and who may wait for them."""

    def __init__(self, name: str, n_threads: int, max_waiting: int, max_wait_ms: float) -> None:
        self.threads = ThreadPoolExecutor(n_threads, name)
        self.admission = Admission(n_threads, max_waiting, max_wait_ms / 1000)


class Worker:
    """Has work done by threads that share the passes of one model (see `engine.sharing`).

    To be used in the thread of the event loop.
    """

    def __init__(self, loaded: Bundle, engine: EngineConfig, config: ServeConfig) -> None:
        self.config = engine
        self.models = Models(loaded, engine)
        self.quiet = threading.Event()  # nobody is being served
        self.quiet.set()
        n, wait_ms, texts_wait_ms = config.max_waiting, config.max_wait_ms, config.texts_max_wait_ms
        self.keys = Lane("keys", config.keys_at_work, n, wait_ms)
        self.hurried = Lane("hurried", 1, n, 2 * wait_ms)  # keys, without a pass of the model
        self.texts = Lane("texts", config.texts_at_work, n, texts_wait_ms)
        self._at_work: set[asyncio.Task[Any]] = set()

    def close(self) -> None:
        """Let the work that goes on end, and start no other."""
        for lane in self.lanes:
            lane.threads.shutdown(wait=True, cancel_futures=True)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All there are."""
        return self.keys, self.hurried, self.texts

    @property
    def model(self) -> Served:
        """The model. A request takes it once, and is answered by that one.

        Raises:
            NotReady: it is still loading, or the server is stopping.
            PromptGenError: it could not be loaded.
        """
        return self.models.now

    async def run(self, lane: Lane, work: Callable[[IsOver], T], wanted: Wanted) -> T:
        """What `work` returns; it is called in a thread of the lane, with what it shall ask.

        Raises:
            Cancelled: nobody waits for it any more; `work` ends at its next pass.
            Overloaded: too many others are at work, and wait.
            Exception: what `work` raises.
        """
        return await wanted.wait_for(asyncio.shield(self.start(lane, work, wanted)))

    async def stream(
        self, lane: Lane, work: Callable[[IsOver], Iterable[T]], wanted: Wanted
    ) -> AsyncGenerator[T, None]:
        """What `work` yields in another thread, as it comes. Raises as `run` does."""
        loop, found = asyncio.get_running_loop(), asyncio.Queue[tuple[T, ...]]()

        def produce(is_over: IsOver) -> None:
            for result in work(is_over):
                loop.call_soon_threadsafe(found.put_nowait, (result,))

        working = self.start(lane, produce, wanted)
        working.add_done_callback(lambda _: found.put_nowait(()))
        try:
            while result := await wanted.wait_for(found.get()):
                yield result[0]
            await working
        except (GeneratorExit, asyncio.CancelledError):  # nobody asks for more
            wanted.end("disconnected")
            raise

    def start(self, lane: Lane, work: Callable[[IsOver], T], wanted: Wanted) -> asyncio.Task[T]:
        """Begin what `run` waits for: somebody is being served until it is done."""
        working = asyncio.create_task(self._done(lane, work, wanted))
        self._at_work.add(working)
        self.quiet.clear()
        working.add_done_callback(self._ended)
        return working

    async def _done(self, lane: Lane, work: Callable[[IsOver], T], wanted: Wanted) -> T:
        async with lane.admission.place(wanted):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(lane.threads, work, wanted.is_over)

    def _ended(self, working: asyncio.Task[Any]) -> None:
        self._at_work.discard(working)
        if not self._at_work:
            self.quiet.set()
        if not working.cancelled():
            working.exception()  # told to whoever waits; if nobody does, nobody needs to know
