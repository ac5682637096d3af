"""Texts with labels, and which of them are learned from, looked at, and measured on."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_gen.config import TuneConfig
from prompt_gen.errors import CorpusTooSmall

MIN_TEXTS = 10  # to learn from
_HELD_OUT = 0.1  # share of the texts for each part that has no file of its own
_FINE = 1 << 32


@dataclass(frozen=True)
class Labelled:
    """Pieces of a text in order, and the labels of the pieces, if it has any.

    A whole text is one piece; of a conversation each turn is one.
    """

    pieces: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Parts:
    """Texts to learn from, to look at while learning, and to measure on."""

    train: list[Labelled]
    validation: list[Labelled]
    test: list[Labelled]

    @property
    def labels(self) -> list[str]:
        """The labels of the texts to learn from, each once, in order; `O` is the first."""
        found = {label for each in self.train for label in each.labels}
        return sorted(found, key=lambda label: (label != "O", label))

    def facts(self) -> dict[str, Any]:
        """What is said of them."""
        known = {each.pieces for each in self.train}
        facts = {
            "texts": {"train": len(self.train), "validation": len(self.validation),
                      "test": len(self.test)},
            "test_texts_in_train": sum(each.pieces in known for each in self.test),
        }  # fmt: skip
        if not self.labels:
            return facts
        others = {
            label for part in (self.validation, self.test) for each in part for label in each.labels
        }
        unknown = sorted(others - set(self.labels))
        return facts | {"labels": len(self.labels), "unknown_labels": unknown}


Reader = Callable[[Sequence[str | Path], TuneConfig], list[Labelled]]


def parts(
    read: Reader, paths: Sequence[str | Path], config: TuneConfig, n_first: int | None = None
) -> Parts:
    """The parts of files; a part without a file of its own is a tenth of the texts.

    Which texts that are depends on the texts alone, so equal ones come into one part; so do those
    that are equal in their first `n_first` pieces, if that is given.

    Raises:
        CorpusTooSmall: too few texts to learn from, or a part has none.
        PromptGenError: what the reader finds wrong.
    """
    texts = read(paths, config)
    left, taken = texts, dict[str, list[Labelled]]()
    for name, file in (("validation", config.validation), ("test", config.test)):
        if file:
            taken[name] = read([file], config)
        else:
            taken[name] = [each for each in left if _place(each.pieces[:n_first], name) < _HELD_OUT]
            left = [each for each in left if _place(each.pieces[:n_first], name) >= _HELD_OUT]
    for name, part in {"train": left, **taken}.items():
        if len(part) < (least := MIN_TEXTS if name == "train" else 1):
            raise CorpusTooSmall(
                f"{len(texts)} labelled texts leave {len(part)} for the part '{name}'",
                f"At least {least} are needed there: give more with --data, or a file for the part",
            )
    return Parts(left, taken["validation"], taken["test"])


def spread(n: int, n_most: int) -> list[int]:
    """At most `n_most` of the numbers below n, evenly, the first one among them."""
    return [i * n // n_most for i in range(n_most)] if n > n_most else [*range(n)]


def _place(pieces: tuple[str, ...], name: str) -> float:
    """Where between 0 and 1 a text falls, by its content."""
    content = "\x1f".join((name, *pieces)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(content).digest()[:4], "big") / _FINE
