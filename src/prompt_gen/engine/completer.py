"""The completer: a language model in memory that answers prefixes."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen import bundle, memory
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, validated
from prompt_gen.engine.calibration import calibrated
from prompt_gen.engine.candidates import Candidate, Ends, Stop, typed_line
from prompt_gen.engine.choosing import next_characters
from prompt_gen.engine.covers import Vocabulary, fitting_covers
from prompt_gen.engine.first import first
from prompt_gen.engine.generating import Generator
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.line import Chosen, Line, Patience
from prompt_gen.engine.modes import MODES
from prompt_gen.engine.modes.tree import early
from prompt_gen.engine.personalised import Personalised
from prompt_gen.engine.remembering import language_model
from prompt_gen.engine.sessions import Sessions
from prompt_gen.engine.sharing import Shared
from prompt_gen.engine.tree import Tree, grow
from prompt_gen.engine.trie import Trie
from prompt_gen.engine.verbatim import Verbatim, rule
from prompt_gen.errors import SettingError, UsageError
from prompt_gen.memory import Memory
from prompt_gen.memory.personal import Personal
from prompt_gen.vocab import Tokenizer

_FIXED = {"threads", "experts", "sessions", "session_mb", "session_minutes"}
_ANY_TIME = {"deadline_ms": None}  # a list that was found whole is the same for any
_BYTES = 4  # of a probability
_AHEAD = 8  # next characters that are thought of between two keys, at most
_LIKELY = 0.02  # probability of a next character from which on it is thought of


def _never() -> bool:
    return False


def _asked(typed: str, config: EngineConfig) -> Hashable:
    """What a list that was found whole is the answer to."""
    return typed, config.model_copy(update=_ANY_TIME)


def _behind(text: str, typed: str, found: list[Candidate]) -> list[Candidate]:
    """Candidates of the last line as ones of the whole text."""
    before = text[: len(text) - len(typed)]
    return [replace(c, text=before + c.text) for c in found] if before else list(found)


class Completer:
    """Completes what was typed. Safe to call from several threads, whose passes are shared.

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
        self.model = Shared(model)
        self.config = config or EngineConfig()
        self.temperature = temperature
        self._vocabulary = Vocabulary(tokenizer)
        self._verbatim = Verbatim(remembered.index, tokenizer) if remembered else None
        self.sessions = Sessions(
            self.config.sessions,
            max(1, int(self.config.session_mb * 2**20 / (_BYTES * tokenizer.size))),
            self.config.session_minutes * 60,
        )

    @classmethod
    def of(cls, loaded: Bundle, config: EngineConfig | None = None) -> "Completer":
        """The completer of a bundle, with calibrated scores if the bundle knows how.

        Raises:
            UsageError: the bundle was tuned for another task.
            Damaged, Mismatch: see `Graph`, and `Bundle.temperature`.
        """
        if loaded.task is not None:
            asks = "chat" if loaded.task["name"] == "dialogue" else "predict"
            raise UsageError(
                f"'{loaded.name}' was tuned for '{loaded.task['name']}': it does not complete",
                f"Ask it with: prompt-gen {asks} DIR, or complete with the run it was tuned from",
            )
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
        session: str | None = None,
        **settings: Any,
    ) -> list[Candidate]:
        """Up to `n` different continuations, those first that save most keys.

        Each candidate's text begins with exactly `text`. Only the last line counts as context, as
        a document is a line. Blank text has no continuation: the list is empty. `settings` are
        those of `EngineConfig` (n, max_chars, deadline_ms, mode, ...); `cancelled` is asked between
        two passes of the model, and when it says yes the list so far is returned. For a `user` what
        the layer `personal` knows of him counts, too. A `session` names a text field: what was read
        for one key of it is kept for the next; the list is the same as without one.

        Raises:
            SettingError: an unknown setting, or a value out of range.
            InvalidRequest: the text is not well-formed Unicode.
        """
        config = self._settled(settings)
        typed = typed_line(text)
        if not typed:
            return []
        stops = Patience(config.deadline_ms, cancelled)
        model, about = self._model_for(user)
        with self.sessions.key(session, about) as trie:
            found = self._answer(text, typed, trie, model, config, stops)
        return self._in_time(found, text, stops, settings)

    def _in_time(
        self, found: list[Candidate], text: str, stops: Patience, settings: dict[str, Any]
    ) -> list[Candidate]:
        """A list, or where time was up and it holds pieces only, whole ones of the memory."""
        is_late = stops.is_over and not stops.is_cancelled
        if is_late and all(c.finish_reason == "open" for c in found):
            return self.first(text, **settings) or found
        return found

    def improving(
        self,
        text: str,
        cancelled: Callable[[], bool] = _never,
        user: str | None = None,
        session: str | None = None,
        **settings: Any,
    ) -> Iterator[tuple[list[Candidate], bool]]:
        """Lists that get better, and of each whether it is the last, which `complete` gives.

        The first is how the training text goes on (see `first`), then what is known of the tree
        before each pass of the model; where the last one is known already, it comes alone. Raises
        as `complete` does.
        """
        config, typed, shown = self._settled(settings), typed_line(text), list[Candidate]()
        stops = Patience(config.deadline_ms, cancelled)
        model, about = self._model_for(user)
        with self.sessions.key(session, about) as trie:
            line = self._line(typed, trie, model, config, stops)
            for found in self._early(line) if typed else ():
                if found and found != shown:
                    shown = found
                    yield _behind(text, typed, found), False
            found = self._answer(text, typed, trie, model, config, stops) if typed else []
        yield self._in_time(found, text, stops, settings), True

    def _early(self, line: Line) -> Iterator[list[Candidate]]:
        """Lists for the time until the last one is there."""
        if line.config.mode != "tree" or line.trie.answer(_asked(line.typed, line.config)):
            return
        yield self._first(line.typed, line.typed, line.config)
        for chosen in early(line):
            yield self._candidates(line.typed, chosen)

    def _answer(
        self,
        text: str,
        typed: str,
        trie: Trie,
        model: LanguageModel,
        config: EngineConfig,
        stops: Patience,
    ) -> list[Candidate]:
        """The list for a text; that of one that was asked or thought of before is kept."""
        asked = _asked(typed, config)
        found = trie.answer(asked)
        if found is None:
            line = self._line(typed, trie, model, config, stops)
            found = self._candidates(typed, MODES.load(config.mode).run(line))
            if config.mode == "tree" and not stops.is_over:
                trie.remember(asked, found)
        return _behind(text, typed, found)

    def tree(
        self,
        text: str,
        session: str | None = None,
        cancelled: Callable[[], bool] = _never,
        **settings: Any,
    ) -> Tree:
        """What is known behind the caret when `complete` answers in the mode `tree`.

        Takes and raises what `complete` does.
        """
        config = self._settled(settings)
        with self.sessions.key(session) as trie:
            return grow(
                self._line(
                    typed_line(text), trie, self.model, config, Patience(cancelled=cancelled)
                )
            )

    def think(
        self,
        text: str,
        session: str,
        cancelled: Callable[[], bool] = _never,
        user: str | None = None,
        **settings: Any,
    ) -> int:
        """Read ahead, for the keys that are most likely next in a session; how many were.

        For the time between two keys. It ends at the next pass when `cancelled` says so, and makes
        no difference but that the lists of those keys are there at once. Raises as `complete` does.
        """
        config = self._settled(settings)
        typed = typed_line(text)
        if not typed or config.mode != "tree":
            return 0
        stops = Patience(cancelled=cancelled)
        model, about = self._model_for(user)
        with self.sessions.key(session, about) as trie:
            tree = grow(self._line(typed, trie, model, config, stops))
            likely = next_characters(tree, _LIKELY)[:_AHEAD]
            for n, character in enumerate(likely):
                if stops() or trie.n_predictions >= self.sessions.share:
                    return n
                self._answer(text + character, typed + character, trie, model, config, stops)
            return len(likely)

    def _line(
        self,
        typed: str,
        trie: Trie,
        model: LanguageModel,
        config: EngineConfig,
        stops: Callable[[], bool],
    ) -> Line:
        return Line(
            typed,
            fitting_covers(typed, self._vocabulary, model.context, config.max_chars),
            Ends(typed, config.max_chars, config.stop),
            trie,
            model,
            self._vocabulary,
            config,
            stops,
            rule(self._verbatim, typed, config),
        )

    @property
    def remembers(self) -> bool:
        """Whether there is a memory of the training text."""
        return self._verbatim is not None

    def first(self, text: str, **settings: Any) -> list[Candidate]:
        """How the training text goes on, in a moment; nothing where there is no memory of it.

        Most frequent first; the score is the share of the places that were read. It is for the
        time until `complete` has its list. Raises as `complete` does.
        """
        return self._first(text, typed_line(text), self._settled(settings))

    def _first(self, text: str, typed: str, config: EngineConfig) -> list[Candidate]:
        if not typed or self._verbatim is None:
            return []
        allowed = rule(self._verbatim, typed, config)
        found = first(self._verbatim.index, self._vocabulary, typed, config)
        shown = [
            (stopped, share)
            for stopped, share in found
            if share >= config.min_confidence and (not allowed or allowed(stopped))
        ]
        return [self._candidate(text, typed, stopped, share) for stopped, share in shown]

    def generator(self, user: str | None = None) -> Generator:
        """What goes on from a text token by token, with what is known of a user: `generating`."""
        return Generator(self._model_for(user)[0], self._vocabulary)

    def examples(self, text: str, candidate: Candidate, n: int = 3) -> list[str]:
        """Up to n lines of the training text that hold a candidate word for word."""
        if not candidate.lines or self._verbatim is None:
            return []
        stopped = Stop(candidate.completion, candidate.finish_reason)
        documents = self._verbatim.documents(typed_line(text), stopped)
        return [self._verbatim.text(document) for document in documents[:n].tolist()]

    def _model_for(self, user: str | None) -> tuple[LanguageModel, Hashable]:
        """The model of a user, and what it depends on."""
        personal = self.personal
        if user is None or personal is None:
            return self.model, None
        return Personalised(self.model, personal, user), (user, personal, personal.version(user))

    def _settled(self, settings: dict[str, Any]) -> EngineConfig:
        for name in _FIXED & settings.keys():
            raise SettingError(f"{name} is chosen when the completer is loaded", "Leave it out")
        config = self.config
        if settings:
            config = validated(EngineConfig, config.model_dump() | settings)
        if self._verbatim is None and (config.verbatim != "any" or config.min_lines > 1):
            raise SettingError(
                "engine.verbatim and engine.min_lines need the memory of the training text, and "
                "there is none",
                "Build it: prompt-gen memory build RUN",
            )
        return config

    def _candidates(self, typed: str, chosen: Sequence[Chosen]) -> list[Candidate]:
        p = [c.p for c in chosen] + [p for c in chosen for _, p in c.clauses]
        scores = iter(calibrated(np.array(p), self.temperature).tolist())
        found = [self._candidate(typed, typed, c.stop, next(scores)) for c in chosen]
        return [
            replace(candidate, stops=tuple((end, next(scores)) for end, _ in c.clauses))
            if c.clauses
            else candidate
            for candidate, c in zip(found, chosen, strict=True)
        ]

    def _candidate(self, text: str, typed: str, found: Stop, score: float) -> Candidate:
        n_lines = self._verbatim.n_lines(typed, found) if self._verbatim else 0
        completion = found.completion
        source = "memory" if n_lines else "model"
        return Candidate(text + completion, completion, score, found.reason, source, n_lines)
