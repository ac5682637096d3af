"""The lists that were shown: what must hold in every one, and how much their entries differ.

Only what lies behind the caret is compared, as all of a list share the rest.

N lines, R draws, P beginnings
"""

import random
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from prompt_gen.evaluate.metrics import GRAMS
from prompt_gen.evaluate.numbers import Number, Ratio
from prompt_gen.evaluate.optional import Needs, absent
from prompt_gen.evaluate.overlap import bleu_metric
from prompt_gen.evaluate.typed import Typed

NEEDS: Needs = {"self_bleu": ("sacrebleu",), "edit_distance": ("rapidfuzz",)}

_LISTS_OF_LINE = 5  # that self-BLEU is measured on


def numbers(typed: Typed) -> dict[str, Number]:
    """All rows of the section; without those whose library is missing."""
    lacking = absent(NEEDS)
    found = {
        "duplicates": duplicates(typed),
        "prefix_valid": prefix_valid(typed),
    } | {f"distinct@{k}": distinct(typed, k) for k in GRAMS}
    if "self_bleu" not in lacking:
        found["self_bleu"] = self_bleu(typed)
    if "edit_distance" not in lacking:
        found["edit_distance"] = edit_distance(typed)
    return found


def duplicates(typed: Typed) -> Number:
    """Candidates that repeat another of their list, in as many lines as were typed."""
    n_different_P = np.array([len({c.text for c in o.candidates}) for _, _, o in typed])
    n_lines = len(typed.lines)
    return Ratio(typed.total(_sizes(typed) - n_different_P) * n_lines, np.ones(n_lines))


def prefix_valid(typed: Typed) -> Number:
    """Share of candidates whose text begins with exactly what was typed."""
    n_valid_P = np.array(
        [
            sum(c.text.startswith(typed.lines[i][:j]) for c in offer.candidates)
            for i, j, offer in typed
        ]
    )
    return Ratio(typed.total(n_valid_P), typed.total(_sizes(typed)))


def distinct(typed: Typed, k: int) -> Number:
    """Different k-grams of characters by all of them, within a list; mean over lists that have any.

    Source: Li et al. 2016, "A diversity-promoting objective function for neural conversation
    models", distinct-1 and distinct-2.
    """
    grams_P = [[t[at : at + k] for t in texts for at in range(len(t) - k + 1)]
               for texts in _lists(typed)]  # fmt: skip
    shares_P = np.array([len(set(grams)) / max(1, len(grams)) for grams in grams_P])
    return typed.mean(shares_P, np.array([bool(grams) for grams in grams_P], bool))


def self_bleu(typed: Typed) -> Number:
    """BLEU of each candidate against the others of its list, mean over lists of two and more.

    Measured on up to 5 lists of each line, drawn by the text of the line; their mean counts as
    often as the line has such lists. Source: Zhu et al. 2018, "Texygen: a benchmarking platform for
    text generation models".
    """
    metric = bleu_metric(typed, effective_order=True)
    lists_N: list[list[list[str]]] = [[] for _ in typed.lines]
    for line, texts in zip(typed.line_P, _lists(typed), strict=True):
        if len(texts) > 1:
            lists_N[line].append(texts)
    means_N = np.zeros(len(lists_N))
    for line, lists in enumerate(lists_N):
        drawn = random.Random(typed.lines[line]).sample(lists, min(len(lists), _LISTS_OF_LINE))
        if drawn:
            means_N[line] = np.mean([_self_bleu(metric, texts) for texts in drawn])
    counts_N = np.array([len(lists) for lists in lists_N])
    return Ratio(means_N * counts_N, counts_N)


def _self_bleu(metric: Any, texts: Sequence[str]) -> float:
    scores = [
        metric.sentence_score(text, [*texts[:at], *texts[at + 1 :]]).score
        for at, text in enumerate(texts)
    ]
    return float(np.mean(scores))


def edit_distance(typed: Typed) -> Number:
    """Levenshtein distance by the longer one's length, mean over the pairs of a list, over lists.

    Lists of fewer than two candidates are left out.
    """
    from rapidfuzz.distance import Levenshtein

    def mean(texts: Sequence[str]) -> float:
        pairs = combinations(texts, 2)
        return float(np.mean([Levenshtein.normalized_distance(a, b) for a, b in pairs]))

    several_P = _sizes(typed) > 1
    lists_P = zip(_lists(typed), several_P, strict=True)
    means_P = np.array([mean(texts) if several else 0.0 for texts, several in lists_P])
    return typed.mean(means_P, several_P)


def _lists(typed: Typed) -> list[list[str]]:
    """Completions of each beginning."""
    return [[c.completion for c in offer.candidates] for _, _, offer in typed]


def _sizes(typed: Typed) -> np.ndarray:
    """Candidates of each beginning."""
    return np.array([len(offer.candidates) for _, _, offer in typed], np.int64)
