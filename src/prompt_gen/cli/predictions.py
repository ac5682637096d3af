"""Labels of texts on stdout: a line for each text, in the order of the texts."""

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from prompt_gen.engine import Labeller
from prompt_gen.engine.ranker import Ranker
from prompt_gen.tasks.rank import pairs

_TOGETHER = 64  # texts that are labelled at a time


class JsonLines:
    """An object on each line: the text, and its `labels` or its `entities`."""

    def __init__(self, labeller: Labeller, n: int) -> None:
        self._labeller, self._n = labeller, n
        self._waiting: list[str] = []

    def add(self, text: str) -> None:
        """Label a text; it is printed with some others."""
        self._waiting.append(text)
        if len(self._waiting) == _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Print what waits."""
        waiting, self._waiting = self._waiting, []
        if self._labeller.task["name"] == "classify":
            name, found = "labels", self._labeller.classify(waiting, self._n)
        else:
            name, found = "entities", self._labeller.tag(waiting)
        for text, rows in zip(waiting, found, strict=True):
            self.write(text, name, [asdict(row) for row in rows])  # type: ignore[arg-type]
        sys.stdout.flush()

    def write(self, text: str, name: str, rows: Sequence[dict[str, Any]]) -> None:
        """Print what was found of one text."""
        print(json.dumps({"text": text, name: rows}, ensure_ascii=False))


class Csv(JsonLines):
    """A row for each label or entity of a text, below a header; one with blanks where none is."""

    def __init__(self, labeller: Labeller, n: int) -> None:
        super().__init__(labeller, n)
        is_tags = labeller.task["name"] == "tag"
        self._names = ("type", "entity", "start", "end", "score") if is_tags else ("label", "score")
        self._writer = csv.writer(sys.stdout, lineterminator="\n")
        self._writer.writerow(("text", *self._names))

    def write(self, text: str, name: str, rows: Sequence[dict[str, Any]]) -> None:
        """Print what was found of one text."""
        for row in rows or [{}]:
            cells = dict(row, entity=row.get("text", ""))
            self._writer.writerow((text, *(cells.get(name, "") for name in self._names)))


def rank(ranker: Ranker, paths: Sequence[str | Path], *, as_csv: bool) -> None:
    """The score of each query and item, in the order of the pairs; larger is better."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    if as_csv:
        writer.writerow(("query", "item", "score"))
    for query, item in pairs(paths):
        (score,) = ranker.scores([(query, item)]).tolist()
        if as_csv:
            writer.writerow((query, item, score))
        else:
            print(json.dumps({"query": query, "item": item, "score": score}, ensure_ascii=False))
    sys.stdout.flush()
