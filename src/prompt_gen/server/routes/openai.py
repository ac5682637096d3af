"""`/v1/completions`: what clients of the OpenAI API speak.

Every field is honoured or refused with its name; errors have that API's shape and its status 400.
"""

import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from prompt_gen.engine.generating import Generator, Prompt
from prompt_gen.errors import (
    Cancelled,
    InvalidRequest,
    NotFound,
    PromptGenError,
    TextTooLong,
    did_you_mean,
)
from prompt_gen.server.choices import Choices, Shown
from prompt_gen.server.limits import NO_JSON, error_response, validation_error
from prompt_gen.server.schema_openai import MAX_CHOICES, Chunk, Completion, CompletionRequest
from prompt_gen.server.served import Served
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.sse import Events
from prompt_gen.server.wanted import Asked, Wanted
from prompt_gen.server.worker import IsOver
from prompt_gen.text import check_text

_log = logging.getLogger(__name__)
_EVENT = {
    "type": "object",
    "properties": {"data": {"type": "string", "description": "a `Chunk` in JSON, or `[DONE]`"}},
    "required": ["data"],
}
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
        generator = model.completer.generator(request.user)
        prepared = await serving.worker.run(partial(_prepared, generator, request), asked)
        if request.stream:
            return Events(_streamed(serving, generator, request, prepared, model, asked))
        return await serving.worker.run(partial(_whole, generator, request, prepared, model), asked)

    return routes


def check_model(name: str, model: Served) -> None:
    """Refuse a name that is not the model's.

    Raises:
        NotFound: it is not.
    """
    if name != model.bundle.name:
        raise NotFound(
            "there is no model of this name (see /v1/models)",
            did_you_mean(name[:100], [model.bundle.name]),
        )


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


def _prepared(
    generator: Generator, request: CompletionRequest, is_over: IsOver
) -> tuple[list[Prompt], Choices]:
    """The prompts in tokens, and what makes the choices."""
    generation, size = request.generation(), generator.vocabulary_size
    if any(token >= size for token in generation.drawing.bias):
        raise InvalidRequest(
            f"field 'logit_bias': tokens are from 0 to {size - 1}",
            "Encode texts with the tokenizer of this model's bundle",
            "logit_bias",
        )
    prompts = [generator.prompt(given) for given in request.prompts]
    is_scored = bool(request.echo) and request.logprobs is not None
    for prompt in prompts:
        generator.check(prompt, generation, is_scored=is_scored)
    shown = [
        Shown(
            prompt.text if request.echo else "",
            generator.scored(prompt, generation.n_top, is_over) if is_scored else (),
        )
        for prompt in prompts
    ]
    return prompts, Choices(request, prompts, shown)


class _Answer:
    """What all answers to one request have in common."""

    def __init__(self, model: Served) -> None:
        self.id, self.created = f"cmpl-{uuid.uuid4().hex}", int(time.time())
        self.model = model.bundle.name


def _whole(
    generator: Generator,
    request: CompletionRequest,
    prepared: tuple[list[Prompt], Choices],
    model: Served,
    is_over: IsOver,
) -> Completion:
    prompts, choices = prepared
    answer = _Answer(model)
    found = choices.all(generator.run(prompts, request.generation(), is_over))
    return Completion(
        id=answer.id,
        created=answer.created,
        model=answer.model,
        choices=found,
        usage=choices.usage(),
    )


async def _streamed(
    serving: Serving,
    generator: Generator,
    request: CompletionRequest,
    prepared: tuple[list[Prompt], Choices],
    model: Served,
    asked: Wanted,
) -> AsyncIterator[str]:
    """The events of a stream; what goes wrong behind its beginning is the last of them."""
    prompts, choices = prepared
    answer = _Answer(model)
    tells_usage = bool(request.stream_options and request.stream_options.include_usage)

    def chunk(**what: Any) -> str:
        made = Chunk(id=answer.id, created=answer.created, model=answer.model, **what)
        return made.model_dump_json(exclude=None if tells_usage else {"usage"})

    work = partial(generator.run, prompts, request.generation())
    try:
        async for pieces in serving.worker.stream(work, asked):
            for piece in pieces:
                yield chunk(choices=[choices.chunk(piece)])
        if tells_usage:
            yield chunk(choices=[], usage=choices.usage())
        yield "[DONE]"
    except Cancelled:
        return
    except Exception:
        _log.exception("a stream broke off")
        broken = error_response(500, "an error of the server; its log says more", "server_error")
        yield bytes(broken.body).decode()
