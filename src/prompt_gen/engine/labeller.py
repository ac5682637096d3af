"""The labels of texts, by the graph of a bundle that was tuned for a task.

N texts, K labels, T tokens of a pass, A = T: there is no row of a pool to look at
"""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from prompt_gen.bundle import Bundle
from prompt_gen.engine import runtime
from prompt_gen.errors import UsageError
from prompt_gen.tasks import read_text
from prompt_gen.tasks.reading import Reading
from prompt_gen.tasks.tag import entities

_OTHERS = {"dialogue": "chat", "rank": "predict"}  # tasks without labels, and who asks those
_PASS_TOKENS = 512  # read together at most, unless one text has more
_PIECES = {
    "": re.compile(r".", re.DOTALL),
    " ": re.compile(r"\w+|[^\w\s]"),
}  # of a text, by what joins them


@dataclass(frozen=True)
class Label:
    """A label, and how probable it is."""

    label: str
    score: float


@dataclass(frozen=True)
class Found:
    """A piece of a text that is something: `text[start:end]`."""

    type: str
    text: str
    start: int
    end: int
    score: float  # the mean probability of its tags


class Labeller:
    """A bundle that was tuned for `classify` or `tag`, ready to label.

    Raises:
        UsageError: the bundle completes, or is tuned for the other task.
        Damaged, Mismatch: see `runtime.session`.
    """

    def __init__(self, loaded: Bundle, n_threads: int = 1) -> None:
        if loaded.task is None:
            raise UsageError(
                f"'{loaded.name}' completes: it was not tuned to label anything",
                "Tune it: prompt-gen finetune RUN --task classify --data FILE --out DIR",
            )
        if (name := loaded.task["name"]) in _OTHERS:
            raise UsageError(
                f"'{loaded.name}' was tuned for '{name}', not to label anything",
                f"Ask it with: prompt-gen {_OTHERS[name]} DIR",
            )
        self.name, self.task = loaded.name, loaded.task
        self.labels: list[str] = self.task["labels"]
        self._tokenizer = loaded.tokenizer
        self._session, self._context, self._width = runtime.session(loaded, n_threads)
        self._lock = threading.Lock()

    def classify(self, texts: Sequence[str], n: int = 1) -> list[list[Label]]:
        """The `n` most probable labels of each text, the first one first."""
        self._check("classify")
        found = []
        for (probs_K,) in self.probabilities([(text,) for text in texts]):
            best_K = np.argsort(-probs_K, kind="stable")[:n]
            found.append([Label(self.labels[k], float(probs_K[k])) for k in best_K])
        return found

    def tag(self, texts: Sequence[str]) -> list[list[Found]]:
        """What each text holds, in its order."""
        self._check("tag")
        pattern = _PIECES[self.task["joined"]]
        spans = [[match.span() for match in pattern.finditer(text)] for text in texts]
        pieces = [
            [text[start:end] for start, end in row] for text, row in zip(texts, spans, strict=True)
        ]
        found = []
        for text, row, probs_PK in zip(texts, spans, self.probabilities(pieces), strict=True):
            best_P = probs_PK.argmax(axis=1) if row else []
            tags = [self.labels[k] for k in best_P]
            found.append(
                [
                    Found(
                        kind,
                        text[row[first][0] : row[after - 1][1]],
                        row[first][0],
                        row[after - 1][1],
                        float(probs_PK[first:after].max(axis=1).mean()),
                    )
                    for kind, first, after in entities(tags)
                ]
            )
        return found

    def labels_of(self, texts: Sequence[Sequence[str]]) -> list[list[str]]:
        """The most probable label of each piece of each text."""
        rows = self.probabilities(texts)
        return [[self.labels[k] for k in probs_PK.argmax(axis=1)] for probs_PK in rows]

    def probabilities(self, texts: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Of every label for each piece of each text, [pieces, K]."""
        n_most, how = self._context, self.task["reads"]
        readings = [
            (number, reading)
            for number, pieces in enumerate(texts)
            if pieces
            for reading in read_text(self._tokenizer, pieces, n_most, how)
        ]
        found: list[list[np.ndarray]] = [[] for _ in texts]
        for start, stop in _passes([reading for _, reading in readings]):
            probs = self._pass([reading for _, reading in readings[start:stop]])
            for (number, _), probs_PK in zip(readings[start:stop], probs, strict=True):
                found[number].append(probs_PK)
        empty = np.zeros((0, len(self.labels)), np.float32)
        return [np.concatenate([empty, *rows]) for rows in found]

    def _pass(self, readings: Sequence[Reading]) -> list[np.ndarray]:
        lengths = [len(reading.tokens) for reading in readings]
        owner_T = np.repeat(np.arange(len(readings)), lengths)
        mask_TA = owner_T[:, None] == owner_T[None, :]
        if self.task["reads"] != "around":
            mask_TA &= np.tri(len(owner_T), dtype=bool)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        feed = {
            "tokens": np.concatenate([r.tokens for r in readings]).astype(np.int64),
            "positions": np.concatenate([np.arange(n) for n in lengths])[:, None],
            "slots": np.zeros(0, np.int64),
            "mask": mask_TA,
            "wanted": np.concatenate(
                [start + np.array(r.places) for start, r in zip(starts, readings, strict=False)]
            ).astype(np.int64),
            "pool": np.zeros((1, self._width), np.float32),
        }
        with self._lock:
            answers: list[Any] = [*self._session.run(["probs"], feed)]
        return np.split(answers[0], np.cumsum([len(r.places) for r in readings])[:-1])

    def _check(self, task: str) -> None:
        if self.task["name"] != task:
            raise UsageError(
                f"'{self.name}' was tuned for '{self.task['name']}', not for '{task}'",
                f"Tune another one: prompt-gen finetune RUN --task {task} --data FILE --out DIR",
            )


def _passes(readings: Sequence[Reading]) -> list[tuple[int, int]]:
    """First and last of readings that are read together."""
    found, start, n = list[tuple[int, int]](), 0, 0
    for at, reading in enumerate(readings):
        if n and n + len(reading.tokens) > _PASS_TOKENS:
            found.append((start, at))
            start, n = at, 0
        n += len(reading.tokens)
    return [*found, (start, len(readings))] if readings else []
