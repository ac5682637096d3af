"""The chat completions of the OpenAI API: what is asked and answered, field by field.

Source: the OpenAPI description of the OpenAI API, `CreateChatCompletionRequest` and
`CreateChatCompletionResponse`. What is not here is refused by its name.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation
from prompt_gen.server.schema import Body
from prompt_gen.server.schema_openai import StopText, StreamOptions, Usage


class Message(Body):
    """What somebody has said."""

    role: Literal["user", "assistant"] = Field(
        description="user and assistant by turns; no model here has learned to obey a system"
    )
    content: str = Field(min_length=1)


class ChatRequest(Body):
    """A request for an answer to the last message."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str = Field(description="the name of a model of `/v1/models` that answers")
    messages: Annotated[list[Message], Field(min_length=1, max_length=200)] = Field(
        description="the first and the last are the user's; the newest that have room count"
    )
    frequency_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="off the logit of a token, each time it was drawn"
    )
    max_completion_tokens: int | None = Field(
        default=None, ge=1, description="tokens of an answer, at most; default: all that have room"
    )
    max_tokens: int | None = Field(default=None, ge=1, description="the older name of the same")
    n: int | None = Field(default=None, ge=1, le=20, description="answers")
    presence_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="off the logit of a token that was drawn"
    )
    seed: int | None = Field(
        default=None,
        ge=-(2**63),
        lt=2**63,
        description="the same request with the same seed draws the same",
    )
    stop: StopText | Annotated[list[StopText], Field(max_length=4)] | None = Field(
        default=None, description="up to four texts before which an answer ends"
    )
    stream: bool | None = Field(default=None, description="answer with server-sent events")
    stream_options: StreamOptions | None = Field(default=None, description="with `stream` only")
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="0: always the most probable token; default 1"
    )
    top_p: float | None = Field(
        default=None, ge=0, le=1, description="share of the probability that is drawn from"
    )

    @property
    def n_most(self) -> int | None:
        """Tokens of an answer, at most."""
        return self.max_completion_tokens or self.max_tokens

    def generation(self, max_tokens: int) -> Generation:
        """What the engine is asked for."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Generation(
            n=self.n or 1,
            max_tokens=max_tokens,
            stop=stop,
            seed=self.seed,
            drawing=Drawing(
                temperature=1.0 if self.temperature is None else self.temperature,
                top_p=1.0 if self.top_p is None else self.top_p,
                presence_penalty=self.presence_penalty or 0.0,
                frequency_penalty=self.frequency_penalty or 0.0,
            ),
        )


class SimilarOut(BaseModel):
    """A question of the training text, with its answer."""

    question: str
    answer: str
    score: float = Field(description="how alike the questions are, from 0 to 1")


class Said(BaseModel):
    """An answer, or what is new of it."""

    role: Literal["assistant"] | None = "assistant"
    content: str


class ChatChoice(BaseModel):
    """One answer."""

    index: int
    message: Said
    finish_reason: Literal["stop", "length"]


class ChatDelta(BaseModel):
    """What is new of one answer."""

    index: int
    delta: Said
    finish_reason: Literal["stop", "length"] | None


class ChatCompletion(BaseModel):
    """The answer."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="seconds since 1970")
    model: str
    choices: list[ChatChoice]
    usage: Usage
    similar: list[SimilarOut] = Field(
        description="answered before: the most similar questions, not in the OpenAI API"
    )


class ChatChunk(BaseModel):
    """One event of a stream; all have the same `id`."""

    id: str
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"
    created: int
    model: str
    choices: list[ChatDelta]
    usage: Usage | None = Field(
        default=None, description="with `include_usage` null in all chunks but the last"
    )
    similar: list[SimilarOut] | None = Field(default=None, description="in the first chunk")
