"""What was read for text fields, kept from key to key: bounded in number, room and age."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prompt_gen.engine.trie import Trie

_TYPING_S = 15.0  # so long after a key somebody is still typing


@dataclass
class Session:
    """One text field. One request at a time works on it."""

    trie: Trie = field(default_factory=Trie)
    about: Hashable = None  # what its probabilities depend on, besides the model
    lock: threading.Lock = field(default_factory=threading.Lock)
    used: float = 0.0  # seconds, by the clock of the sessions


class Sessions:
    """Sessions by name. Safe to use from several threads.

    Those that were not used for `max_age_s` are forgotten, and of more than `max_sessions` the ones
    that were used least recently. All together keep about `max_predictions` rows of probabilities:
    where there are more, the oldest sessions go that nobody is typing in, and the rest share the
    room. What the newest key of a session needs is kept in any case.
    """

    def __init__(
        self,
        max_sessions: int,
        max_predictions: int,
        max_age_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_sessions, self._max_predictions = max_sessions, max_predictions
        self._max_age_s, self._clock = max_age_s, clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._sessions)

    @property
    def n_predictions(self) -> int:
        """Rows of probabilities that are kept."""
        with self._lock:
            return sum(session.trie.n_predictions for session in self._sessions.values())

    @contextmanager
    def key(self, name: str | None, about: Hashable = None) -> Iterator[Trie]:
        """The trie of a session for one key; a session without a name is forgotten at once.

        It begins anew where `about` is not what it was.
        """
        if name is None:
            yield Trie()
            return
        session = self._take(name)
        with session.lock:
            if session.about != about:
                session.trie, session.about = Trie(), about
            session.trie.now += 1
            try:
                yield session.trie
            finally:
                self._make_room()
                session.trie.forget(self.share)

    def forget(self, name: str) -> None:
        """Drop a session."""
        with self._lock:
            self._sessions.pop(name, None)

    def _take(self, name: str) -> Session:
        with self._lock:
            now = self._clock()
            session = self._sessions.setdefault(name, Session())
            session.used = now
            self._sessions.move_to_end(name)
            while len(self._sessions) > self._max_sessions:
                self._sessions.popitem(last=False)
            while (oldest := next(iter(self._sessions.values()))).used < now - self._max_age_s:
                assert oldest is not session
                self._sessions.popitem(last=False)
            return session

    def _make_room(self) -> None:
        with self._lock:
            now, kept = self._clock(), self._sessions
            n = sum(session.trie.n_predictions for session in kept.values())
            while n > self._max_predictions and kept:
                oldest = next(iter(kept.values()))
                if now - oldest.used < _TYPING_S:
                    return
                n -= oldest.trie.n_predictions
                kept.popitem(last=False)

    @property
    def share(self) -> int:
        """Rows that one of the sessions that are there may keep."""
        with self._lock:
            return self._max_predictions // max(1, len(self._sessions))
