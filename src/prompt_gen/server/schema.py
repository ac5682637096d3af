"""What requests and answers look like; every field is checked, and an unknown one is refused."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from prompt_gen.server.limits import UNKNOWN, printable


class Body(BaseModel):
    """A request body: no field but the named ones, no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Refuse a field that there is not, and say which there are."""
        unknown = given.keys() - cls.model_fields.keys() if isinstance(given, dict) else ()
        if unknown:
            raise PydanticCustomError(
                UNKNOWN,
                "there is no such field. Known: {known}",
                {"field": printable(min(unknown)), "known": ", ".join(sorted(cls.model_fields))},
            )
        return given


_NAME = r"^[^\x00-\x1f\x7f-\x9f]+$"  # no control characters
_OF_ENGINE = {"n", "max_chars", "deadline_ms", "min_confidence", "temperature", "seed"}


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
    user: str | None = Field(
        default=None,
        max_length=200,
        pattern=_NAME,
        description="who types: what he accepted counts, too, where the server is set to learn",
    )
    strategy: Literal["tree", "sample", "beam", "diverse"] | None = Field(
        default=None, description="how continuations are found; none: as served"
    )
    stop: list[Annotated[str, Field(min_length=1, max_length=64)]] | None = Field(
        default=None, max_length=16, description="texts before which a continuation ends"
    )
    min_confidence: float | None = Field(
        default=None, ge=0, le=1, description="candidates less probable than that are not shown"
    )
    temperature: float | None = Field(
        default=None, ge=0, le=10, description="with `strategy` sample: 0 draws the most probable"
    )
    seed: int | None = Field(
        default=None, ge=0, lt=2**63, description="with `strategy` sample: the same draws each time"
    )
    model: str | None = Field(
        default=None, description="the model that shall answer; another one is refused with 404"
    )
    stream: bool = Field(
        default=False, description="send lists as they get better, as server-sent events"
    )

    @property
    def settings(self) -> dict[str, Any]:
        """What it asks of the engine, in the engine's names."""
        given = self.model_dump(include=_OF_ENGINE, exclude_none=True)
        if self.strategy:
            given["mode"] = self.strategy
        if self.stop:
            given["stop"] = tuple(self.stop)
        return given

    @model_validator(mode="after")
    def _drawn(self) -> "CompleteRequest":
        for name in ("temperature", "seed"):
            if getattr(self, name) is not None and self.strategy != "sample":
                raise ValueError(f"'{name}' is for the strategy 'sample'")
        return self


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

    queue_ms: float = Field(description="before it was begun, as others were before it")
    total_ms: float


class CompleteResponse(BaseModel):
    """Candidates, those first that save most keys."""

    id: str
    model: str
    version: str = Field(description="of the model: another one after another bundle was loaded")
    prompt: str
    session: str | None
    seq: int | None
    candidates: list[CandidateOut]
    hurried: bool = Field(
        description="the server had no time for the model: the list is how the training text goes "
        "on, and the scores are its shares"
    )
    timing: Timing


class EventIn(Body):
    """What happened to a list of candidates. Sent again with the same id it counts once."""

    id: str = Field(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        description="a UUID that the client made; keep it for sending again",
    )
    type: Literal["shown", "accepted", "dismissed", "kept"] = Field(
        description="kept: what was accepted is still in the text later, or some of it"
    )
    completion_id: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{1,64}$", description="`id` of the answer that held the list"
    )
    session: str = Field(max_length=64, pattern=_NAME, description="names a text field")
    choice_index: int | None = Field(
        default=None, ge=0, le=127, description="which candidate, from 0; accepted and kept need it"
    )
    n_choices: int | None = Field(
        default=None, ge=1, le=128, description="how many candidates were shown"
    )
    user: str | None = Field(default=None, max_length=200, pattern=_NAME, description="who typed")
    elapsed_ms: float | None = Field(
        default=None,
        ge=0,
        le=1e10,
        description="since the list was shown, ms by the client's clock",
    )
    accepted_chars: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="characters that were inserted; counted in `text`",
    )
    retained_chars: int | None = Field(
        default=None, ge=0, le=10_000, description="of them those that still stand; kept needs it"
    )
    prompt: str | None = Field(
        default=None, max_length=20_000, description="the text left of the caret"
    )
    text: str | None = Field(
        default=None, max_length=10_000, description="what was inserted, or what of it still stands"
    )
    off_record: Literal[True, False, "session"] = Field(
        default=False,
        description="true: this event is not stored; session: nor any of its session, and those "
        "that were are deleted",
    )


class EventsOut(BaseModel):
    """What became of the events; those stored or known are on the disk."""

    stored: int
    known: int = Field(description="sent before, with the same id")
    off_record: int = Field(description="not stored, as asked for or as the server is set")


class CompleteEvent(CompleteResponse):
    """One of the lists of a stream."""

    final: bool = Field(description="no better one comes; the stream ends here")


class ExplainRequest(Body):
    """A text whose candidates are to be explained."""

    prompt: str = Field(description="the text left of the caret; its last line counts as context")


class BranchOut(BaseModel):
    """What may follow a text. All probabilities are given what was typed."""

    piece: str = Field(description="behind the text that it follows; of the first: nothing")
    p: float = Field(description="that the text goes on so")
    state: str = Field(description="read, noted, end, or nothing within a token")
    rank: int = Field(description="of the candidate that ends here, from 1; 0: none does")
    p_end: float = Field(description="that the text ends here")
    p_rest: float = Field(description="of all that may follow and is not among `branches`")
    n_folded: int = Field(description="branches that are not among `branches`")
    branches: list["BranchOut"]


class ShownOut(BaseModel):
    """A candidate, in the order of the list."""

    completion: str
    p: float = Field(description="the model's own probability, not calibrated")
    gain: float | None = Field(
        description="keystrokes that it is expected to save beside those above it; none: it was "
        "not chosen from the tree, training lines go on so"
    )
    finish_reason: str
    lines: int = Field(description="lines of the training text that hold it word for word")


class ExplainResponse(BaseModel):
    """Why candidates are shown."""

    typed: str = Field(description="the line up to the caret")
    tree: BranchOut = Field(description="from the caret on")
    shown: list[ShownOut]
    n_opened: int = Field(description="places that were looked into")
    n_noted: int = Field(description="places that might have been, and were not")
    n_read: int = Field(description="places that were read, those before the caret included")


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
    version: str = Field(description="tells bundles of one name apart")
    script: str = Field(description="what most of the corpus is written in: cjk, latin, other")
    vocab_size: int
    context_length: int
    card: dict[str, Any] = Field(description="numbers of the evaluation, and example prefixes")


class ModelList(BaseModel):
    """The models that are served."""

    object: str = "list"
    data: list[ModelOut]


class Reloaded(BaseModel):
    """The model that answers from now on."""

    model: str
    version: str = Field(description="the same as before if the bundle is the same")


class Health(BaseModel):
    """The server is up and has its model."""

    status: str = "ok"


class ErrorDetail(BaseModel):
    """What is wrong, and with which field."""

    message: str
    type: str
    param: str | None
    code: int | str | None = Field(description="the status, or a name that the OpenAI API has")


class ErrorOut(BaseModel):
    """Every answer that is not 2xx."""

    error: ErrorDetail
