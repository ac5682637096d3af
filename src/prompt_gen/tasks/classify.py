"""A label for a text, from tables (`text,label` as CSV or TSV) or JSON lines.

N texts, K labels
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from prompt_gen.config import TuneConfig
from prompt_gen.tasks import tables
from prompt_gen.tasks.counting import Counts, Number
from prompt_gen.tasks.labelled import Labelled

HEAD = "ForSequenceClassification"
SCORE = "macro_f1"


def read(paths: Sequence[str | Path], config: TuneConfig) -> list[Labelled]:
    """The texts of files with their labels.

    Raises:
        BadText: a line without text or label; a file whose columns are not known.
    """
    return [Labelled((text,), (label,)) for text, label in tables.pairs(paths, config)]


def counts(gold: Sequence[Labelled], found: Sequence[Sequence[str]]) -> Counts:
    """How often each label is right, there and said."""
    there = [each.labels[0] for each in gold]
    said = [labels[0] for labels in found]
    names = sorted({*there, *said})
    at = {name: i for i, name in enumerate(names)}
    each_K = np.eye(len(names), dtype=bool)
    there_NK, said_NK = (each_K[[at[name] for name in row]] for row in (there, said))
    return Counts(names, there_NK & said_NK, there_NK, said_NK)


def numbers(gold: Sequence[Labelled], found: Sequence[Sequence[str]]) -> dict[str, Number]:
    """Accuracy, and micro and macro precision, recall and F1."""
    right_N = np.array(
        [each.labels[0] == labels[0] for each, labels in zip(gold, found, strict=True)]
    )
    return {"accuracy": lambda w_RN: w_RN @ right_N / w_RN.sum(axis=1)} | counts(
        gold, found
    ).numbers()
