"""Documents to a vocabulary."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from prompt_gen.config.section import AbsolutePathOrNone, Section


def _auto(value: Any) -> Any:
    return None if value == "auto" else value


class VocabConfig(Section):
    """Documents to a tokenizer."""

    kind: str = Field(
        default="bpe",
        description="row of the table of vocabularies: bpe, unigram, wordpiece, word, char",
    )
    size: Annotated[int | None, BeforeValidator(_auto)] = Field(
        default=None,
        ge=512,
        le=65_536,
        description="entries; none, or 'auto': chosen from the size of the corpus",
    )
    sample_chars: int = Field(
        default=20_000_000,
        ge=10_000,
        description="characters to learn from at most; of more, documents chosen by their hash",
    )
    source: AbsolutePathOrNone = Field(
        default=None,
        description="a vocab.txt or tokenizer.json to take in place of learning one",
    )

    @property
    def origin(self) -> str:
        """What the vocabulary is, for people: its kind, or the file it came from."""
        return self.kind if self.source is None else f"from {Path(self.source).name}"
