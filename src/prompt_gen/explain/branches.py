"""The tree behind the caret as people read it: the beginnings that texts part at.

Token paths that spell the same text are one beginning; beginnings that (nearly) all texts go on
from in one way are drawn together with what follows.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from operator import attrgetter

from prompt_gen.engine.choosing import Beginnings
from prompt_gen.engine.places import Place
from prompt_gen.engine.tree import Tree
from prompt_gen.engine.trie import Node

READ, KNOWN = "read", "known"  # looked into: read for this key, or for a key before
NOTED, END = "noted", "end"  # not looked into: it might have been, or nothing follows
INNER = ""  # within a token: nothing to look into
_MOST = 0.5  # share of a beginning from which on its places say what became of it
_ONE_WAY = 0.95  # share of a beginning that goes on alike, from which on it is drawn with that


@dataclass(frozen=True)
class Branch:
    """What may follow its parent's text. All probabilities are given what was typed."""

    piece: str  # behind its parent's text
    text: str  # behind the caret
    p: float
    state: str
    n_opened: int = 0  # places that were looked into, on the piece
    rank: int = 0  # of the candidate that ends here, from 1; 0: none does
    p_end: float = 0.0  # that the text ends here
    branches: tuple["Branch", ...] = ()  # the most probable first
    n_folded: int = 0  # branches that are not shown
    p_folded: float = 0.0  # of all of them together

    @property
    def p_elsewhere(self) -> float:
        """That the text goes on in a way that was not noted."""
        shown = sum(branch.p for branch in self.branches) + self.p_folded + self.p_end
        return max(0.0, self.p - shown)

    @property
    def ranks(self) -> set[int]:
        """Of the candidates that end here, or behind."""
        return {self.rank} - {0} | {rank for branch in self.branches for rank in branch.ranks}


def branches(tree: Tree, ranks: Mapping[str, int], known: Set[Node] = frozenset()) -> Branch:
    """The whole tree; `ranks` are those of candidates by their text, `known` what was read before.

    The branch that is returned is the caret: it has no text.
    """
    return _Maker(tree, ranks, known).branch(0, "")


def folded(branch: Branch, least: float, most: int) -> Branch:
    """The same, but for branches less probable than that, or beyond so many at one beginning.

    What leads to a candidate is always kept.
    """
    kept = tuple(
        folded(each, least, most)
        for at, each in enumerate(branch.branches)
        if each.ranks or (each.p >= least and at < most)
    )
    n = len(branch.branches) - len(kept)
    p = sum(each.p for each in branch.branches) - sum(each.p for each in kept)
    return replace(branch, branches=kept, n_folded=n, p_folded=max(0.0, p) if n else 0.0)


def read_nodes(tree: Tree) -> set[Node]:
    """All that has been read of the line."""
    if not tree.roots:
        return set()
    root = tree.roots[0].before
    while root.parent is not None:
        root = root.parent
    waiting, found = [root], set[Node]()
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children.values())
        if node.probs_V is not None:
            found.add(node)
    return found


class _Maker:
    def __init__(self, tree: Tree, ranks: Mapping[str, int], known: Set[Node]) -> None:
        self._found = Beginnings(tree)
        self._ranks = ranks
        self._states = _states(tree, known, self._found)
        self._n_opened, self._p_end = dict[str, int](), dict[str, float]()
        for opened in tree.opened:
            text = opened.place.text
            self._n_opened[text] = self._n_opened.get(text, 0) + 1
            self._p_end[text] = self._p_end.get(text, 0.0) + opened.p_end
        self._behind: list[list[int]] = [[] for _ in self._found.texts]
        for row, parent in enumerate(self._found.parents[1:], start=1):
            self._behind[parent].append(row)

    def branch(self, row: int, start: str) -> Branch:
        """The branch that a beginning lies on, from the end of its parent on."""
        texts, p = self._found.texts, self._found.p
        state, n_opened = INNER, 0
        while True:
            text = texts[row]
            state = self._states.get(text, INNER) or state
            n_opened += self._n_opened.get(text, 0)
            if row == 0 or text in self._ranks or not self._is_one_way(row, state):
                break
            row = self._behind[row][0]
        behind = [self.branch(each, text) for each in self._behind[row]]
        return Branch(
            text[len(start) :],
            text,
            p[row],
            state,
            n_opened,
            self._ranks.get(text, 0),
            self._p_end.get(text, 0.0),
            tuple(sorted(behind, key=attrgetter("p"), reverse=True)),
        )

    def _is_one_way(self, row: int, state: str) -> bool:
        """Whether what follows is drawn together with a beginning."""
        behind = self._behind[row]
        if len(behind) != 1 or self._found.p[behind[0]] < _ONE_WAY * self._found.p[row]:
            return False
        following = self._states.get(self._found.texts[behind[0]], INNER)
        return not state or following in (INNER, state)


def _states(tree: Tree, known: Set[Node], found: Beginnings) -> dict[str, str]:
    """What became of the places, by their text; of several with one text, the most that did."""
    opened = {id(each.place) for each in tree.opened}
    places = [*tree.roots, *(place for each in tree.opened for place in each.behind)]
    left: dict[str, list[Place]] = {}  # those that were not looked into
    for place in places:
        if id(place) not in opened:
            left.setdefault(place.text, []).append(place)
    p = dict(zip(found.texts, found.p, strict=True))
    states = {
        text: END if all(place.end for place in some) else NOTED
        for text, some in left.items()
        if sum(place.p for place in some) >= _MOST * p[text]  # the others run on beyond this text
    }
    is_known = all(place.before in known for place in tree.roots)
    states[""] = KNOWN if is_known else READ
    for each in tree.opened:
        text = each.place.text
        is_new = states.get(text) == READ or each.place.read() not in known
        states[text] = READ if is_new else KNOWN
    return states
