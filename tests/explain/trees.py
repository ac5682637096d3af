"""Trees made by hand, without a model."""

from itertools import count

import numpy as np

from prompt_gen.engine.candidates import Candidate
from prompt_gen.engine.places import Place
from prompt_gen.engine.tree import Opened, Tree
from prompt_gen.engine.trie import Node, Trie
from prompt_gen.explain.explanation import Shown

Behind = dict[str, "tuple[float, str] | tuple[float, float, Behind]"]


def grown(trie: Trie, behind: Behind) -> Tree:
    """The tree of what follows the caret.

    A place is `piece: (p, why it ends)`, or `piece: (p, p_end, places behind it)` where it was
    looked into. All that was looked into counts as read.
    """
    tokens, opened = count(), list[Opened]()

    def places(before: Node, start: str, some: Behind) -> list[Place]:
        found = []
        for (piece, (p, *what)), token in zip(some.items(), tokens, strict=False):
            place = Place(before, token, p, start + piece, b"", what[0] if len(what) == 1 else "")
            found.append(place)
            if len(what) == 2:
                node = before.child(token)
                node.probs_V = np.ones(1)
                at = len(opened)
                opened.insert(at, Opened(place, places(node, place.text, what[1]), what[0]))
        return found

    trie.root.probs_V = np.ones(1)
    roots = places(trie.root, "", behind)
    opened.sort(key=lambda each: len(each.place.text))  # parents before children
    return Tree(roots, opened, is_cut=False)


def listed(typed: str, *rows: tuple[str, float, float, str, int]) -> tuple[Shown, ...]:
    """A list: text, probability, keys saved, why it ends there, training lines."""
    return tuple(
        Shown(
            rank,
            Candidate(typed + text, text, p, reason, "memory" if n else "model", n),
            p,
            gain,
        )
        for rank, (text, p, gain, reason, n) in enumerate(rows, start=1)
    )


BOTH: Behind = {
    "什么": (
        0.4,
        0.1,
        {"？": (0.15, "sentence"), "药 <b>&": (0.08, ""), "呢": (0.004, ""), "啊": (0.003, "")},
    ),
    "哪些": (
        0.3,
        0.0,
        {
            "问题": (0.2, 0.05, {"？": (0.1, "sentence"), "呢": (0.02, "")}),
            "事项": (0.06, ""),
        },
    ),
    "blood ": (0.15, 0.0, {"pressure": (0.148, 0.02, {".": (0.11, "sentence")})}),
    "吃": (0.02, ""),
    "吃盐": (0.06, ""),
    "吃糖": (0.01, ""),
}
CHOSEN = (
    ("哪些问题？", 0.1, 0.42, "sentence", 1),
    ("blood pressure.", 0.11, 0.4, "sentence", 12_345),
    ("什么？", 0.15, 0.12, "sentence", 0),
    ("什么药 <b>&", 0.08, 0.01, "open", 0),
    ("哪些", 0.3, 0.0, "open", 2),
)
