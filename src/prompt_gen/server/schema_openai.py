"""The completions of the OpenAI API: what is asked and answered, field by field.

Source: the OpenAPI description of the OpenAI API, `CreateCompletionRequest` and
`CreateCompletionResponse`. Fields are in its order; null is as good as no value.
"""

from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation
from prompt_gen.server.schema import Body

MAX_CHOICES = 64  # of all prompts together; they are read in one pass

Tokens = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
StopText = Annotated[str, Field(min_length=1, max_length=200)]


class StreamOptions(Body):
    """What a stream tells beside the text."""

    include_usage: bool | None = Field(
        default=None, description="a last chunk without choices tells the tokens of all"
    )
    include_obfuscation: Literal[False] | None = Field(
        default=None, description="chunks are not padded; true is refused"
    )


class CompletionRequest(Body):
    """A request for plain text that goes on from a prompt."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: str = Field(description="the name of a model of `/v1/models`")
    prompt: (
        str
        | Annotated[list[str], Field(min_length=1)]
        | Tokens
        | Annotated[list[Tokens], Field(min_length=1)]
        | None
    ) = Field(
        description="a text, several, the tokens of one, or those of several; null: an empty text. "
        "A line is a document: behind the end of a line the model begins anew"
    )
    best_of: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="continuations that are drawn, of which the `n` with the highest mean "
        "log-probability of a token are answered; not with `stream` unless it is `n`",
    )
    echo: bool | None = Field(default=None, description="answer the prompt with its continuation")
    frequency_penalty: float | None = Field(
        default=None, ge=-2, le=2, description="off the logit of a token, each time it was drawn"
    )
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(
        default=None, max_length=1024, description="added to the logits of tokens, by their ids"
    )
    logprobs: int | None = Field(
        default=None,
        ge=0,
        le=5,
        description="tell the log-probability of each token, and of so many most probable ones in "
        "its place; they are the model's, before temperature, penalties and bias",
    )
    max_tokens: int | None = Field(
        default=None, ge=0, description="tokens of a continuation, at most; default 16"
    )
    n: int | None = Field(default=None, ge=1, le=20, description="continuations of each prompt")
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
        default=None, description="up to four texts before which a continuation ends"
    )
    stream: bool | None = Field(default=None, description="answer with server-sent events")
    stream_options: StreamOptions | None = Field(default=None, description="with `stream` only")
    suffix: None = Field(
        default=None, description="refused: no model here is trained to fill in a middle"
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="0: always the most probable token; default 1"
    )
    top_p: float | None = Field(
        default=None, ge=0, le=1, description="share of the probability that is drawn from"
    )
    user: str | None = Field(
        default=None,
        max_length=256,
        description="whose continuation it is; counts where the server knows what users typed",
    )

    @field_validator("prompt", mode="wrap")
    @classmethod
    def _any_prompt(cls, given: object, valid: ValidatorFunctionWrapHandler) -> object:
        return _one_of_kinds(given, valid, "a text, several, tokens, or several lists of tokens")

    @field_validator("stop", mode="wrap")
    @classmethod
    def _any_stop(cls, given: object, valid: ValidatorFunctionWrapHandler) -> object:
        return _one_of_kinds(given, valid, "a text, or up to four; none empty, or longer than 200")

    @field_validator("suffix", mode="wrap")
    @classmethod
    def _no_suffix(cls, given: object, valid: ValidatorFunctionWrapHandler) -> object:
        return _one_of_kinds(given, valid, "left out, as no model here can fill in a middle")

    @field_validator("logit_bias")
    @classmethod
    def _by_token(cls, bias: dict[str, float] | None) -> dict[str, float] | None:
        for token in bias or ():
            if not (token.isascii() and token.isdigit() and len(token) < 10):
                raise ValueError("its keys are the ids of tokens")
        return bias

    @property
    def prompts(self) -> list[str | list[int]]:
        """The prompts one by one."""
        if self.prompt is None:
            return [""]
        if isinstance(self.prompt, str) or isinstance(self.prompt[0], int):
            return [self.prompt]  # type: ignore[list-item]
        return list(self.prompt)  # type: ignore[arg-type]

    @property
    def n_shown(self) -> int:
        """Continuations of each prompt that are answered."""
        return self.n or 1

    def generation(self) -> Generation:
        """What the engine is asked for, for each prompt."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Generation(
            n=max(self.best_of or 1, self.n_shown),
            max_tokens=16 if self.max_tokens is None else self.max_tokens,
            stop=stop,
            n_top=self.logprobs or 0,
            seed=self.seed,
            drawing=Drawing(
                temperature=1.0 if self.temperature is None else self.temperature,
                top_p=1.0 if self.top_p is None else self.top_p,
                presence_penalty=self.presence_penalty or 0.0,
                frequency_penalty=self.frequency_penalty or 0.0,
                bias={int(token): value for token, value in (self.logit_bias or {}).items()},
            ),
        )


def _one_of_kinds(given: object, valid: ValidatorFunctionWrapHandler, kinds: str) -> object:
    """One error for a field of several kinds, in place of one for each of them."""
    try:
        return valid(given)
    except ValidationError as error:
        raise ValueError(f"it should be {kinds}") from error


class LogProbs(BaseModel):
    """What the model says of each token; the lists are equally long."""

    text_offset: list[int] = Field(description="characters of `text` before each token")
    token_logprobs: list[float]
    tokens: list[str] = Field(description="what is no whole text is written as `bytes:\\xe9`")
    top_logprobs: list[dict[str, float]] = Field(
        description="of the most probable tokens in its place, and of the token itself"
    )


class Choice(BaseModel):
    """One continuation, or what is new of it."""

    finish_reason: Literal["stop", "length"] | None = Field(
        description="stop: the text or a text of `stop` has come to an end; length: `max_tokens`"
    )
    index: int
    logprobs: LogProbs | None
    text: str


class Usage(BaseModel):
    """Tokens that were read and made."""

    prompt_tokens: int
    completion_tokens: int = Field(description="of all continuations, shown or not")
    total_tokens: int


class Completion(BaseModel):
    """The answer."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int = Field(description="seconds since 1970")
    model: str
    choices: list[Choice]
    usage: Usage


class Chunk(BaseModel):
    """One event of a stream; all have the same `id`."""

    id: str
    object: Literal["text_completion"] = "text_completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None = Field(
        default=None, description="with `include_usage` null in all chunks but the last"
    )
