"""`/v1/complete`: what the box speaks."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from prompt_gen.errors import PromptGenError
from prompt_gen.server.keystrokes import Found, Keystrokes
from prompt_gen.server.limits import OURS, error_response, from_error
from prompt_gen.server.observed import new_name
from prompt_gen.server.routes.openai import check_model
from prompt_gen.server.schema import (
    CandidateOut,
    CompleteEvent,
    CompleteRequest,
    CompleteResponse,
    Timing,
)
from prompt_gen.server.served import Served
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.sse import Events, begun, event_schema
from prompt_gen.server.wanted import Asked
from prompt_gen.text import check_text

_log = logging.getLogger(__name__)
_STREAM = {
    "text/event-stream": {
        "schema": event_schema(
            "with `stream`: a `CompleteEvent` in JSON, a list that is better than the one before; "
            "the last one is `final`, or an error"
        )
    }
}


def router(serving: Serving) -> APIRouter:
    """The route of the box."""
    routes = APIRouter(route_class=_refusing(serving.keystrokes))

    @routes.post(
        "/v1/complete",
        response_model=CompleteResponse,
        responses=errors(404, 413, 422, 499, 503) | {200: {"content": _STREAM}},
    )
    async def complete(request: CompleteRequest, asked: Asked) -> CompleteResponse | Response:
        """Candidates for what was typed."""
        serving.check(request.prompt, "prompt")
        check_text(request.user or "", "user")
        model = serving.worker.model
        if request.model is not None:
            check_model(request.model, model)
        answer = _Answer(model, request)
        if request.stream:
            lists = serving.keystrokes.improving(model, request, asked)
            return Events(answer.events(await begun(lists)))
        found = await serving.keystrokes.answer(model, request, asked)
        return CompleteResponse(**answer.fields(found))

    return routes


def _refusing(keystrokes: Keystrokes) -> type[APIRoute]:
    """Routes that refuse a key before its body is read, which is half of what a refusal costs."""

    class Refusing(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handler(request: Request) -> Response:
                keystrokes.check()
                return await handle(request)

            return handler

    return Refusing


class _Answer:
    """What all lists for one request have in common."""

    def __init__(self, model: Served, request: CompleteRequest) -> None:
        self._started, self._request, self._model = time.perf_counter(), request, model
        self._id = f"cmpl-{new_name()}"

    def fields(self, found: Found) -> dict[str, Any]:
        """A list as it is sent."""
        return {
            "id": self._id,
            "model": self._model.bundle.name,
            "version": self._model.version,
            "prompt": self._request.prompt,
            "session": self._request.session,
            "seq": self._request.seq,
            "candidates": [CandidateOut(**vars(each)) for each in found.candidates],
            "hurried": found.is_hurried,
            "timing": Timing(
                queue_ms=found.queue_ms, total_ms=(time.perf_counter() - self._started) * 1000
            ),
        }

    async def events(self, lists: AsyncIterator[Found]) -> AsyncIterator[str]:
        """Lists as they come; what goes wrong behind the first of them is the last event."""
        try:
            async for found in lists:
                event = CompleteEvent(**self.fields(found), final=found.is_final)
                yield event.model_dump_json()
        except PromptGenError as error:
            yield bytes(from_error(error).body).decode()
        except Exception:
            _log.exception("a stream broke off")
            broken = error_response(500, "an error of the server; its log says more", OURS)
            yield bytes(broken.body).decode()
