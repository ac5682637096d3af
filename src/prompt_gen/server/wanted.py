"""Whether anybody still waits for an answer. What is computed for nobody ends at its next pass."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Request

from prompt_gen.errors import Cancelled

T = TypeVar("T")
Reason = Literal["superseded", "disconnected", "stopped"]

_WHY: dict[Reason, tuple[str, str]] = {
    "superseded": ("a newer keystroke of the session has come", "Wait for the answer to that one"),
    "disconnected": ("the client has closed the connection", ""),
    "stopped": ("the server is stopping", "Ask again when it is back"),
}


class Wanted:
    """The wish for one answer, from the request on until it is answered or has ended.

    It is ended in the thread of the event loop only; any thread may ask whether it has.
    """

    def __init__(self) -> None:
        self.reason: Reason | None = None
        self._waiting: set[asyncio.Future[None]] = set()

    def is_over(self) -> bool:
        """Whether nobody waits any more; to be asked between two passes of the model."""
        return self.reason is not None

    def end(self, reason: Reason) -> None:
        """Nobody waits any more. The first reason stays."""
        self.reason = self.reason or reason
        for each in self._waiting:
            if not each.done():
                each.set_result(None)

    async def wait_for(self, awaited: Awaitable[T]) -> T:
        """The result of something that may be given up, e.g. shielded.

        Raises:
            Cancelled: nobody waits any more.
        """
        coming, over = asyncio.ensure_future(awaited), asyncio.get_running_loop().create_future()
        self._waiting.add(over)
        try:
            if not self.is_over():
                await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
            if self.is_over():
                raise self.error()
            return coming.result()
        except asyncio.CancelledError:
            self.end("stopped")
            raise
        finally:
            self._waiting.discard(over)
            coming.cancel()

    def error(self) -> Cancelled:
        """What a request is answered whose answer nobody waits for."""
        assert self.reason is not None
        return Cancelled(*_WHY[self.reason])


async def _of(request: Request) -> Wanted:  # what is not async is called in another thread
    return request.scope["wanted"]


Asked = Annotated[Wanted, Depends(_of)]  # what a route that computes something takes
