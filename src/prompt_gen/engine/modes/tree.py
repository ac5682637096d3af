"""The default: a tree looked into where it pays, and of it the list that saves most keys."""

from prompt_gen.engine.choosing import choose
from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.tree import grow


def run(line: Line) -> list[Chosen]:
    """The continuations that save the reader most, in the order they save it."""
    return choose(grow(line), line.config.n, line.allowed, line.config.min_confidence)
