"""Clients that hang up: their requests are wanted no longer."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_gen.server.wanted import Wanted


class Hangups:
    """Gives each request a `Wanted` of its own, and ends it when the connection is closed.

    The server tells of that only to those who wait to receive more, so from the end of the body on
    somebody always does, be the answer a list or a stream.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = scope["wanted"] = Wanted()
        watching: asyncio.Task[Message] | None = None
        is_answered = False

        async def hangup() -> Message:
            message = await receive()
            if not is_answered:
                wanted.end("disconnected")
            return message

        async def watched() -> Message:
            nonlocal watching
            if watching is not None:
                return await asyncio.shield(watching)
            message = await receive()
            if not message.get("more_body"):
                watching = asyncio.create_task(hangup())
            return message

        async def sent(message: Message) -> None:
            nonlocal is_answered
            is_answered = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self.app(scope, watched, sent)
        finally:
            if watching is not None:
                watching.cancel()
