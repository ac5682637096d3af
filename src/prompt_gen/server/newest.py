"""Which request of a text field is the newest: it ends those before it."""

from collections import OrderedDict
from typing import TypeVar

from prompt_gen.server.wanted import Wanted

_MAX_SESSIONS = 10_000
V = TypeVar("V")


class Newest:
    """The highest sequence number of each session, and who waits for the answers to it."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, tuple[int, list[Wanted]]] = OrderedDict()

    def asked(self, session: str, seq: int, wanted: Wanted) -> None:
        """A request of a session has come: it ends the older ones, or is older itself."""
        newest, waiting = self._sessions.get(session, (seq, []))
        if seq < newest:
            wanted.end("superseded")
            return
        if seq > newest:
            for older in waiting:
                older.end("superseded")
            waiting = []
        waiting = [each for each in waiting if not each.is_over()]
        put(self._sessions, session, (seq, [*waiting, wanted]))


def put(known: OrderedDict[str, V], session: str, value: V) -> None:
    """Keep something of a session, and of many sessions those that came last."""
    known[session] = value
    known.move_to_end(session)
    while len(known) > _MAX_SESSIONS:
        known.popitem(last=False)
