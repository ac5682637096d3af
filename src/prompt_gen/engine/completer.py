"""The completer: a language model in memory that answers prefixes."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen import bundle, memory
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, validated
from prompt_gen.engine.calibration import calibrated
from prompt_gen.engine.candidates import Candidate, Stop, typed_line
from prompt_gen.engine.covers import Vocabulary
from prompt_gen.engine.first import first
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.personalised import Personalised
from prompt_gen.engine.remembering import language_model
from prompt_gen.engine.search import Search
from prompt_gen.engine.verbatim import Verbatim, rule
from prompt_gen.errors import SettingError
from prompt_gen.memory import Memory
from prompt_gen.memory.personal import Personal
from prompt_gen.vocab import Tokenizer

_FIXED = {"threads", "experts"}  # settings of a completer, not of a request


def _never() -> bool:
    return False


class Completer:
    """Completes what was typed. Safe to call from several threads; one search runs at a time.

    `temperature` calibrates scores; with 1 they are the model's own probabilities. `personal` may
    be set to what users have typed: see `complete`.
    """

    personal: Personal | None = None

    def __init__(
        self,
        tokenizer: Tokenizer,
        model: LanguageModel,
        config: EngineConfig | None = None,
        temperature: float = 1.0,
        remembered: Memory | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self.config = config or EngineConfig()
        self.temperature = temperature
        self._vocabulary = Vocabulary(tokenizer)
        self._verbatim = Verbatim(remembered.index, tokenizer) if remembered else None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, loaded: Bundle, config: EngineConfig | None = None) -> "Completer":
        """The completer of a bundle, with calibrated scores if the bundle knows how.

        Raises:
            Damaged, Mismatch: see `Graph`, and `Bundle.temperature`.
        """
        config = config or EngineConfig()
        remembered = memory.load(loaded.memory) if loaded.memory else None
        model = language_model(loaded, remembered, config)
        return cls(loaded.tokenizer, model, config, loaded.temperature, remembered)

    @classmethod
    def load(cls, path: str | Path, **settings: Any) -> "Completer":
        """The completer of a bundle or run directory, with settings of `EngineConfig`.

        Raises:
            NotFound, NotABundle, Damaged, Mismatch: see `bundle.load`.
            SettingError: an unknown setting, or a value out of range.
        """
        return cls.of(bundle.load(path), validated(EngineConfig, settings))

    def complete(
        self,
        text: str,
        cancelled: Callable[[], bool] = _never,
        user: str | None = None,
        **settings: Any,
    ) -> list[Candidate]:
        """Up to `n` different continuations, most probable first.

        Each candidate's text begins with exactly `text`. Only the last line counts as context, as
        a document is a line. Blank text has no continuation: the list is empty. `settings` are
        those of `EngineConfig` (n, max_chars, deadline_ms, ...); `cancelled` is asked between two
        passes of the model, and when it says yes the list so far is returned. For a `user` what
        the layer `personal` knows of him counts, too.

        Raises:
            SettingError: an unknown setting, or a value out of range.
            InvalidRequest: the text is not well-formed Unicode.
        """
        config = self._settled(settings)
        typed = typed_line(text)
        if not typed:
            return []
        allowed = rule(self._verbatim, typed, config)
        with self._lock:
            model = self._model_for(user)
            found = Search(model, self._vocabulary, config, cancelled, allowed).run(typed)
        if all(f.stop.reason == "deadline" for f in found) and (
            known := self.first(text, **settings)
        ):
            return known  # whole ones in place of none, or of pieces
        scores = calibrated(np.exp([f.logprob for f in found]), self.temperature)
        return [
            self._candidate(text, typed, f.stop, score)
            for f, score in zip(found, scores.tolist(), strict=True)
        ]

    def first(self, text: str, **settings: Any) -> list[Candidate]:
        """How the training text goes on, in a moment; nothing where there is no memory of it.

        Most frequent first; the score is the share of the places that were read. It is for the
        time until `complete` has its list. Raises as `complete` does.
        """
        config = self._settled(settings)
        typed = typed_line(text)
        if not typed or self._verbatim is None:
            return []
        allowed = rule(self._verbatim, typed, config)
        found = first(self._verbatim.index, self._vocabulary, typed, config)
        shown = [(stopped, share) for stopped, share in found if not allowed or allowed(stopped)]
        return [self._candidate(text, typed, stopped, share) for stopped, share in shown]

    def examples(self, text: str, candidate: Candidate, n: int = 3) -> list[str]:
        """Up to n lines of the training text that hold a candidate word for word."""
        if not candidate.lines or self._verbatim is None:
            return []
        stopped = Stop(candidate.completion, candidate.finish_reason)
        documents = self._verbatim.documents(typed_line(text), stopped)
        return [self._verbatim.text(document) for document in documents[:n].tolist()]

    def _model_for(self, user: str | None) -> LanguageModel:
        if user is None or self.personal is None:
            return self.model
        return Personalised(self.model, self.personal, user)

    def _settled(self, settings: dict[str, Any]) -> EngineConfig:
        for name in _FIXED & settings.keys():
            raise SettingError(f"{name} is chosen when the completer is loaded", "Leave it out")
        config = validated(EngineConfig, self.config.model_dump() | settings)
        if self._verbatim is None and (config.verbatim != "any" or config.min_lines > 1):
            raise SettingError(
                "engine.verbatim and engine.min_lines need the memory of the training text, and "
                "there is none",
                "Build it: prompt-gen memory build RUN",
            )
        return config

    def _candidate(self, text: str, typed: str, found: Stop, score: float) -> Candidate:
        n_lines = self._verbatim.n_lines(typed, found) if self._verbatim else 0
        completion = found.completion
        source = "memory" if n_lines else "model"
        return Candidate(text + completion, completion, score, found.reason, source, n_lines)
