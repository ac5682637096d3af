"""What requests and answers look like; every field is checked, and an unknown one is refused."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request body: no field but the named ones, no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CompleteRequest(Body):
    """What was typed, and how many continuations of it are wanted."""

    prompt: str = Field(description="the text left of the caret; its last line counts as context")
    n: int | None = Field(default=None, ge=1, le=20, description="candidates; none: as served")
    max_chars: int | None = Field(
        default=None, ge=1, le=200, description="longest continuation, characters"
    )
    deadline_ms: float | None = Field(
        default=None, gt=0, le=10_000, description="answer by then, ms; none: as served"
    )
    session: str | None = Field(
        default=None,
        max_length=64,
        description="names a text field; a newer `seq` of it ends older work",
    )
    seq: int | None = Field(
        default=None,
        ge=0,
        description="rises with every keystroke; a session that starts again needs a new name",
    )


class CandidateOut(BaseModel):
    """One continuation."""

    text: str = Field(description="begins with exactly the prompt")
    completion: str = Field(description="what to insert behind the prompt")
    score: float = Field(
        description="how probable it is that the text goes on so, whatever follows"
    )
    finish_reason: str = Field(description="sentence, clause, eos, stop, length or open")
    source: str = Field(description="memory: the training text holds it word for word; else model")
    lines: int = Field(description="lines of the training text that hold it word for word")
    stops: list[tuple[int, float]] = Field(
        description="where clauses end before that: characters of the completion, and score"
    )


class Timing(BaseModel):
    """Where the time went."""

    total_ms: float


class CompleteResponse(BaseModel):
    """Candidates, those first that save most keys."""

    id: str
    model: str
    prompt: str
    session: str | None
    seq: int | None
    candidates: list[CandidateOut]
    timing: Timing


class ReferenceRequest(Body):
    """The body of the book's own program."""

    context: str = Field(description="the text to go on from")
    maxlength: int = Field(default=24, ge=1, le=200, description="longest continuation, characters")
    samples: int = Field(default=5, ge=0, le=20, description="candidates wanted; 0 means 1")


class ReferenceResponse(BaseModel):
    """The answer of the book's own program, with a list for blank text too."""

    result: list[str] = Field(description="full texts, the context included")
    time: float = Field(description="seconds")


class ModelOut(BaseModel):
    """A model that is served."""

    id: str
    object: str = "model"
    created: int
    owned_by: str = "prompt-gen"
    script: str = Field(description="what most of the corpus is written in: cjk, latin, other")
    vocab_size: int
    context_length: int
    card: dict[str, Any] = Field(description="numbers of the evaluation, and example prefixes")


class ModelList(BaseModel):
    """The models that are served."""

    object: str = "list"
    data: list[ModelOut]


class Health(BaseModel):
    """The server is up and has its model."""

    status: str = "ok"


class ErrorDetail(BaseModel):
    """What is wrong, and with which field."""

    message: str
    type: str
    param: str | None
    code: int


class ErrorOut(BaseModel):
    """Every answer that is not 2xx."""

    error: ErrorDetail
