"""A bundle that labels, and labelled texts, to numbers with intervals and a page."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from prompt_gen.config import EvaluateConfig
from prompt_gen.engine import Labeller
from prompt_gen.evaluate.numbers import draws, measured
from prompt_gen.tasks import TASKS, Labelled

__all__ = ["measure"]

_N_MISTAKES = 20  # examples of them, and pairs of labels
_SHOWN_CHARS = 120


def measure(
    labeller: Labeller, texts: Sequence[Labelled], config: EvaluateConfig
) -> dict[str, Any]:
    """The report: `numbers` with intervals, `labels` one by one, `mistakes`, for JSON.

    For `classify` also the confusion `matrix`: rows are the right labels, columns what was said.
    """
    task = TASKS.load(labeller.task["name"])
    found = labeller.labels_of([each.pieces for each in texts])
    weights_RN = draws(len(texts), config.resamples, config.seed)
    numbers = {
        name: asdict(measured(number(weights_RN)))
        for name, number in task.numbers(texts, found).items()
    }
    report: dict[str, Any] = {
        "task": labeller.task["name"],
        "score": task.SCORE,
        "texts": len(texts),
        "numbers": numbers,
        "labels": task.counts(texts, found).of_each(),
        "mistakes": _mistakes(texts, found, labeller.task["joined"]),
    }
    if labeller.task["name"] == "classify":
        report |= _confused([each.labels[0] for each in texts], [row[0] for row in found])
    return report


def _mistakes(
    texts: Sequence[Labelled], found: Sequence[Sequence[str]], joined: str
) -> list[dict[str, Any]]:
    """Texts with a wrong label, in their order."""
    wrong = [
        (each, labels)
        for each, labels in zip(texts, found, strict=True)
        if tuple(labels) != each.labels
    ]
    return [
        {
            "text": joined.join(each.pieces)[:_SHOWN_CHARS],
            "right": _short(each.labels),
            "said": _short(labels),
        }
        for each, labels in wrong[:_N_MISTAKES]
    ]


def _short(labels: Sequence[str]) -> str:
    """The label of a text, or how many pieces of it have each."""
    if len(labels) == 1:
        return labels[0]
    counts = Counter(label for label in labels if label != "O")
    return ", ".join(f"{n} {label}" for label, n in counts.most_common()) or "O"


def _confused(right: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    names = sorted({*right, *said})
    at = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(names), len(names)), np.int64)
    np.add.at(matrix, ([at[name] for name in right], [at[name] for name in said]), 1)
    pairs = Counter((r, s) for r, s in zip(right, said, strict=True) if r != s)
    confused = [{"right": r, "said": s, "n": n} for (r, s), n in pairs.most_common(_N_MISTAKES)]
    return {"matrix": {"labels": names, "counts": matrix.tolist()}, "confused": confused}
