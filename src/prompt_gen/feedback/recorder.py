"""The thread that has a server's store: what came in while it was busy is committed together."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_gen.config import FeedbackConfig
from prompt_gen.errors import PromptGenError, StoreUnavailable
from prompt_gen.feedback.event import Event, Kind, Outcome, Recorded, accepted_line
from prompt_gen.feedback.place import file_of

if TYPE_CHECKING:  # the libraries of the store are loaded by the thread, when it opens one
    from prompt_gen.feedback.store import Store

_MAX_WAITING = 10_000  # events
_MAX_TOGETHER = 1_000  # events in one transaction
_AGAIN_S = 1.0  # after a store could not be opened, nobody waits for it so long
_DAY_S = 86_400
_log = logging.getLogger(__name__)

Learn = Callable[[str, str], object]  # a user, and a line that he accepted


@dataclass
class _Sent:
    """What one request sent."""

    events: Sequence[Event]
    silenced: frozenset[str]  # sessions that go off the record
    done: "Future[Recorded]" = field(default_factory=Future)

    def told(self, outcome: Outcome) -> Recorded:
        n_stored = len({event.id for event in self.events} & outcome.stored)
        n_silent = sum(event.id in outcome.off_record for event in self.events)
        return Recorded(n_stored, len(self.events) - n_stored - n_silent, n_silent)


class Recorder:
    """Records events of many requests at once; a request is told when its own are on the disk.

    A store that is there is opened at once, a new one when the first event comes; again after it
    failed. `learn` is told of
    every line that a named user accepted, once.
    """

    def __init__(
        self,
        config: FeedbackConfig,
        directory: Path,
        learn: Learn | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._config, self._directory, self._learn = config, directory, learn
        self._clock = clock
        self._waiting: queue.SimpleQueue[_Sent | None] = queue.SimpleQueue()
        self._n_waiting = 0  # events
        self._counting = threading.Lock()
        self._store: Store | None = None
        self._failure: PromptGenError | None = None
        self._failed_at = 0.0
        self._expired_at = 0.0
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._is_closed = False
        self._thread.start()

    def submit(self, events: Sequence[Event], silenced: Iterable[str] = ()) -> "Future[Recorded]":
        """Have events recorded, and sessions put off the record; done when that is on the disk.

        Raises:
            StoreUnavailable: too many wait already, or the server is stopping.
        """
        sent = _Sent(events, frozenset(silenced))
        with self._counting:
            if self._is_closed:
                raise StoreUnavailable("the server is stopping", "Send it again to the next one")
            if self._n_waiting + len(events) > _MAX_WAITING:
                raise StoreUnavailable(
                    f"{self._n_waiting:,} events wait to be stored", "Send them again in a moment"
                )
            self._n_waiting += len(events)
            self._waiting.put(sent)
        return sent.done

    def close(self) -> None:
        """Record what waits, and let go of the store."""
        with self._counting:
            self._is_closed = True
            self._waiting.put(None)
        self._thread.join()

    # -- the thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        is_last = False
        path = file_of(self._config, self._directory)
        if path is None or path.exists():  # what is old goes, whether events come or not
            self._look_after()
        while not is_last:
            batch, is_last = self._next()
            if batch:
                self._together(batch)
            if self._store is not None and time.monotonic() > self._expired_at + _DAY_S:
                self._look_after()
        self._drop()

    def _next(self) -> tuple[list[_Sent], bool]:
        """What waits, after something does or a day has gone by; and whether it is the last."""
        batch: list[_Sent] = []
        n_events = 0
        try:
            sent = self._waiting.get(timeout=_DAY_S)
            while sent is not None:
                n_events += len(sent.events)
                if sent.done.set_running_or_notify_cancel():
                    batch.append(sent)
                if n_events >= _MAX_TOGETHER:
                    break
                sent = self._waiting.get_nowait()
        except queue.Empty:
            return batch, False
        finally:
            with self._counting:
                self._n_waiting -= n_events
        return batch, sent is None

    def _together(self, batch: Sequence[_Sent]) -> None:
        """Record all in one transaction; where one of them cannot be, each in its own."""
        try:
            outcome = self._record(batch)
        except PromptGenError as error:
            for sent in batch:
                sent.done.set_exception(error)
        except Exception as error:
            _log.exception("events could not be stored")
            if len(batch) == 1:
                batch[0].done.set_exception(error)
            else:
                for sent in batch:
                    self._together([sent])
        else:
            for sent in batch:
                sent.done.set_result(sent.told(outcome))
            self._teach(batch, outcome)

    def _record(self, batch: Sequence[_Sent]) -> Outcome:
        store = self._opened()
        events = [event for sent in batch for event in sent.events]
        silenced = {session for sent in batch for session in sent.silenced}
        try:
            if silenced:
                store.silence(silenced)
            return store.record(events) if events else Outcome(set(), set())
        except PromptGenError as error:
            self._failed(error)
            self._drop()
            raise

    def _opened(self) -> "Store":
        if self._store is None:
            if self._failure is not None and time.monotonic() < self._failed_at + _AGAIN_S:
                raise self._failure.with_traceback(None)
            from prompt_gen.feedback.store import Store

            try:
                self._store = Store(self._config, self._directory, self._clock)
            except PromptGenError as error:
                self._failed(error)
                raise
            self._failure, self._expired_at = None, time.monotonic()
        return self._store

    def _failed(self, error: PromptGenError) -> None:
        if type(error) is not type(self._failure):  # said once, not with every request
            _log.error("events cannot be stored: %s", error)
        self._failure, self._failed_at = error, time.monotonic()

    def _drop(self) -> None:
        """Close the store, as well as that can be done."""
        store, self._store = self._store, None
        if store is not None:
            try:
                store.close()
            except PromptGenError as error:
                _log.error("the store could not be closed: %s", error)

    def _look_after(self) -> None:
        """Delete what is old, once a day."""
        self._expired_at = time.monotonic()
        try:
            self._opened().expire()
        except PromptGenError as error:
            _log.error("old events could not be deleted: %s", error)

    def _teach(self, batch: Sequence[_Sent], outcome: Outcome) -> None:
        for event in (event for sent in batch for event in sent.events):
            line = accepted_line(event.prompt, event.text)
            is_new = event.id in outcome.stored and event.kind is Kind.ACCEPTED
            if self._learn is None or not is_new or event.user is None or line is None:
                continue
            try:
                self._learn(event.user, line)
            except PromptGenError as error:
                _log.warning("what was accepted could not be learned: %s", error)
