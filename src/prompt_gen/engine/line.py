"""One line that is completed: what was typed, and all that a way of completing it needs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Ends, Stop
from prompt_gen.engine.covers import Cover, Vocabulary
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.trie import Trie


class Patience:
    """Says whether to stop: a deadline has come, or nobody wants the answer any more."""

    def __init__(
        self, deadline_ms: float | None = None, cancelled: Callable[[], bool] | None = None
    ) -> None:
        self._end = None if deadline_ms is None else time.monotonic() + deadline_ms / 1000
        self._cancelled = cancelled
        self.is_over = False  # whether it has said so
        self.is_cancelled = False  # whether that was why

    def __call__(self) -> bool:
        """Asked between two passes."""
        self.is_cancelled = self._cancelled is not None and self._cancelled()
        is_late = self._end is not None and time.monotonic() >= self._end
        self.is_over = self.is_cancelled or is_late
        return self.is_over


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
