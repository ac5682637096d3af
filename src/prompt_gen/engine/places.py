"""Places behind the caret: a token, the text up to it, and how probable that is.

C tokens that may cross the caret, V vocabulary
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from prompt_gen.engine.candidates import Ends, readable
from prompt_gen.engine.covers import Cover, Vocabulary, n_shared
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.trie import Node, Trie

_LEAST = 1e-300  # a probability that was rounded to nothing still has a logarithm


class Place:
    """A token behind the caret, or the last one before it."""

    __slots__ = ("before", "end", "p", "rest", "text", "token")

    def __init__(
        self, before: Node, token: int, p: float, text: str, rest: bytes, end: str
    ) -> None:
        self.before = before
        self.token = token
        self.p = p  # given what was typed
        self.text = text  # behind the caret, whole characters
        self.rest = rest  # the beginning of one more
        self.end = end  # why nothing follows: see `Ends`; "" if something does

    def read(self) -> Node | None:
        """Its node, if it has been read."""
        found = self.before.children.get(self.token)
        return None if found is None or found.probs_V is None else found


@dataclass(frozen=True)
class Crossing:
    """Tokens of one cover that may come next, with their share of all that may.

    Of the cover that ends at the caret this is its own last token.
    """

    before: Node
    tokens_C: np.ndarray
    p_C: np.ndarray
    n_typed: int  # bytes of each token that were typed; 0: all of it was


class Behind:
    """Makes the places behind the caret of a typed line."""

    def __init__(self, vocabulary: Vocabulary, ends: Ends) -> None:
        self._vocabulary, self._ends = vocabulary, ends
        self._token_bytes = vocabulary.token_bytes
        self._texts, self._may_end = vocabulary.texts, vocabulary.may_end
        self._eos = vocabulary.tokenizer.eos_id

    def caret(
        self, trie: Trie, model: LanguageModel, covers: Sequence[Cover], least: float
    ) -> list[Place]:
        """The first places, of at least so much probability; all together have one at most.

        Those of a cover that ends at the caret are one place, with no text yet.
        """
        found = []
        for crossing in crossings(trie, model, self._vocabulary, covers):
            for at in np.flatnonzero(crossing.p_C >= least).tolist():
                token, p = int(crossing.tokens_C[at]), float(crossing.p_C[at])
                if not crossing.n_typed:
                    found.append(Place(crossing.before, token, p, "", b"", ""))
                elif place := self._place(crossing.before, token, p, "", b"", crossing.n_typed):
                    found.append(place)
        return found

    def following(self, place: Place, node: Node, least: float) -> tuple[list[Place], float]:
        """The places behind one that was read, and the probability that the text ends there."""
        assert node.probs_V is not None
        tokens = np.flatnonzero(node.probs_V >= least / max(place.p, _LEAST))
        p_end = place.p * float(node.probs_V[self._eos])
        return self.chosen(place, node, tokens, place.p * node.probs_V[tokens]), p_end

    def chosen(
        self, place: Place, node: Node, tokens: np.ndarray, p_tokens: np.ndarray
    ) -> list[Place]:
        """The places of some tokens behind a place, but for the text's end."""
        found = []
        for p, token in zip(p_tokens.tolist(), tokens.tolist(), strict=True):
            if token != self._eos and (
                behind := self._place(node, token, p, place.text, place.rest, 0)
            ):
                found.append(behind)
        return found

    def _place(
        self, before: Node, token: int, p: float, text: str, rest: bytes, n_typed: int
    ) -> Place | None:
        """The place of a token; none where no text begins with its bytes.

        The first `n_typed` bytes of the token lie before the caret.
        """
        piece, may_end = self._texts[token], self._may_end[token]
        if piece is None or rest or n_typed:
            data = rest + self._token_bytes[token][n_typed:]
            piece = readable(data)
            if piece is None or not data:
                return None
            rest = data[len(piece.encode()) :]
        longer, end = self._ends.cut(text, text + piece, may_end)
        return Place(before, token, p, longer, rest, end)


def crossings(
    trie: Trie, model: LanguageModel, vocabulary: Vocabulary, covers: Sequence[Cover]
) -> list[Crossing]:
    """The tokens that cross the caret, cover by cover; all together have a probability of one."""
    paths = [trie.path(cover.ids) for cover in covers]
    n_common = n_shared([cover.ids for cover in covers])
    _read(trie, model, covers, paths, n_common)
    scores = [_log_path(path, n_common) for path in paths]
    weights = [math.exp(score - max(scores)) for score in scores]
    found = [
        _crossing(trie, vocabulary, cover, path, weight)
        for cover, path, weight in zip(covers, paths, weights, strict=True)
    ]
    mass = sum(float(each.p_C.sum()) for each in found)
    return [replace(each, p_C=each.p_C / mass) for each in found]


def _crossing(
    trie: Trie, vocabulary: Vocabulary, cover: Cover, path: list[Node], weight: float
) -> Crossing:
    if not cover.open_bytes:
        before = path[-2] if len(path) > 1 else trie.root
        return Crossing(before, np.array([path[-1].token]), np.array([weight]), 0)
    probs_V = path[-1].probs_V
    assert probs_V is not None
    tokens_C = vocabulary.extending(cover.open_bytes)
    p_C = probs_V[tokens_C].astype(np.float64) * weight
    return Crossing(path[-1], tokens_C, p_C, len(cover.open_bytes))


def _read(
    trie: Trie,
    model: LanguageModel,
    covers: Sequence[Cover],
    paths: Sequence[list[Node]],
    n_common: int,
) -> None:
    """Read what the probabilities of the covers need, in one pass.

    If there is anything to read, the end of the cover that ends at the caret is read with it: it is
    most likely looked into next.
    """
    nodes: dict[int, Node] = {}
    wanted: dict[int, Node] = {}
    for cover, path in zip(covers, paths, strict=True):
        for at, node in enumerate(path if cover.open_bytes else path[:-1]):
            if at >= n_common - 1 and node.probs_V is None:
                wanted[id(node)] = nodes[id(node)] = node
            elif node.state is None:
                nodes[id(node)] = node
    if not nodes:
        return
    for cover, path in zip(covers, paths, strict=True):
        if not cover.open_bytes and path[-1].probs_V is None:
            wanted[id(path[-1])] = nodes[id(path[-1])] = path[-1]
    trie.read(model, list(nodes.values()), list(wanted.values()))


def _log_path(path: list[Node], n_common: int) -> float:
    """Logarithm of the probability of a path behind the tokens that it shares with others."""
    total = 0.0
    for at in range(max(1, n_common), len(path)):
        probs_V = path[at - 1].probs_V
        assert probs_V is not None
        total += math.log(max(float(probs_V[path[at].token]), _LEAST))
    return total
