"""Questions that were answered in the training text, and those of them that are like another one.

N answered questions, G n-grams
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged
from prompt_gen.text import normal_form

FILE = "answered.jsonl"
_GRAMS = (1, 2, 3)  # characters


@dataclass(frozen=True)
class Answered:
    """A question of the training text with its answer, word for word, and how alike it is."""

    question: str
    answer: str
    score: float  # cosine, from 0 to 1


def written(pairs: Sequence[tuple[str, str]]) -> bytes:
    """Questions and answers as JSON lines, each pair once."""
    rows = [
        json.dumps({"question": question, "answer": answer}, ensure_ascii=False) + "\n"
        for question, answer in dict.fromkeys(pairs)
    ]
    return "".join(rows).encode("utf-8")


class Questions:
    """Finds the answered questions that are most alike: TF-IDF of character n-grams.

    Source: Salton and Buckley 1988, "Term-weighting approaches in automatic text retrieval":
    1 + ln(count) by ln((1 + N) / (1 + questions with it)) + 1, and the cosine of two questions;
    as scikit-learn's `TfidfVectorizer` has it with `sublinear_tf`.
    """

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = list(pairs)
        counts_N = [_grams(question) for question, _ in self._pairs]
        names = dict.fromkeys(chain.from_iterable(counts_N))
        self._at = {gram: i for i, gram in enumerate(names)}
        n_each_N = [len(counts) for counts in counts_N]
        grams = np.array([self._at[gram] for counts in counts_N for gram in counts], np.int64)
        times = np.array([n for counts in counts_N for n in counts.values()], np.float64)
        owners = np.repeat(np.arange(len(counts_N)), n_each_N)
        n_with_G = np.bincount(grams, minlength=len(names))
        self._idf_G = np.log((1 + len(counts_N)) / (1 + n_with_G)) + 1
        weights = (1 + np.log(times)) * self._idf_G[grams]
        norms_N = np.sqrt(np.bincount(owners, weights**2, minlength=len(counts_N)))
        by_gram = np.argsort(grams, kind="stable")
        self._owners = owners[by_gram]  # of each gram in turn
        self._weights = (weights / norms_N[owners])[by_gram]
        self._ends_G = np.cumsum(n_with_G)

    @classmethod
    def load(cls, path: Path) -> "Questions":
        """Those of a bundle.

        Raises:
            Damaged: the file cannot be read.
        """
        try:
            rows = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
            return cls([(row["question"], row["answer"]) for row in rows])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Damaged(f"'{path}' cannot be read: {error!r}", "Tune the model again") from error

    def alike(self, question: str, n: int = 1) -> list[Answered]:
        """At most n answered questions, the most similar first; none that shares nothing."""
        scores_N, squares = np.zeros(len(self._pairs)), 0.0
        unknown_idf = np.log(1 + len(self._pairs)) + 1
        for gram, times in _grams(question).items():
            at = self._at.get(gram)
            weight = (1 + np.log(times)) * (unknown_idf if at is None else self._idf_G[at])
            squares += weight**2
            if at is not None:
                here = slice(self._ends_G[at - 1] if at else 0, self._ends_G[at])
                scores_N[self._owners[here]] += weight * self._weights[here]
        scores_N /= max(squares, 1e-12) ** 0.5
        best = np.argsort(-scores_N, kind="stable")[:n].tolist()
        found = [(self._pairs[i], float(scores_N[i])) for i in best if scores_N[i] > 0]
        return [Answered(question, answer, score) for (question, answer), score in found]


def _grams(question: str) -> Counter[str]:
    text = normal_form(question)
    return Counter(text[at : at + n] for n in _GRAMS for at in range(len(text) - n + 1))
