"""What requests and answers look like that are about labels of texts."""

from typing import Annotated

from pydantic import BaseModel, Field

from prompt_gen.server.schema import Body, Timing

MAX_TEXTS = 64
Texts = Annotated[
    list[str], Field(min_length=1, max_length=MAX_TEXTS, description="each is labelled by itself")
]


class ClassifyRequest(Body):
    """Texts, and how many labels of each are wanted."""

    texts: Texts
    n: int = Field(default=1, ge=1, le=100, description="labels of each text, the first one first")


class TagRequest(Body):
    """Texts in which something may stand."""

    texts: Texts


class LabelOut(BaseModel):
    """A label, and how probable it is."""

    label: str
    score: float


class EntityOut(BaseModel):
    """A piece of a text that is something."""

    type: str
    text: str
    start: int = Field(description="characters of the text before it")
    end: int = Field(description="characters of the text up to its end")
    score: float = Field(description="mean probability of its tags")


class ClassifyResponse(BaseModel):
    """The labels of every text, in the order of the texts."""

    model: str
    results: list[list[LabelOut]]
    timing: Timing


class TagResponse(BaseModel):
    """What stands in every text, in the order of the texts."""

    model: str
    results: list[list[EntityOut]]
    timing: Timing
