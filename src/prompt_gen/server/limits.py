"""What is refused before a route sees it, and what every answer carries."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_gen.errors import (
    Cancelled,
    InvalidRequest,
    NotReady,
    Overloaded,
    PromptGenError,
    StorageError,
    StoreUnavailable,
)

HEADERS = {
    b"content-security-policy": b"default-src 'self'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
}

NO_JSON = "the body is not JSON"
_MAX_NAME = 100  # characters of a field's name that an error repeats
_TRY_AGAIN = (503, 507)
_KINDS = {
    **dict.fromkeys((NotReady, Overloaded, StoreUnavailable, StorageError), "unavailable_error"),
    Cancelled: "cancelled",
}


def error_response(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    param: str | None = None,
    **how: Any,
) -> JSONResponse:
    """The one shape of an error; it never repeats what was sent.

    `code` is the status unless given, as the OpenAI API has names of its own; `headers` are added.
    """
    code = how.get("code", status)
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    headers = {"retry-after": "1"} if status in _TRY_AGAIN else {}
    return JSONResponse(body, status, headers | how.get("headers", {}))


def validation_error(error: RequestValidationError, status: int = 422, **how: Any) -> JSONResponse:
    """The answer that names the first field that is missing or wrong."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return error_response(status, NO_JSON, **how)
    param = _printable(".".join(str(part) for part in first["loc"][1:])) or None
    what = f"field '{param}'" if param else "the body (see its content type)"
    said = first["msg"].removeprefix("Value error, ")
    message = f"{what}: {said[0].lower()}{said[1:]}"
    return error_response(status, message, param=param, **how)


def _printable(name: str) -> str:
    """The name of a field as it can be sent: half of a surrogate pair cannot."""
    return name[:_MAX_NAME].encode("utf-8", "backslashreplace").decode()


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
