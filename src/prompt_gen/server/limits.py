"""What is refused before a route sees it, and what every answer carries."""

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_gen.errors import (
    Cancelled,
    InvalidRequest,
    NotReady,
    PromptGenError,
    StorageError,
    StoreUnavailable,
)

HEADERS = {
    b"content-security-policy": b"default-src 'self'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}
_TRY_AGAIN = (503, 507)
_KINDS = {
    **dict.fromkeys((NotReady, StoreUnavailable, StorageError), "unavailable_error"),
    Cancelled: "cancelled",
}


def error_response(status: int, message: str, kind: str, param: str | None = None) -> JSONResponse:
    """The one shape of an error; it never repeats what was sent."""
    body = {"error": {"message": message, "type": kind, "param": param, "code": status}}
    headers = {"retry-after": "1"} if status in _TRY_AGAIN else None
    return JSONResponse(body, status, headers)


def from_error(error: PromptGenError) -> JSONResponse:
    """The answer for one of our own errors."""
    kind = _KINDS.get(type(error), "invalid_request_error")
    param = error.param if isinstance(error, InvalidRequest) else None
    return error_response(error.http_status, str(error), kind, param)


class Limits:
    """Counts the bytes of a body as they come and adds the security headers to every answer."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app, self.max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            await send(message)

        body = await self._body(receive)
        if body is None:
            answer = error_response(
                413, f"the body is larger than {self.max_body_bytes} bytes", "invalid_request_error"
            )
            await answer(scope, receive, send_with_headers)
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self.app(scope, replay, send_with_headers)

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body, or None when it is too large (the rest is not read)."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > self.max_body_bytes:
                return None
            if not message.get("more_body"):
                return bytes(body)
