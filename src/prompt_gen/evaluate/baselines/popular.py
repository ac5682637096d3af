"""Most popular completion: how training lines that begin with what was typed go on, by how many.

The baseline of Bar-Yossef and Kraus 2011, "Context-sensitive query auto-completion", section 3: it
knows nothing but whole lines, so it is silent where no line begins so.
"""

import json
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Candidate, Stop, family, stop, typed_line
from prompt_gen.errors import Damaged
from prompt_gen.storage import save_array

_KEPT = 1 << 14  # answers; a beginning of one character takes a look at thousands of lines


def build(documents: Iterable[tuple[str, int]], directory: Path) -> None:
    """Write texts, each with the number of lines it stands for, sorted into a directory."""
    counts: Counter[str] = Counter()
    for text, count in documents:
        counts[text] += count
    lines = sorted(counts)
    (directory / "lines.json").write_text(json.dumps(lines, ensure_ascii=False), "utf-8")
    save_array(directory / "counts.npy", np.array([counts[line] for line in lines], np.int64))


def load(directory: Path, config: EngineConfig) -> "Popular":
    """What `build` wrote into a directory, as a predictor.

    Raises:
        Damaged: there is nothing, or it cannot be read.
    """
    try:
        lines = json.loads((directory / "lines.json").read_text("utf-8"))
        return Popular(lines, np.load(directory / "counts.npy").tolist(), config)
    except (OSError, ValueError) as error:
        raise Damaged(
            f"the lines in '{directory}' cannot be read: {error}",
            "Remove the directory, and they are sorted again",
        ) from error


class Popular:
    """Completes what was typed by the most frequent continuations of training lines."""

    def __init__(self, lines: list[str], counts: list[int], config: EngineConfig) -> None:
        self.config = config
        self._lines, self._counts = lines, counts
        self._best = lru_cache(_KEPT)(self._ranked)

    def complete(self, text: str) -> list[Candidate]:
        """Up to `n` different continuations, most frequent first; they stop as the engine's do.

        A score is the share of the lines that begin with what was typed. None begins so: no
        candidate.

        Raises:
            InvalidRequest: the text is not well-formed Unicode.
        """
        typed = typed_line(text)
        return [
            Candidate(text + s.completion, s.completion, share, s.reason, "corpus")
            for s, share in (self._best(typed) if typed else [])
        ]

    def _ranked(self, typed: str) -> list[tuple[Stop, float]]:
        """Different continuations and their shares; of those of one family, the most frequent."""
        tails = self._tails(typed)
        counts: Counter[str] = Counter()
        stops: dict[str, Stop] = {}
        for tail, count in tails.items():
            stopped = stop(tail, typed, self.config.max_chars, ended=True)
            if stopped is not None and stopped.completion.strip():
                counts[stopped.completion] += count
                stops.setdefault(stopped.completion, stopped)
        families: dict[str, str] = {}
        for completion in sorted(counts, key=lambda c: (-counts[c], c)):
            families.setdefault(family(completion), completion)
        best = list(families.values())[: self.config.n]
        return [(stops[c], counts[c] / tails.total()) for c in best]

    def _tails(self, typed: str) -> Counter[str]:
        """How the lines go on, just far enough to see where they stop, and how many do."""
        start, end = len(typed), len(typed) + self.config.max_chars + 1
        low = bisect_left(self._lines, typed)
        high = bisect_right(self._lines, typed, low, key=lambda line: line[:start])
        tails: Counter[str] = Counter()
        for line, count in zip(self._lines[low:high], self._counts[low:high], strict=True):
            tails[line[start:end]] += count
        return tails
