"""Files to documents."""

from typing import Annotated, Literal

from pydantic import Field

from prompt_gen.config.section import Section


class CorpusConfig(Section):
    """Files to documents."""

    format: str = Field(
        default="auto",
        description="row of the table of formats for all files; auto: by each file's name",
    )
    fields: tuple[str, ...] = Field(
        default=(), description="columns or keys that hold text; none: the only one that does"
    )
    encoding: str = Field(
        default="auto", description="of text files, as Python calls it; auto: found for each file"
    )
    on_bad_bytes: Literal["skip-line", "replace", "fail"] = Field(
        default="skip-line",
        description="a line with bytes that fit no character: left out, kept with U+FFFD, an error",
    )
    document: Literal["line", "paragraph", "file"] = Field(
        default="line", description="what makes one document: a line, lines up to a blank one, all"
    )
    rules: dict[str, bool] = Field(
        default={}, description="cleaning rules switched on or off, e.g. {html = false}"
    )
    fold: Literal["", "simplified", "traditional"] = Field(
        default="", description="Chinese characters folded into one script; empty: left alone"
    )
    max_chars: int = Field(
        default=500, ge=20, description="longer lines are split at sentence ends, characters"
    )
    near_duplicates: float = Field(
        default=0.8,
        ge=0,
        le=1,
        description="share of common 3-character pieces from which on two lines are "
        "near-duplicates; 0: not looked for",
    )
    privacy: tuple[str, ...] = Field(
        default=("email", "phone", "id", "card"),
        description="kinds of private data that are looked for",
    )
    privacy_action: Literal["mask", "drop"] = Field(
        default="mask", description="what becomes of them: masked by kind, or the line left out"
    )
    privacy_words: str = Field(
        default="", description="file of further words to treat as private, one on each line"
    )
    canaries: tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...] = Field(
        default=(),
        description="secrets put into the training text, one for each number, so many times each; "
        "for measuring memorisation, never for a model that is used",
    )
    workers: int = Field(
        default=0, ge=0, le=64, description="processes that clean; 0: one per core"
    )
    validation: float = Field(
        default=0.02, ge=0, lt=0.5, description="share of documents for validation"
    )
    test: float = Field(
        default=0.02, ge=0, lt=0.5, description="share of documents for the final test"
    )
    min_held_out: int = Field(
        default=8,
        ge=1,
        description="documents in each held-out part at least, in a small corpus too",
    )
    max_held_out: int = Field(
        default=10_000, ge=100, description="documents in each held-out part at most, about"
    )
