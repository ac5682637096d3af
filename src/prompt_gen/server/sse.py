"""Answers that come in pieces, as server-sent events."""

from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse


class Events(StreamingResponse):
    """Events of data alone, each a text of one line; proxies are told to pass them on at once."""

    media_type = "text/event-stream"

    def __init__(self, data: AsyncIterator[str]) -> None:
        headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
        super().__init__(_framed(data), headers=headers)


async def _framed(data: AsyncIterator[str]) -> AsyncIterator[bytes]:
    async for line in data:
        yield f"data: {line}\n\n".encode()
