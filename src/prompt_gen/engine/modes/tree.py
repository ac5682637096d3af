"""The default: a tree looked into where it pays, and of it the list that saves most keys."""

from collections.abc import Iterator

from prompt_gen.engine.choosing import choose
from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.tree import Tree, grow, growing


def run(line: Line) -> list[Chosen]:
    """The continuations that save the reader most, in the order they save it."""
    return _chosen(grow(line), line)


def early(line: Line) -> Iterator[list[Chosen]]:
    """Lists of what is known on the way, until the tree is whole; none with pieces of words."""
    for tree in growing(line):
        if not tree.is_cut:
            return
        found = _chosen(tree, line)
        if all(chosen.stop.reason != "open" for chosen in found):
            yield found


def _chosen(tree: Tree, line: Line) -> list[Chosen]:
    return choose(tree, line.config.n, line.allowed, line.config.min_confidence)
