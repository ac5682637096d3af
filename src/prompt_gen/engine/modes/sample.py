"""Sampling: each continuation is drawn token by token.

V vocabulary
"""

import random
from dataclasses import dataclass, field

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.drawing import sharpened
from prompt_gen.engine.line import Chosen, Line
from prompt_gen.engine.modes.rows import Rows, ended
from prompt_gen.engine.places import Place


@dataclass
class _Row:
    place: Place
    said: list[int] = field(default_factory=list)  # tokens behind the caret


def run(line: Line) -> list[Chosen]:
    """Up to n different draws, most probable first; the same ones for the same seed."""
    config, rows = line.config, Rows(line)
    rng = np.random.default_rng(config.seed if config.seed is not None else random.getrandbits(64))
    caret = rows.caret()
    first_P = _sharpened(np.array([place.p for place in caret]), config)
    drawn = rng.choice(len(caret), config.n, p=first_P)
    live = _going_on(rows, [_Row(caret[at]) for at in drawn.tolist()])
    while live and not line.stops():
        nodes = rows.read([row.place for row in live])
        found: list[_Row] = []
        for row, node in zip(live, nodes, strict=True):
            assert node.probs_V is not None
            token = int(rng.choice(len(node.probs_V), p=adjusted(node.probs_V, row.said, config)))
            p = row.place.p * float(node.probs_V[token])
            if token == line.eos:
                rows.end(row.place.text, "eos", p, once=True)  # drawn twice it is as probable
            elif place := rows.one(row.place, node, token, p):
                found.append(_Row(place, [*row.said, token]))
        live = _going_on(rows, found)
    different = {(row.place.text, row.place.rest): row.place for row in live}
    return ended(line, rows, list(different.values()))


def _going_on(rows: Rows, found: list[_Row]) -> list[_Row]:
    """Rows that have not ended; those that have are noted."""
    for row in found:
        if row.place.end:
            rows.end(row.place.text, row.place.end, row.place.p, once=True)
    return [row for row in found if not row.place.end]


def adjusted(probs_V: np.ndarray, said: list[int], config: EngineConfig) -> np.ndarray:
    """The distribution that is drawn from.

    The logarithms of what was said already are multiplied by the penalty (Keskar et al. 2019,
    "CTRL", for scores below zero); then see `drawing.sharpened`.
    """
    p_V = probs_V.astype(np.float64)
    if config.repetition_penalty != 1 and said:
        p_V[said] **= config.repetition_penalty
    return _sharpened(p_V, config)


def _sharpened(p_V: np.ndarray, config: EngineConfig) -> np.ndarray:
    return sharpened(p_V, config.temperature, config.top_k, config.top_p)
