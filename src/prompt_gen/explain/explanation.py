"""Why a list of candidates is what it is: the tree it was chosen from, and what that took."""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from uuid import uuid4

from prompt_gen.engine import Candidate, Completer
from prompt_gen.engine.candidates import typed_line
from prompt_gen.engine.choosing import choose
from prompt_gen.engine.tree import Tree
from prompt_gen.engine.trie import Node
from prompt_gen.errors import UsageError
from prompt_gen.explain.branches import Branch, branches, read_nodes

_NO_DEADLINE_MS = 3_600_000.0


@dataclass(frozen=True)
class Shown:
    """A candidate in its place in the list."""

    rank: int  # from 1
    candidate: Candidate
    p: float  # the model's own probability; the candidate's score is calibrated
    gain: float | None  # keystrokes that it is expected to save beside those before it;
    # none: it was not chosen from the tree, but training lines go on so


@dataclass(frozen=True)
class Explanation:
    """What a key brought about."""

    typed: str  # the line up to the caret
    key: str  # what of it was typed last; empty: all of it
    tree: Branch
    shown: tuple[Shown, ...]
    n_opened: int  # places that were looked into
    n_known: int  # of them, those that were read for a key before
    n_noted: int  # places that might have been looked into, and were not
    n_read: int  # places that were read for this key, those before the caret included
    n_passes: int  # of the model, for them


def explain(
    completer: Completer, text: str, then: str = "", cancelled: Callable[[], bool] = lambda: False
) -> list[Explanation]:
    """Why the candidates behind a text are shown, and then, behind what is typed further.

    `cancelled` is asked between two passes of the model; when it says yes, tree and list are
    those that were known by then.

    Raises:
        UsageError: there is nothing to complete.
        InvalidRequest: the text is not well-formed Unicode.
    """
    session = f"explain-{uuid4().hex}"
    typed = [(text, ""), (text + then, then)] if then else [(text, "")]
    try:
        return list(_keys(completer, typed, session, cancelled))
    finally:
        completer.sessions.forget(session)


def _keys(
    completer: Completer,
    typed: list[tuple[str, str]],
    session: str,
    cancelled: Callable[[], bool],
) -> Iterator[Explanation]:
    """The explanations of texts, and the newest key of each, one after the other."""
    known: set[Node] = set()
    for text, key in typed:
        line = typed_line(text)
        if not line:
            raise UsageError("there is nothing to complete: the last line is blank", "Type a word")
        n_before = completer.model.n_passes
        tree = completer.tree(text, session, cancelled)
        n_passes = completer.model.n_passes - n_before
        listed = completer.complete(
            text, cancelled, session=session, mode="tree", deadline_ms=_NO_DEADLINE_MS
        )
        shown = weighed(tree, listed, completer.config.min_confidence)
        yield explained(tree, line, key, shown, n_passes, known)
        known = read_nodes(tree)


def explained(
    tree: Tree,
    typed: str,
    key: str,
    shown: tuple[Shown, ...],
    n_passes: int,
    known: Set[Node] = frozenset(),
) -> Explanation:
    """The explanation of a list that was chosen from a tree; `known` was read for keys before."""
    ranks = {each.candidate.completion: each.rank for each in shown if each.gain is not None}
    opened = {id(each.place) for each in tree.opened}
    places = [*tree.roots, *(place for each in tree.opened for place in each.behind)]
    return Explanation(
        typed,
        key,
        branches(tree, ranks, known),
        shown,
        len(tree.opened),
        sum(each.place.read() in known for each in tree.opened),
        sum(id(place) not in opened and not place.end for place in places),
        len(read_nodes(tree) - known),
        n_passes,
    )


def weighed(tree: Tree, listed: list[Candidate], least: float) -> tuple[Shown, ...]:
    """A list with what the choice from the tree has weighed; `least` is its least probability."""
    texts = [candidate.completion for candidate in listed]
    chosen = choose(tree, len(listed), lambda stop: stop.completion in texts, least)
    if [each.stop.completion for each in chosen] != texts:  # the tree had nothing to show
        return tuple(Shown(at, each, each.score, None) for at, each in enumerate(listed, start=1))
    return tuple(
        Shown(rank, candidate, each.p, each.gain)
        for rank, (candidate, each) in enumerate(zip(listed, chosen, strict=True), start=1)
    )
