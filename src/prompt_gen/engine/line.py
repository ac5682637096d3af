"""One line that is completed: what was typed, and all that a way of completing it needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Ends, Stop
from prompt_gen.engine.covers import Cover, Vocabulary
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.trie import Trie


@dataclass(frozen=True)
class Line:
    """A request, as the modes see it."""

    typed: str
    covers: Sequence[Cover]  # of it, from the line's beginning on
    ends: Ends
    trie: Trie  # what was read of the line so far
    model: LanguageModel
    vocabulary: Vocabulary
    config: EngineConfig
    stops: Callable[[], bool]  # asked between two passes: the deadline, or a newer key, has come
    allowed: Callable[[Stop], bool] | None = None  # continuations that may be shown; none: all

    @property
    def eos(self) -> int:
        """The token that ends a text."""
        return self.vocabulary.tokenizer.eos_id


@dataclass(frozen=True)
class Chosen:
    """A continuation to show, best first."""

    stop: Stop
    p: float  # that the text goes on so
    gain: float  # keystrokes that it is expected to save beside those before it
    clauses: tuple[tuple[int, float], ...] = ()  # characters up to each earlier end of a clause, p
