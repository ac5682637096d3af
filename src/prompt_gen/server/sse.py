"""Answers that come in pieces, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Any, TypeVar

from fastapi.responses import StreamingResponse

T = TypeVar("T")


def event_schema(data: str) -> dict[str, Any]:
    """How the description of the API speaks of an event; `data` says what its text is."""
    return {
        "type": "object",
        "properties": {"data": {"type": "string", "description": data}},
        "required": ["data"],
    }


class Events(StreamingResponse):
    """Events of data alone, each a text of one line; proxies are told to pass them on at once."""

    media_type = "text/event-stream"

    def __init__(self, data: AsyncIterator[str]) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(_framed(data), headers=headers)


async def _framed(data: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for line in data:
        yield f"data: {line}\n\n".encode()


async def begun(pieces: AsyncIterator[T]) -> AsyncIterator[T]:
    """The same pieces, when the first is there: what goes wrong before has an answer of its own."""
    first = list[T]()
    async for piece in pieces:
        first.append(piece)
        break

    async def all_of_them() -> AsyncIterator[T]:
        for piece in first:
            yield piece
        async for piece in pieces:
            yield piece

    return all_of_them()
