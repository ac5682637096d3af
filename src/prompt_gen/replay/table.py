"""What the sides of a replay took and saved, with intervals, and ours minus each of the others.

P keys, R draws of lines (see `evaluate.numbers`)
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.evaluate import latency, typing
from prompt_gen.evaluate.numbers import Number, draws
from prompt_gen.evaluate.tables import FEWEST, Values, difference, told, values
from prompt_gen.evaluate.typed import Typed
from prompt_gen.replay.keys import Key

Numbers = dict[str, dict[str, float] | None]  # by name: value, and an interval


def table(
    lines: Sequence[str],
    found: Mapping[str, Sequence[Sequence[Key]]],
    max_chars: int,
    n: int,
    config: EvaluateConfig,
) -> dict[str, Any]:
    """A row for each side; those behind the first with the first's difference to them."""
    weights_RN = draws(len(lines), config.resamples if len(lines) >= FEWEST else 0, config.seed)
    typed = {name: _typed(lines, keys, max_chars, n) for name, keys in found.items()}
    all_values = {
        name: values(_numbers(typed[name], found[name], config.min_right), weights_RN)
        for name in found
    }
    first = next(iter(found))
    top = typing.ceiling(typed[first], config.min_right).saved
    return {
        "ceiling": told({"saved": top(weights_RN)})["saved"],
        "sides": [_row(name, each, all_values[first]) for name, each in all_values.items()],
    }


def _row(name: str, found: Values, first: Values) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "numbers": told(found)}
    if found is not first:
        row["difference"] = told(difference(first, found))
    return row


def _typed(lines: Sequence[str], keys: Sequence[Sequence[Key]], max_chars: int, n: int) -> Typed:
    return Typed(lines, [[key.offer for key in row] for row in keys], max_chars, n)


def _numbers(typed: Typed, keys: Sequence[Sequence[Key]], min_right: int) -> dict[str, Number]:
    """All numbers of a side."""

    def mean(of: str) -> Number:
        return typed.mean(np.array([getattr(key, of) for row in keys for key in row]))

    way = typing.rational(typed, typed.n_ranks, min_right)
    times = latency.numbers(typed)
    if typed.n_passes_P.any():  # else nobody has counted them
        times["zero_passes"] = typed.mean(typed.n_passes_P == 0)
    else:
        del times["passes"]
    return {
        **times,
        "cpu_ms": mean("cpu_ms"),
        "pause_ms": mean("pause_ms"),
        "pause_cpu_ms": mean("pause_cpu_ms"),
        "candidates": typed.mean((typed.size_PK > 0).sum(axis=1)),
        f"saved@{typed.n_ranks}": way.saved,
    }
