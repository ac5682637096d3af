"""`/v1/completions`: what clients of the OpenAI API speak.

Every field is honoured or refused with its name; errors have that API's shape and its status 400.
"""

import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from prompt_gen.engine.writing import Piece
from prompt_gen.errors import (
    Cancelled,
    InvalidRequest,
    NotFound,
    PromptGenError,
    TextTooLong,
    did_you_mean,
)
from prompt_gen.server.choices import Choices, Shown
from prompt_gen.server.limits import NO_JSON, error_response, from_error, validation_error
from prompt_gen.server.schema_openai import (
    MAX_CHOICES,
    Choice,
    Chunk,
    Completion,
    CompletionRequest,
    Usage,
)
from prompt_gen.server.served import Served
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.sse import Events, event_schema
from prompt_gen.server.wanted import Asked
from prompt_gen.server.worker import IsOver
from prompt_gen.text import check_text

_Step = tuple[list[Choice], Usage]
_OURS = "server_error"
_log = logging.getLogger(__name__)
_EVENT = event_schema("a `Chunk` in JSON, or `[DONE]`")
_STREAM = {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "the continuations"}


class OpenAIRoute(APIRoute):
    """A route whose wrong requests are answered 400, with the codes of the OpenAI API."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of requests, as FastAPI has it."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return validation_error(error, 400, code=None)
            except HTTPException:  # what FastAPI says of a body that is not even text
                return error_response(400, NO_JSON, code=None)
            except TextTooLong as error:
                return _refused(400, error, error.param, "context_length_exceeded")
            except InvalidRequest as error:
                return _refused(400, error, error.param)
            except NotFound as error:
                return _refused(404, error, "model", "model_not_found")

        return handled


def _refused(
    status: int, error: PromptGenError, param: str | None, code: str | None = None
) -> Response:
    return error_response(status, str(error), param=param, code=code)


def router(serving: Serving) -> APIRouter:
    """The route of OpenAI's completions."""
    routes = APIRouter(route_class=OpenAIRoute)

    @routes.post(
        "/v1/completions",
        response_model=Completion,
        responses=errors(400, 404, 413, 499, 503) | {200: _STREAM},
    )
    async def completions(request: CompletionRequest, asked: Asked) -> Completion | Response:
        """Plain text that goes on from a prompt, token by token."""
        model = serving.worker.model
        check_model(request.model, model)
        _check_together(request)
        _check_texts(request, serving)
        answer = _Answer(model, request)
        if not request.stream:
            return await serving.worker.run(serving.worker.texts, answer.whole, asked)
        steps = serving.worker.stream(serving.worker.texts, answer.steps, asked)
        first = await anext(steps, None)  # what is wrong is known by then, and answered as such
        return Events(told_events(answer.chunks(first, steps)))

    return routes


def check_model(name: str, model: Served) -> None:
    """Refuse a name that is not the model's.

    Raises:
        NotFound: it is not.
    """
    check_name(name, model.bundle.name)


def check_name(name: str, known: str) -> None:
    """The same, of a model by its name alone."""
    if name != known:
        raise NotFound(
            "there is no such model for this (see /v1/models)", did_you_mean(name[:100], [known])
        )


async def told_events(chunks: AsyncIterator[str]) -> AsyncIterator[str]:
    """The events of a stream and its end; what goes wrong behind its beginning is the last one."""
    try:
        async for chunk in chunks:
            yield chunk
        yield "[DONE]"
    except Cancelled:
        return
    except PromptGenError as error:
        yield bytes(from_error(error).body).decode()
    except Exception:
        _log.exception("a stream broke off")
        broken = error_response(500, "an error of the server; its log says more", _OURS)
        yield bytes(broken.body).decode()


def _check_texts(request: CompletionRequest, serving: Serving) -> None:
    for given in request.prompts:
        if isinstance(given, str):
            serving.check(given, "prompt")
    for text in request.generation().stop:
        check_text(text, "stop")
    check_text(request.user or "", "user")


def _check_together(request: CompletionRequest) -> None:
    """Refuse fields that do not go together."""
    n, best_of = request.n_shown, request.best_of
    if best_of is not None and best_of < n:
        raise InvalidRequest(
            f"field 'best_of' is {best_of}, and 'n' is {n}", "It is at least as large", "best_of"
        )
    if request.stream and best_of is not None and best_of > n:
        raise InvalidRequest(
            f"field 'best_of' is {best_of}, and which of them is best is known at the end only",
            "Leave it out, or 'stream'",
            "best_of",
        )
    if request.stream_options is not None and not request.stream:
        raise InvalidRequest(
            "field 'stream_options' is of streams only", "Set 'stream'", "stream_options"
        )
    n_all = len(request.prompts) * request.generation().n
    if n_all > MAX_CHOICES:
        raise InvalidRequest(
            f"field 'prompt': all prompts together ask for {n_all} continuations",
            f"At most {MAX_CHOICES} are made for one request",
            "prompt",
        )


class _Answer:
    """What is answered to one request; its parts are made in another thread."""

    def __init__(self, model: Served, request: CompletionRequest) -> None:
        self._request = request
        self._generation = request.generation()
        self._generator = model.completer.generator(request.user)
        self._about = {
            "id": f"cmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": model.bundle.name,
        }

    def whole(self, is_over: IsOver) -> Completion:
        """All at once."""
        choices, steps = self._begun(is_over)
        found = choices.all(steps)
        return Completion(**self._about, choices=found, usage=choices.usage())

    def steps(self, is_over: IsOver) -> Iterator[_Step]:
        """What is new after each pass, and the tokens of all so far."""
        choices, steps = self._begun(is_over)
        for pieces in steps:
            yield [choices.chunk(piece) for piece in pieces], choices.usage()

    async def chunks(self, first: _Step | None, steps: AsyncIterator[_Step]) -> AsyncIterator[str]:
        """The events of a stream, without its end."""
        options, last = self._request.stream_options, first
        tells_usage = bool(options and options.include_usage)

        def chunk(**what: Any) -> str:
            made = Chunk(**self._about, **what)
            return made.model_dump_json(exclude=None if tells_usage else {"usage"})

        for choice in first[0] if first else ():
            yield chunk(choices=[choice])
        async for last in steps:
            for choice in last[0]:
                yield chunk(choices=[choice])
        if tells_usage and last:
            yield chunk(choices=[], usage=last[1])

    def _begun(self, is_over: IsOver) -> tuple[Choices, Iterator[list[Piece]]]:
        """The maker of the choices, and what it makes them of.

        Raises:
            InvalidRequest: a token that is none, or more than the model can hold.
        """
        generator, request, wanted = self._generator, self._request, self._generation
        n_tokens = generator.vocabulary_size
        if any(token >= n_tokens for token in wanted.drawing.bias):
            raise InvalidRequest(
                f"field 'logit_bias': tokens are from 0 to {n_tokens - 1}",
                "Encode texts with the tokenizer of this model's bundle",
                "logit_bias",
            )
        prompts = [generator.prompt(given) for given in request.prompts]
        is_scored = bool(request.echo) and request.logprobs is not None
        for prompt in prompts:
            generator.check(prompt, wanted, is_scored=is_scored)
        shown = [
            Shown(
                prompt.text if request.echo else "",
                generator.scored(prompt, wanted.n_top, is_over) if is_scored else (),
            )
            for prompt in prompts
        ]
        return Choices(request, prompts, shown), generator.run(prompts, wanted, is_over)
