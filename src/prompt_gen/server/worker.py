"""Has work done with the model: in threads, as many at a time as there are places."""

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


class Worker:
    """Has work done by threads that share the passes of one model (see `engine.sharing`).

    To be used in the thread of the event loop.
    """

    def __init__(self, loaded: Bundle, engine: EngineConfig, config: ServeConfig) -> None:
        self.config = engine
        self.models = Models(loaded, engine)
        self.quiet = threading.Event()  # nobody is being served
        self.quiet.set()
        self._threads = ThreadPoolExecutor(config.at_work, "completer")
        self.admission = Admission(config.at_work, config.max_waiting, config.max_wait_ms / 1000)
        self._at_work: set[asyncio.Task[Any]] = set()

    def close(self) -> None:
        """Let the work that goes on end, and start no other."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    @property
    def model(self) -> Served:
        """The model. A request takes it once, and is answered by that one.

        Raises:
            NotReady: it is still loading, or the server is stopping.
            PromptGenError: it could not be loaded.
        """
        return self.models.now

    async def run(self, work: Callable[[IsOver], T], wanted: Wanted) -> T:
        """What `work` returns; it is called in another thread, with what it shall ask.

        Raises:
            Cancelled: nobody waits for it any more; `work` ends at its next pass.
            Overloaded: too many others are at work, and wait.
            Exception: what `work` raises.
        """
        working = self._start(lambda: work(wanted.is_over), wanted)
        return await wanted.wait_for(asyncio.shield(working))

    async def stream(
        self, work: Callable[[IsOver], Iterable[T]], wanted: Wanted
    ) -> AsyncGenerator[T, None]:
        """What `work` yields in another thread, as it comes. Raises as `run` does."""
        loop, found = asyncio.get_running_loop(), asyncio.Queue[tuple[T, ...]]()

        def produce() -> None:
            for result in work(wanted.is_over):
                loop.call_soon_threadsafe(found.put_nowait, (result,))

        working = self._start(produce, wanted)
        working.add_done_callback(lambda _: found.put_nowait(()))
        try:
            while result := await wanted.wait_for(found.get()):
                yield result[0]
            await working
        except (GeneratorExit, asyncio.CancelledError):  # nobody asks for more
            wanted.end("disconnected")
            raise

    def _start(self, call: Callable[[], T], wanted: Wanted) -> asyncio.Task[T]:
        """Somebody is being served until the call returns, whoever still waits for that."""
        working = asyncio.create_task(self._called(call, wanted))
        self._at_work.add(working)
        self.quiet.clear()
        working.add_done_callback(self._ended)
        return working

    async def _called(self, call: Callable[[], T], wanted: Wanted) -> T:
        async with self.admission.place(wanted):
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def _ended(self, working: asyncio.Task[Any]) -> None:
        self._at_work.discard(working)
        if not self._at_work:
            self.quiet.set()
        if not working.cancelled():
            working.exception()  # told to whoever waits; if nobody does, nobody needs to know
