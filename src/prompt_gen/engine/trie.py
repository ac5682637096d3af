"""What has been read of one line: a trie of tokens that outlives keystrokes.

V vocabulary
"""

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from typing import Any
from weakref import ref

import numpy as np

from prompt_gen.engine.language_model import NOTHING, Before, LanguageModel, State

_ANSWERS = 64
_READ = 4  # tokens that may be read for each prediction that may be kept


class Node:
    """A token behind those of its parents; `probs_V` is what the model says of the next one.

    A node that was not read has no state; one whose prediction nobody wanted has no probabilities.
    It does not keep its parent: what a line held is free when the line goes, with no collector.
    """

    __slots__ = (
        "__weakref__", "_parent", "children", "last_used", "probs_V", "state", "token",
    )  # fmt: skip

    def __init__(self, parent: "Node | None", token: int) -> None:
        self._parent = None if parent is None else ref(parent)
        self.token = token
        self.state: State = NOTHING
        self.probs_V: np.ndarray | None = None
        self.children: dict[int, Node] = {}
        self.last_used = 0

    @property
    def parent(self) -> "Node | None":
        """The node of the token before."""
        return None if self._parent is None else self._parent()

    def child(self, token: int) -> "Node":
        """The node of a token behind this one, made where there is none."""
        found = self.children.get(token)
        if found is None:
            found = self.children[token] = Node(self, token)
        return found


class Trie:
    """Nodes of a line, from nothing on, and answers; those not used for long can be forgotten."""

    def __init__(self) -> None:
        self.root = Node(None, -1)
        self.now = 0  # keystrokes so far
        self.n_predictions = 0  # rows of probabilities that are kept
        self.n_read = 0  # tokens of which a state is kept
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def answer(self, asked: Hashable) -> Any:
        """What was remembered for a question; nothing if there is none."""
        return self._answers.get(asked)

    def remember(self, asked: Hashable, answer: Any) -> None:
        """Keep an answer to a question about this line; of many the newest."""
        self._answers[asked] = answer
        self._answers.move_to_end(asked)
        if len(self._answers) > _ANSWERS:
            self._answers.popitem(last=False)

    def path(self, ids: Sequence[int]) -> list[Node]:
        """The nodes of tokens one behind the other, from the first one on."""
        node, found = self.root, []
        for token in ids:
            node = node.child(token)
            node.last_used = self.now
            found.append(node)
        return found

    def read(self, model: LanguageModel, nodes: Sequence[Node], wanted: Sequence[Node]) -> None:
        """Read nodes in one pass; parents were read before, or come earlier among them.

        `wanted` are those of them whose probabilities are wanted.
        """
        places = {id(node): at for at, node in enumerate(nodes)}
        before: list[Before] = []
        for node in nodes:
            parent = node.parent
            assert parent is not None
            before.append(places.get(id(parent), parent.state))
        at = [places[id(node)] for node in wanted]
        probs_KV, states = model.read([node.token for node in nodes], before, at)
        for node, state in zip(nodes, states, strict=True):
            self.n_read += node.state is None
            node.state, node.last_used = state, self.now
        for node, probs_V in zip(wanted, probs_KV, strict=True):
            self.n_predictions += node.probs_V is None
            # A row by itself: a view would keep the rows of others who shared the pass.
            node.probs_V = probs_V.copy() if len(probs_KV) > 1 else probs_V

    def forget(self, n_kept: int) -> None:
        """Drop what was used least recently, so that at most so many predictions are left.

        What this keystroke has used stays.
        """
        if self.n_predictions <= n_kept and self.n_read <= _READ * n_kept:
            return
        nodes = [node for node in self._nodes() if node.state is not None]
        used = sorted((n.last_used for n in nodes if n.probs_V is not None), reverse=True)
        oldest = used[n_kept] + 1 if len(used) > n_kept else 0
        used = sorted((node.last_used for node in nodes), reverse=True)
        oldest = max(oldest, used[_READ * n_kept] + 1 if len(used) > _READ * n_kept else 0)
        self._prune(min(self.now, oldest))
        self.n_predictions = sum(n.probs_V is not None for n in self._nodes())
        self.n_read = sum(n.state is not None for n in self._nodes())

    def _prune(self, oldest: int) -> None:
        """Drop nodes that were used before a keystroke only, and have none behind them."""
        order = list(self._nodes())
        for node in reversed(order):
            parent = node.parent
            if parent is None:
                continue
            if node.last_used < oldest and not node.children:
                del parent.children[node.token]
            elif node.last_used < oldest:
                node.probs_V = None

    def _nodes(self) -> Iterator[Node]:
        """All nodes, parents before children."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())
