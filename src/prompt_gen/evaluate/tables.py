"""All numbers of all predictors, whole and by the kind and length of what was typed; differences.

R draws of lines (see `numbers`)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.evaluate import ranking, typing
from prompt_gen.evaluate.beginnings import KINDS, Known
from prompt_gen.evaluate.memorisation import Memorisation
from prompt_gen.evaluate.numbers import Number, draws, measured
from prompt_gen.evaluate.subject import Subject
from prompt_gen.evaluate.verdicts import verdicts

PER_TOKEN = ("perplexity", "accuracy")  # mean nothing across vocabularies
FEWEST = 10  # lines that an interval takes
_FEWEST_DRAWS, _MOST_WEIGHTS = 100, 20_000_000
LENGTHS = ((1, 1), (2, 2), (3, 4), (5, 8), (9, None))  # characters typed, first and last

Values = dict[str, np.ndarray]  # [R] by name


def values(numbers: Mapping[str, Number], weights_RN: np.ndarray) -> Values:
    """Every number for every draw."""
    return {name: number(weights_RN) for name, number in numbers.items()}


def compared(
    subjects: Sequence[Subject],
    known: Known | None,
    recited: Sequence[Memorisation],
    config: EvaluateConfig,
) -> dict[str, Any]:
    """Predictors with their numbers, the model's differences to the others, and who wins."""
    lines_RN = _draws(len(subjects[0].scores.chars_N) if subjects[0].scores else 0, config)
    keys_RN = _draws(len(subjects[0].typed.lines), config)
    rows, whole, kinds = [], list[Values](), list[dict[str, Values]]()
    for i, subject in enumerate(subjects):
        found = values(subject.of_lines(), lines_RN)
        row: dict[str, Any] = {}
        kinds.append({})
        if len(subject.typed.line_P):
            of_keys = subject.of_keys(config.min_right)
            of_keys |= recited[i].numbers if recited else {}
            found |= values(of_keys, keys_RN)
            row = {"by_length": by_length(subject, keys_RN, config.min_right), **subject.pictures()}
            row["common"] = recited[i].common if recited else []
            if known is not None:
                kinds[i] = by_kind(subject, known, keys_RN, config.min_right)
        whole.append(found)
        predictor = subject.predictor
        names = {"name": predictor.name, "title": predictor.title, "chinese": predictor.chinese}
        by_kinds = {kind: told(here) for kind, here in kinds[i].items()}
        rows.append({**names, "numbers": told(found), "by_kind": by_kinds, **row})
    return {"predictors": rows, **_differences(subjects, whole, kinds)}


def _draws(n_lines: int, config: EvaluateConfig) -> np.ndarray:
    """The draws for intervals; none of few lines, which say nothing about others."""
    most = max(_FEWEST_DRAWS, _MOST_WEIGHTS // max(1, n_lines))  # as memory allows
    return draws(n_lines, min(config.resamples, most) if n_lines >= FEWEST else 0, config.seed)


def _differences(
    subjects: Sequence[Subject], whole: Sequence[Values], kinds: Sequence[dict[str, Values]]
) -> dict[str, Any]:
    """The first subject's numbers minus those of the others, draw by draw; and in words."""
    found, by_kinds, titles = {}, {}, {}
    for i, subject in enumerate(subjects[1:], 1):
        name = subject.predictor.name
        titles[name] = (subject.predictor.title, subject.predictor.chinese)
        found[name] = told(difference(whole[0], whole[i]))
        by_kinds[name] = {
            kind: told(difference(kinds[0][kind], kinds[i][kind])) for kind in kinds[0]
        }
    named = ("bits_per_char", f"saved@{subjects[0].typed.n_ranks}", "success@1")
    return {
        "differences": found,
        "differences_by_kind": by_kinds,
        "verdicts": verdicts(titles, found, by_kinds, named),
    }


def of_beginnings(subject: Subject, where_P: np.ndarray, min_right: int) -> dict[str, Number]:
    """The main numbers of some beginnings only."""
    typed, n = subject.typed, subject.typed.n_ranks
    ranks = ranking.numbers(typed, subject.ranks, where_P)
    return {
        f"saved@{n}": typing.rational(typed, n, min_right).saved_where(where_P),
        **{name: ranks[name] for name in dict.fromkeys(("success@1", f"success@{n}", "exact@4"))},
    }


def _where(subject: Subject, where_P: np.ndarray, weights_RN: np.ndarray, min_right: int) -> Values:
    """The main numbers of some beginnings; without draws where they are of few lines."""
    n_lines = len(np.unique(subject.typed.line_P[where_P]))
    drawn = weights_RN if n_lines >= FEWEST else weights_RN[:1]
    return values(of_beginnings(subject, where_P, min_right), drawn)


def by_kind(
    subject: Subject, known: Known, weights_RN: np.ndarray, min_right: int
) -> dict[str, Values]:
    """Numbers of the beginnings of each kind."""
    kind_P = known.kinds(subject.typed)
    return {
        name: _where(subject, kind_P == kind, weights_RN, min_right)
        for kind, name in enumerate(KINDS)
    }


def by_length(subject: Subject, weights_RN: np.ndarray, min_right: int) -> list[dict[str, Any]]:
    """Numbers of beginnings by the characters typed."""
    rows, length_P = [], subject.typed.length_P
    for first, last in LENGTHS:
        where_P = (length_P >= first) & (length_P <= (last or math.inf))
        here = _where(subject, where_P, weights_RN, min_right)
        rows.append({"first": first, "last": last, "keys": int(where_P.sum())} | told(here))
    return rows


def difference(one: Values, other: Values) -> Values:
    """One minus the other, draw by draw, for comparable numbers that both have."""
    both = [name for name in one if name in other and name.partition("@")[0] not in PER_TOKEN]
    return {name: one[name] - other[name] for name in both}


def told(found: Values) -> dict[str, dict[str, float] | None]:
    """Values with intervals, for JSON; null where nothing was counted."""
    return {name: _told(values_R) for name, values_R in found.items()}


def _told(values_R: np.ndarray) -> dict[str, float] | None:
    if not math.isfinite(values_R[0]):
        return None
    row = {key: round(number, 6) for key, number in asdict(measured(values_R)).items()}
    return {key: number for key, number in row.items() if math.isfinite(number)}
