"""How the text may go on behind the caret: a tree of tokens, looked into where it pays.

The tree begins with all covers of what was typed (see `covers`), and every place in it has its
exact probability given what was typed. It is looked into best first: behind place v no more than

    p(v) * (longest continuation - characters up to v)

keystrokes can be won, so the places with the highest bounds are the ones to read, as many at a time
as one pass of the model takes. Which places that are depends on the probabilities alone: a tree
that goes on from the last keystroke's is the same as a fresh one, only cheaper.
Sources: Meister, Vieira and Cotterell 2020, "Best-first beam search"; Phan et al. 2025 and Vieira
et al. 2024 on exact prefix probabilities of tokenized models.
"""

import heapq
from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prompt_gen.config import EngineConfig
from prompt_gen.engine.line import Line
from prompt_gen.engine.places import Behind, Place


@dataclass(frozen=True)
class Opened:
    """A place that was looked into, and the places behind it."""

    place: Place
    behind: list[Place]
    p_end: float  # that the text ends here


@dataclass(frozen=True)
class Tree:
    """What is known behind the caret."""

    roots: Sequence[Place]  # the tokens that cross the caret, or begin behind it
    opened: Sequence[Opened]  # by falling bound, parents before children
    is_cut: bool  # a deadline or a newer key came before all was seen that should be


def grow(line: Line) -> Tree:
    """The tree behind a typed line."""
    *_, search = _searched(line)
    return search.tree()


def growing(line: Line) -> Iterator[Tree]:
    """What is known of the tree before each pass of the model; the last one is that of `grow`."""
    return (search.tree() for search in _searched(line))


def _searched(line: Line) -> Iterator["_Search"]:
    """One search, before each pass of the model and at its end."""
    behind = Behind(line.vocabulary, line.ends)
    roots = behind.caret(line.trie, line.model, line.covers, line.config.floor)
    search = _Search(line, behind, roots)
    while search.next():
        yield search
        if line.stops():
            return
        nodes = [place.before.child(place.token) for place in search.waiting]
        line.trie.read(line.model, nodes, nodes)
        for place in search.waiting:
            search.note(place)
    yield search


class _Search:
    """The order in which places are looked into."""

    def __init__(self, line: Line, behind: Behind, roots: Sequence[Place]) -> None:
        self._config: EngineConfig = line.config
        self._now, self._behind = line.trie.now, behind
        self._heap: list[tuple[float, int, Place]] = []
        self._n_noted = 0
        self._bounds: list[float] = []  # of places that were looked into, negative, rising
        self._opened: list[tuple[float, int, Opened]] = []
        self.waiting: list[Place] = []  # to be read next
        self._roots = roots
        for place in roots:
            self.note(place)

    def note(self, place: Place) -> None:
        """A place that may be looked into."""
        room = self._config.max_chars - len(place.text)
        if not place.end and room > 0:
            self._n_noted += 1
            heapq.heappush(self._heap, (-place.p * room, self._n_noted, place))

    def next(self) -> list[Place]:
        """The places to read next; none: all that should be seen has been."""
        waiting: list[Place] = []
        bounds = self._bounds.copy()  # those of waiting places, too
        while self._heap and len(waiting) < self._config.batch:
            minus_bound, n, place = self._heap[0]
            is_worth_it = -minus_bound >= self._config.worth
            if not is_worth_it or bisect_right(bounds, minus_bound) >= self._config.places:
                break
            heapq.heappop(self._heap)
            insort(bounds, minus_bound)
            node = place.read()
            if node is None:
                waiting.append(place)
                continue
            node.last_used = self._now
            insort(self._bounds, minus_bound)
            following, p_end = self._behind.following(place, node, self._config.floor)
            self._opened.append((minus_bound, n, Opened(place, following, p_end)))
            for each in following:
                self.note(each)
        self.waiting = waiting
        return waiting

    def tree(self) -> Tree:
        """What was looked into, without what was read too early."""
        self._opened.sort(key=lambda entry: entry[:2])
        best = [opened for _, _, opened in self._opened[: self._config.places]]
        return Tree(self._roots, best, is_cut=bool(self.waiting))
