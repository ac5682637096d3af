"""What modes share that go from token to token: rows, and what has ended of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from prompt_gen.engine.candidates import Stop, family, whole_part
from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.places import Behind, Place
from prompt_gen.engine.trie import Node


class Rows:
    """Continuations of a line on their way, and those that have ended."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._behind = Behind(line.vocabulary, line.ends)
        self.ended: dict[str, tuple[float, str]] = {}  # probability, and why it ends

    def caret(self) -> list[Place]:
        """The first places, with whatever probability."""
        line = self._line
        return self._behind.caret(line.trie, line.model, line.covers, least=1e-9)

    def first(self, n: int) -> list[Place]:
        """The n most probable first places."""
        return self.different(sorted(self.caret(), key=lambda place: -place.p), n)

    def read(self, live: Sequence[Place]) -> list[Node]:
        """The nodes of places; those that were not read before are, in one pass."""
        line = self._line
        nodes = [place.before.child(place.token) for place in live]
        unread = list({id(node): node for node in nodes if node.probs_V is None}.values())
        if unread:
            line.trie.read(line.model, unread, unread)
        return nodes

    def behind(self, live: Sequence[Place], n: int) -> list[Place]:
        """The most probable places behind some; texts that may end there are noted."""
        found = []
        for place, node in zip(live, self.read(live), strict=True):
            probs_V = node.probs_V
            assert probs_V is not None
            self.end(place.text, "eos", place.p * float(probs_V[self._line.eos]))
            best = np.argpartition(-probs_V, min(2 * n, len(probs_V) - 1))[: 2 * n]
            found += self._behind.chosen(place, node, best, place.p * probs_V[best])
        return found

    def one(self, place: Place, node: Node, token: int, p: float) -> Place | None:
        """The place of one token behind another; none if it is the text's end, or no text."""
        found = self._behind.chosen(place, node, np.array([token]), np.array([p]))
        return found[0] if found else None

    def different(self, places: Iterable[Place], n: int) -> list[Place]:
        """The first n with different texts that go on; those that end are noted.

        What has the same text by another path adds its probability.
        """
        live: dict[tuple[str, bytes], Place] = {}
        for place in places:
            if place.end:
                self.end(place.text, place.end, place.p)
            elif kept := live.get((place.text, place.rest)):
                kept.p += place.p
            elif len(live) < n:
                live[place.text, place.rest] = place
        return list(live.values())

    def end(self, text: str, reason: str, p: float, *, once: bool = False) -> None:
        """Note a continuation that has ended; `once`: if it has not been noted before."""
        text = whole_part(text) if reason == "length" else text
        if text.strip() and p > 0 and not (once and text in self.ended):
            known, why = self.ended.get(text, (0.0, reason))
            self.ended[text] = known + p, why

    def least(self, n: int) -> float:
        """The probability that others must exceed to be among the n best that have ended."""
        best = sorted((p for p, _ in self.ended.values()), reverse=True)
        return best[n - 1] if len(best) >= n else 0.0


def ended(line: Line, rows: Rows, live: Sequence[Place] = ()) -> list[Chosen]:
    """What is shown: the most probable, those that differ in their final marks only once.

    What is still on its way when the time is up is shown as far as it has come.
    """
    for place in live:
        rows.end(place.text, "open", place.p)
    found: list[Chosen] = []
    taken: set[str] = set()
    for text, (p, reason) in sorted(rows.ended.items(), key=lambda entry: -entry[1][0]):
        stop = Stop(text, reason)
        if len(found) == line.config.n or p < line.config.min_confidence:
            break
        if family(text) in taken or (line.allowed and not line.allowed(stop)):
            continue
        taken.add(family(text))
        p = min(1.0, p)
        found.append(Chosen(stop, p, p * max(0, len(text) - 1 - len(found))))
    return found
