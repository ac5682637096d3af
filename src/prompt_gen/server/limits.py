"""What is refused before a route sees it: bodies that are too large or not JSON."""

from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prompt_gen.errors import (
    Cancelled,
    InvalidRequest,
    NotJson,
    NotReady,
    Overloaded,
    PromptGenError,
    StorageError,
    StoreUnavailable,
    TooOften,
)

OURS = "server_error"  # what is no fault of the one who asked
NO_JSON = "the body is not JSON"
UNKNOWN = "unknown_field"  # the type of an error of a field that there is not
_HOW_TO_SEND = "Send JSON, with the header 'content-type: application/json'"
_MAX_NAME = 100  # characters of a field's name that an error repeats
_KINDS = {
    **dict.fromkeys((NotReady, Overloaded, StoreUnavailable, StorageError), "unavailable_error"),
    TooOften: "rate_limit_error",
    Cancelled: "cancelled",
}
_HEADERS = {
    401: {"www-authenticate": "Bearer"},
    429: {"retry-after": "1"},
    503: {"retry-after": "1"},
    507: {"retry-after": "1"},
}


def error_response(
    status: int,
    message: str,
    kind: str = "invalid_request_error",
    param: str | None = None,
    **how: Any,
) -> JSONResponse:
    """The one shape of an error; it never repeats what was typed.

    `code` is the status unless given, as the OpenAI API has names of its own; `headers` are added.
    """
    code = how.get("code", status)
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return JSONResponse(body, status, _HEADERS.get(status, {}) | how.get("headers", {}))


def validation_error(error: RequestValidationError, status: int = 422, **how: Any) -> JSONResponse:
    """The answer that names the first field that is missing or wrong."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return error_response(status, NO_JSON, **how)
    place = [*first["loc"][1:], *([first["ctx"]["field"]] if first["type"] == UNKNOWN else ())]
    param = printable(".".join(map(str, place))) or None
    said = first["msg"].removeprefix("Value error, ")
    said = f"{said[0].lower()}{said[1:]}"
    message = f"field '{param}': {said}" if param else f"the body: {said}. {_HOW_TO_SEND}"
    return error_response(status, message, param=param, **how)


def printable(name: str) -> str:
    """The name of a field as it can be sent: half of a surrogate pair cannot."""
    return name[:_MAX_NAME].encode("utf-8", "backslashreplace").decode()


def from_error(error: PromptGenError) -> JSONResponse:
    """The answer for one of our own errors."""
    kind = _KINDS.get(type(error), "invalid_request_error")
    param = error.param if isinstance(error, InvalidRequest) else None
    return error_response(error.http_status, str(error), kind, param)


class Limits:
    """Counts the bytes of a body as they come; a body that is not empty has to be JSON.

    Pages of other origins can send forms and plain text without asking first, but no JSON.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self.app, self.max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, is_whole = await self._body(receive)
        if not is_whole:
            return  # the client has gone
        answer = self._refusal(scope, body)
        if answer is not None:
            await answer(scope, receive, send)
            return
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def replay() -> Message:
            return next(messages, None) or await receive()

        await self.app(scope, replay, send)

    def _refusal(self, scope: Scope, body: bytes) -> JSONResponse | None:
        if len(body) > self.max_body_bytes:
            message = f"the body is larger than {self.max_body_bytes} bytes"
            return error_response(413, message, "invalid_request_error")
        kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
        if body and kind != "application/json":
            return from_error(
                NotJson(
                    "the body is not said to be JSON",
                    "Send the header 'Content-Type: application/json'",
                )
            )
        return None

    async def _body(self, receive: Receive) -> tuple[bytes, bool]:
        """The body, and whether it came whole; one that is too large is not read further."""
        body = bytearray()
        while len(body) <= self.max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                return bytes(body), False
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        return bytes(body), True
