"""The search for continuations: one prefill, then all rows a token further in each pass.

B rows of a pass, V vocabulary
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Stop, readable, stop
from prompt_gen.engine.covers import Cover, Vocabulary, covers
from prompt_gen.engine.runtime import Cache, Graph
from prompt_gen.text import SENTENCE_ENDS


@dataclass(frozen=True)
class Hypothesis:
    """A continuation on its way: the row of the cache it goes on from, and its next token."""

    row: int
    token: int
    logprob: float
    data: bytes  # behind the caret
    text: str  # the same, without the beginning of a character at its end


@dataclass(frozen=True)
class Found:
    """A finished continuation and the natural logarithm of its probability."""

    stop: Stop
    logprob: float


class Search:
    """One search: a typed line, and what has been found so far."""

    def __init__(
        self,
        graph: Graph,
        vocabulary: Vocabulary,
        config: EngineConfig,
        cancelled: Callable[[], bool],
    ) -> None:
        self.graph, self.vocabulary, self.config = graph, vocabulary, config
        self._cancelled = cancelled
        self._deadline = time.monotonic() + config.deadline_ms / 1000
        self._found: dict[str, Found] = {}
        self._typed = ""
        self._log_mass = -np.inf  # of all texts that begin with what was typed

    def run(self, typed: str) -> list[Found]:
        """The best continuations of a line, most probable first, all different, none empty."""
        self._typed = typed
        cache, live = self._start(self._fitting_covers(typed))
        while live and time.monotonic() < self._deadline and not self._cancelled():
            tokens = np.array([h.token for h in live])
            parents = np.array([h.row for h in live])
            logprobs, ids, cache = self.graph.next(tokens, cache, parents)
            live = self._advance(live, logprobs, ids)
        for hypothesis in live:
            self._finish(Stop(hypothesis.text, "deadline"), hypothesis.logprob)
        return self._best()[: self.config.n]

    # -- before the caret ----------------------------------------------------------------------

    def _fitting_covers(self, typed: str) -> list[Cover]:
        """Covers with BOS before them; all lose the same beginning where they would not fit."""
        bos = self.vocabulary.tokenizer.bos_id
        found = [Cover((bos, *c.ids), c.open_bytes) for c in covers(typed, self.vocabulary)]
        room = max(self.graph.context // 4, self.graph.context - self.config.max_chars - 1)
        cut = max(0, max(len(c.ids) for c in found) - room)
        return [Cover(c.ids[cut:], c.open_bytes) for c in found if len(c.ids) > cut]

    def _start(self, found: list[Cover]) -> tuple[Cache, list[Hypothesis]]:
        """Score all covers over their shared beginning and open the first tokens."""
        n_shared = _n_shared([c.ids for c in found])
        rest = [c.ids[n_shared:] for c in found]
        cache, before = self.graph.empty_cache(), np.zeros(self.vocabulary.tokenizer.size)
        if n_shared:
            before, cache = self.graph.read(np.array(found[0].ids[:n_shared]), cache)
        lengths = np.array([len(ids) for ids in rest])
        tokens_BS = np.zeros((len(rest), lengths.max()), np.int64)
        for row, ids in enumerate(rest):
            tokens_BS[row, : len(ids)] = ids
        logprobs_NV, cache = self.graph.full(tokens_BS, lengths, cache, np.zeros(len(rest), int))
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        opened = []
        for row, (cover, ids) in enumerate(zip(found, rest, strict=True)):
            rows = logprobs_NV[first[row] : first[row] + len(ids)]
            path = before[ids[0]] + sum(rows[i][t] for i, t in enumerate(ids[1:]))
            opened += self._open(row, cover, float(path), rows[-1])
        return cache, self._select(self._given_typed(opened))

    def _open(
        self, row: int, cover: Cover, path: float, logprobs_V: np.ndarray
    ) -> list[Hypothesis]:
        """The next tokens of a cover that are worth a row; all of them add to the mass."""
        allowed = self.vocabulary.extending(cover.open_bytes)
        scores = path + logprobs_V[allowed]
        mass = _logsumexp(scores)
        if not cover.open_bytes:  # the text may also end at the caret
            mass = np.logaddexp(mass, path + logprobs_V[self.vocabulary.tokenizer.eos_id])
        self._log_mass = float(np.logaddexp(self._log_mass, mass))
        n_kept = min(len(allowed), 4 * self.config.n)
        best = np.argpartition(-scores, n_kept - 1)[:n_kept]
        opened = []
        for at, token in zip(best.tolist(), allowed[best].tolist(), strict=True):
            data = self.vocabulary.token_bytes[token][len(cover.open_bytes) :]
            if (text := readable(data)) is not None:
                opened.append(Hypothesis(row, token, float(scores[at]), data, text))
        return opened

    def _given_typed(self, opened: list[Hypothesis]) -> list[Hypothesis]:
        """Probabilities given what was typed: divided by the mass of all that begins so."""
        return [replace(h, logprob=h.logprob - self._log_mass) for h in opened]

    # -- behind the caret ----------------------------------------------------------------------

    def _advance(
        self, live: list[Hypothesis], logprobs_BC: np.ndarray, ids_BC: np.ndarray
    ) -> list[Hypothesis]:
        """Hypotheses one token longer."""
        longer = []
        for row, (before, logprobs, ids) in enumerate(
            zip(live, logprobs_BC.tolist(), ids_BC.tolist(), strict=True)
        ):
            n_left = 2 * self.config.n
            for logprob, token in zip(logprobs, ids, strict=True):
                if token == self.vocabulary.tokenizer.eos_id:
                    ended = stop(before.text, self._typed, self.config.max_chars, ended=True)
                    self._finish(ended, before.logprob + logprob)
                    continue
                data = before.data + self.vocabulary.token_bytes[token]
                if (text := readable(data)) is not None:
                    longer.append(Hypothesis(row, token, before.logprob + logprob, data, text))
                    n_left -= 1
                if n_left == 0:
                    break
        return self._select(longer)

    def _select(self, hypotheses: list[Hypothesis]) -> list[Hypothesis]:
        """The n rows of the next pass, finished ones taken out.

        A hypothesis loses `diversity` nats for every better one from the same row, so that the
        rows do not crowd on one beginning. Source: Li, Monroe and Jurafsky 2016, "A simple, fast
        diverse decoding algorithm".
        """
        live: list[Hypothesis] = []
        bound = self._bound()
        for h in self._spread(_merged(hypotheses)):
            if len(live) == self.config.n:
                break
            if h.logprob <= bound:
                continue  # probabilities only fall, so it cannot enter the list any more
            stopped = stop(h.text, self._typed, self.config.max_chars, ended=False)
            if stopped:
                self._finish(stopped, h.logprob)
            else:
                live.append(h)
        return live

    def _spread(self, hypotheses: list[Hypothesis]) -> list[Hypothesis]:
        """Best first, each judged `diversity` nats lower for every better one of its row."""
        n_better: Counter[int] = Counter()
        judged = []
        for h in hypotheses:
            judged.append((h.logprob - self.config.diversity * n_better[h.row], h))
            n_better[h.row] += 1
        judged.sort(key=lambda pair: -pair[0])
        return [h for _, h in judged]

    def _best(self) -> list[Found]:
        """What was found, most probable first; of those that differ in their final marks, one."""
        families: dict[str, Found] = {}
        for found in sorted(self._found.values(), key=lambda f: -f.logprob):
            families.setdefault(found.stop.completion.rstrip(SENTENCE_ENDS + "."), found)
        return list(families.values())

    def _bound(self) -> float:
        """The probability that a continuation must exceed to be among the n best."""
        best = self._best()
        return best[self.config.n - 1].logprob if len(best) >= self.config.n else -np.inf

    def _finish(self, stopped: Stop | None, logprob: float) -> None:
        if stopped is None or not stopped.completion.strip():
            return
        known = self._found.get(stopped.completion)
        total = logprob if known is None else float(np.logaddexp(known.logprob, logprob))
        self._found[stopped.completion] = Found(stopped, total)


def _merged(hypotheses: list[Hypothesis]) -> list[Hypothesis]:
    """Best first, those with equal strings as one, their probabilities added."""
    merged: dict[bytes, Hypothesis] = {}
    for h in sorted(hypotheses, key=lambda h: -h.logprob):
        if (kept := merged.get(h.data)) is None:
            merged[h.data] = h
        else:
            total = float(np.logaddexp(kept.logprob, h.logprob))
            merged[h.data] = replace(kept, logprob=total)
    return sorted(merged.values(), key=lambda h: -h.logprob)


def _n_shared(paths: list[tuple[int, ...]]) -> int:
    """Tokens that all paths begin with, leaving at least one of its own to each."""
    shortest = min(map(len, paths)) - 1
    for at in range(shortest):
        if len({path[at] for path in paths}) > 1:
            return at
    return shortest


def _logsumexp(values: np.ndarray) -> float:
    top = float(values.max()) if len(values) else -np.inf
    return top + float(np.log(np.exp(values - top).sum())) if np.isfinite(top) else -np.inf
