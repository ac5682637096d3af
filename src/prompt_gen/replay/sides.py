"""Who is typed with: our engine, and the ways of peers, each behind the same four names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from prompt_gen import bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.engine.candidates import stop
from prompt_gen.replay.peers import PEERS, Way

OURS = "prompt-gen"
_NO_DEADLINE_MS = 60_000.0  # how good lists are must not depend on how busy the machine is

Shown = Sequence[Candidate | str]  # best first; a string is what stands behind what was typed


class Side(Protocol):
    """What answers the keys of lines, one line after another."""

    @property
    def n_passes(self) -> int:
        """Calls of a model so far, pauses included; 0 throughout: they are not counted."""
        ...

    def begin_line(self) -> None:
        """A new line begins: nothing has been typed of it."""
        ...

    def key(self, typed: str) -> Shown:
        """What is shown when the line so far is `typed`; this is what a user waits for."""
        ...

    def pause(self) -> None:
        """Until the next key there is time: whatever is done in it counts for itself."""
        ...


class Source(Protocol):
    """Where sides come from; it goes to another process, which opens it once."""

    def open(self) -> dict[str, Side]:
        """Sides by name, with all they need in memory."""
        ...


@dataclass
class Alone:
    """A side that answers each key for itself: a function of what was typed."""

    complete: Callable[[str], Shown]
    counted: Callable[[], int] = field(default=lambda: 0)

    @property
    def n_passes(self) -> int:
        """What `counted` says."""
        return self.counted()

    def begin_line(self) -> None:
        """Lines are nothing to it."""

    def key(self, typed: str) -> Shown:
        """A new list."""
        return self.complete(typed)

    def pause(self) -> None:
        """It does nothing unasked."""


class Field:
    """The engine in a text field, as a page has it: each line is a session, and pauses are used."""

    def __init__(self, completer: Completer, has_pauses: bool = True) -> None:
        self._completer, self._has_pauses = completer, has_pauses
        self._session, self._typed, self._n_lines = "", "", 0

    @property
    def n_passes(self) -> int:
        """Passes of the model."""
        return self._completer.model.n_passes

    def begin_line(self) -> None:
        """A new session; what was read for the last one is forgotten."""
        self._completer.sessions.forget(self._session)
        self._n_lines += 1
        self._session = str(self._n_lines)

    def key(self, typed: str) -> Shown:
        """A list, from what was read so far and what is new."""
        self._typed = typed
        return self._completer.complete(typed, session=self._session)

    def pause(self) -> None:
        """Think ahead."""
        if self._has_pauses:
            self._completer.think(self._typed, self._session)


@dataclass(frozen=True)
class Ours:
    """The engine with a bundle."""

    path: Path
    engine: EngineConfig

    def open(self) -> dict[str, Side]:
        """As it is; by keys alone; and, beside a memory, with the weights of the peers alone."""
        loaded = bundle.load(self.path)
        config = self.engine.model_copy(update={"deadline_ms": _NO_DEADLINE_MS})
        completer = Completer.of(loaded, config)
        sides: dict[str, Side] = {
            OURS: Field(completer),
            f"{OURS}, no pauses": Field(completer, has_pauses=False),
        }
        if loaded.memory and config.experts == "both":
            alone = config.model_copy(update={"experts": "network"})
            sides[f"{OURS}, network"] = Field(Completer.of(loaded, alone))
        return sides


@dataclass(frozen=True)
class OfPeer:
    """A peer with the stock weights of a bundle; it writes `n_tokens`, of which lists show part."""

    name: str  # row of PEERS
    stock: Path
    engine: EngineConfig
    n_tokens: int

    def open(self) -> dict[str, Side]:
        """A side for each way of the peer."""
        ways = PEERS.load(self.name).ways(self.stock, self.engine.threads)
        return {f"{self.name} {name}": Alone(self._asking(way)) for name, way in ways.items()}

    def _asking(self, way: Way) -> Callable[[str], Shown]:
        n, max_chars = self.engine.n, self.engine.max_chars
        return lambda typed: listed(way(typed, n, self.n_tokens), typed, max_chars)


def listed(texts: Sequence[str], typed: str, max_chars: int) -> list[str]:
    """Continuations as our lists have them: cut where ours stop, none empty, no two equal.

    Of a character that the last token leaves unfinished nothing is shown.
    """
    whole = (text.partition("\ufffd")[0] for text in texts)
    found = (stop(text, typed, max_chars, ended=True) for text in whole)
    return list(dict.fromkeys(each.completion for each in found if each and each.completion))
