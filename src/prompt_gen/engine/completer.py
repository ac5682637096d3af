"""The completer: a language model in memory that answers prefixes."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, validated
from prompt_gen.engine.calibration import calibrated
from prompt_gen.engine.candidates import Candidate, typed_line
from prompt_gen.engine.covers import Vocabulary
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.runtime import Graph
from prompt_gen.engine.search import Search
from prompt_gen.errors import SettingError
from prompt_gen.vocab import Tokenizer


def _never() -> bool:
    return False


class Completer:
    """Completes what was typed. Safe to call from several threads; one search runs at a time.

    `temperature` calibrates scores; with 1 they are the model's own probabilities.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        model: LanguageModel,
        config: EngineConfig | None = None,
        temperature: float = 1.0,
    ) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self.config = config or EngineConfig()
        self.temperature = temperature
        self._vocabulary = Vocabulary(tokenizer)
        self._lock = threading.Lock()

    @classmethod
    def of(cls, loaded: Bundle, config: EngineConfig | None = None) -> "Completer":
        """The completer of a bundle, with calibrated scores if the bundle knows how.

        Raises:
            Damaged, Mismatch: see `Graph`, and `Bundle.temperature`.
        """
        config = config or EngineConfig()
        graph = Graph(loaded, config.threads)
        return cls(loaded.tokenizer, graph, config, loaded.temperature)

    @classmethod
    def load(cls, path: str | Path, **settings: Any) -> "Completer":
        """The completer of a bundle or run directory, with settings of `EngineConfig`.

        Raises:
            NotFound, NotABundle, Damaged, Mismatch: see `bundle.load`.
            SettingError: an unknown setting, or a value out of range.
        """
        return cls.of(bundle.load(path), validated(EngineConfig, settings))

    def complete(
        self, text: str, cancelled: Callable[[], bool] = _never, **settings: Any
    ) -> list[Candidate]:
        """Up to `n` different continuations, most probable first.

        Each candidate's text begins with exactly `text`. Only the last line counts as context, as
        a document is a line. Blank text has no continuation: the list is empty. `settings` are
        those of `EngineConfig` (n, max_chars, deadline_ms, ...); `cancelled` is asked between two
        passes of the model, and when it says yes the list so far is returned.

        Raises:
            SettingError: an unknown setting, or a value out of range.
            InvalidRequest: the text is not well-formed Unicode.
        """
        if "threads" in settings:
            raise SettingError("threads are chosen when the completer is loaded", "Leave it out")
        config = validated(EngineConfig, self.config.model_dump() | settings)
        typed = typed_line(text)
        if not typed:
            return []
        with self._lock:
            found = Search(self.model, self._vocabulary, config, cancelled).run(typed)
        scores = calibrated(np.exp([f.logprob for f in found]), self.temperature)
        return [
            Candidate(text + f.stop.completion, f.stop.completion, score, f.stop.reason)
            for f, score in zip(found, scores.tolist(), strict=True)
        ]
