"""Diverse beam search: each row is a beam of its own that keeps off what others have just said.

Source: Vijayakumar et al. 2018, "Diverse beam search for improved description of complex scenes",
with groups of one row and their Hamming diversity.
"""

import math
from collections import Counter

from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.modes.rows import Rows, ended
from prompt_gen.engine.places import Place


def run(line: Line) -> list[Chosen]:
    """Continuations that part early, most probable first."""
    rows, n = Rows(line), line.config.n
    live = rows.first(n)
    while live and not line.stops():
        rows.read(live)  # all in one pass
        said: Counter[int] = Counter()
        found: list[Place] = []
        for place in live:
            n_rows = 1 if place.text or place.rest else n  # at the caret all rows are one still
            following = rows.behind([place], n)
            following.sort(key=lambda each: -_judged(each, said, line.config.diversity))
            said.update(each.token for each in following[:n_rows])
            found += following[:n_rows]
        live = rows.different(sorted(found, key=lambda each: -each.p), n)
    return ended(line, rows, live)


def _judged(place: Place, said: Counter[int], diversity: float) -> float:
    """Its log-probability, less so many nats for every row that has said the same token."""
    return math.log(max(place.p, 1e-300)) - diversity * said[place.token]
