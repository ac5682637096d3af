"""Beam search: all rows a token further in each pass, the most probable ones kept."""

from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.modes.rows import Rows, ended


def run(line: Line) -> list[Chosen]:
    """The most probable continuations that a beam as wide as the list finds."""
    rows, n = Rows(line), line.config.n
    live = rows.first(n)
    while live and not line.stops():
        following = sorted(rows.behind(live, n), key=lambda place: -place.p)
        bound = rows.least(n)  # probabilities only fall: less cannot enter the list any more
        live = [place for place in rows.different(following, n) if place.p > bound]
    return ended(line, rows, live)
