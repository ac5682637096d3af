"""`/v1/chat/completions`: answers, by the bundle that `serve.chat` names."""

import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response

from prompt_gen.engine.chat import Chat
from prompt_gen.engine.writing import Piece
from prompt_gen.errors import InvalidRequest, NotFound
from prompt_gen.server.routes.openai import OpenAIRoute, check_name, told_events
from prompt_gen.server.schema_chat import (
    ChatChoice,
    ChatChunk,
    ChatCompletion,
    ChatDelta,
    ChatRequest,
    Said,
    SimilarOut,
)
from prompt_gen.server.schema_openai import Usage
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.sse import Events, event_schema
from prompt_gen.server.wanted import Asked
from prompt_gen.server.worker import IsOver
from prompt_gen.text import check_text

_N_SIMILAR = 3
_ROLES = ("user", "assistant")
_EVENT = event_schema("a `ChatChunk` in JSON, or `[DONE]`")
_STREAM = {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "the answers"}


def router(serving: Serving) -> APIRouter:
    """The route of OpenAI's chat completions."""
    routes = APIRouter(route_class=OpenAIRoute)

    @routes.post(
        "/v1/chat/completions",
        response_model=ChatCompletion,
        responses=errors(400, 404, 413, 499, 503) | {200: _STREAM},
    )
    async def completions(request: ChatRequest, asked: Asked) -> ChatCompletion | Response:
        """An answer to the last message, token by token."""
        if serving.chat is None:
            raise NotFound(
                "no bundle that was tuned for dialogues is served here",
                "Start it with one: prompt-gen serve RUN --chat DIR (finetune --task dialogue)",
            )
        check_name(request.model, serving.chat.name)
        _check(request, serving)
        answer = _Answer(serving.chat, request)
        if not request.stream:
            return await serving.worker.run(serving.worker.texts, answer.whole, asked)
        steps = serving.worker.stream(serving.worker.texts, answer.pieces, asked)
        first = await anext(steps, None)  # what is wrong is known by then, and answered as such
        return Events(told_events(answer.chunks(first, steps)))

    return routes


def _check(request: ChatRequest, serving: Serving) -> None:
    for at, message in enumerate(request.messages):
        serving.check(message.content, f"messages.{at}.content")
        if message.role != _ROLES[at % 2]:
            raise InvalidRequest(
                f"field 'messages.{at}.role' is '{message.role}'",
                "Messages are of user and assistant by turns, the user's first",
                f"messages.{at}.role",
            )
    if len(request.messages) % 2 == 0:
        raise InvalidRequest("the last message is the assistant's", "Send a question", "messages")
    for text in (request.stop,) if isinstance(request.stop, str) else request.stop or ():
        check_text(text, "stop")
    if request.max_tokens is not None and request.max_completion_tokens is not None:
        raise InvalidRequest(
            "both 'max_tokens' and 'max_completion_tokens' are given", "Send one", "max_tokens"
        )
    if request.stream_options is not None and not request.stream:
        raise InvalidRequest(
            "field 'stream_options' is of streams only", "Set 'stream'", "stream_options"
        )


class _Answer:
    """What is answered to one request; its parts are made in another thread."""

    def __init__(self, chat: Chat, request: ChatRequest) -> None:
        self._chat, self._request = chat, request
        self._turns = [message.content for message in request.messages]
        self._n_read = self._n_said = 0
        self._about = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": chat.name,
        }

    def whole(self, is_over: IsOver) -> ChatCompletion:
        """All at once."""
        texts = [""] * (self._request.n or 1)
        ends: dict[int, Any] = {}
        for piece in (piece for pieces in self.pieces(is_over) for piece in pieces):
            texts[piece.index] += piece.text
            ends[piece.index] = piece.finish or ends.get(piece.index)
        choices = [
            ChatChoice(index=at, message=Said(content=text), finish_reason=ends[at])
            for at, text in enumerate(texts)
        ]
        return ChatCompletion(
            **self._about, choices=choices, usage=self._usage(), similar=self._similar()
        )

    def pieces(self, is_over: IsOver) -> Iterator[list[Piece]]:
        """What is new after each pass.

        Raises:
            TextTooLong: the question leaves no room for an answer.
        """
        prompt, n_most = self._chat.prompt(self._turns, self._request.n_most)
        self._n_read = prompt.n_tokens
        wanted = self._request.generation(n_most)
        for pieces in self._chat.generator.run([prompt], wanted, is_over):
            self._n_said += sum(len(piece.tokens) for piece in pieces)
            yield pieces

    async def chunks(
        self, first: list[Piece] | None, steps: AsyncIterator[list[Piece]]
    ) -> AsyncIterator[str]:
        """The events of a stream, without its end."""
        options, begun = self._request.stream_options, set[int]()
        tells_usage = bool(options and options.include_usage)

        def chunk(choices: list[ChatDelta], **what: Any) -> str:
            made = ChatChunk(**self._about, choices=choices, **what)
            left_out = {name for name in ("similar", "usage") if getattr(made, name) is None}
            return made.model_dump_json(exclude=left_out - ({"usage"} if tells_usage else set()))

        def delta(piece: Piece) -> ChatDelta:
            role = None if piece.index in begun else "assistant"
            begun.add(piece.index)
            said: Any = Said(role=role, content=piece.text)
            return ChatDelta(index=piece.index, delta=said, finish_reason=piece.finish)  # type: ignore[arg-type]

        yield chunk([delta(piece) for piece in first or ()], similar=self._similar())
        async for pieces in steps:
            if pieces:
                yield chunk([delta(piece) for piece in pieces])
        if tells_usage:
            yield chunk([], usage=self._usage())

    def _similar(self) -> list[SimilarOut]:
        found = self._chat.similar(self._turns[-1], _N_SIMILAR)
        return [SimilarOut(**asdict(each)) for each in found]

    def _usage(self) -> Usage:
        n_all = self._n_read + self._n_said
        return Usage(prompt_tokens=self._n_read, completion_tokens=self._n_said, total_tokens=n_all)
