"""The search for continuations: one prefill, then all rows a token further in each pass.

B rows of a pass, V vocabulary
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Stop, family, readable, stop
from prompt_gen.engine.covers import Cover, Vocabulary, covers
from prompt_gen.engine.language_model import Cache, LanguageModel

_ONE_PASS = 12  # a shared beginning of so few tokens costs less again than a pass of its own


_MIN_ROWS = 5  # a narrower search would miss what a list of five has found


@dataclass(frozen=True, slots=True)
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
        model: LanguageModel,
        vocabulary: Vocabulary,
        config: EngineConfig,
        cancelled: Callable[[], bool],
        allowed: Callable[[Stop], bool] | None = None,
    ) -> None:
        self._allowed = allowed  # continuations that may be shown; none: all
        self.model, self.vocabulary, self.config = model, vocabulary, config
        self._cancelled = cancelled
        self._deadline = time.monotonic() + config.deadline_ms / 1000
        self._found: dict[str, Found] = {}
        self._typed = ""
        self._n_rows = max(config.n, _MIN_ROWS)
        self._n_top = min(2 * self._n_rows + 2, vocabulary.tokenizer.size)

    def run(self, typed: str) -> list[Found]:
        """The best continuations of a line, most probable first, all different, none empty."""
        self._typed = typed
        cache, live = self._start(self._fitting_covers(typed))
        while live and time.monotonic() < self._deadline and not self._cancelled():
            tokens = np.array([h.token for h in live])
            parents = np.array([h.row for h in live])
            logprobs, ids, cache = self.model.next(tokens, cache, parents, self._n_top)
            live = self._advance(live, logprobs, ids)
        for hypothesis in live:
            self._finish(Stop(hypothesis.text, "deadline"), hypothesis.logprob)
        return self._best()[: self.config.n]

    # -- before the caret ----------------------------------------------------------------------

    def _fitting_covers(self, typed: str) -> list[Cover]:
        """Covers with BOS before them; all lose the same beginning where they would not fit."""
        bos = self.vocabulary.tokenizer.bos_id
        found = [Cover((bos, *c.ids), c.open_bytes) for c in covers(typed, self.vocabulary)]
        room = max(self.model.context // 4, self.model.context - self.config.max_chars - 1)
        cut = max(0, max(len(c.ids) for c in found) - room)
        return [Cover(c.ids[cut:], c.open_bytes) for c in found if len(c.ids) > cut]

    def _start(self, found: list[Cover]) -> tuple[Cache, list[Hypothesis]]:
        """Score all covers over their shared beginning and open the first tokens."""
        n_shared = _n_shared([c.ids for c in found])
        cache, before_V = self.model.empty_cache(), np.zeros(self.vocabulary.tokenizer.size)
        if n_shared <= _ONE_PASS:
            n_shared = 0
        else:
            before_V, cache = self.model.read(np.array(found[0].ids[:n_shared]), cache)
        rest = [c.ids[n_shared:] for c in found]
        lengths_B = np.array([len(ids) for ids in rest])
        tokens_BS = np.zeros((len(rest), lengths_B.max()), np.int64)
        for row, ids in enumerate(rest):
            tokens_BS[row, : len(ids)] = ids
        parents_B = np.zeros(len(rest), np.int64)
        logprobs_NV, cache = self.model.full(tokens_BS, lengths_B, cache, parents_B)
        pieces = np.split(logprobs_NV, np.cumsum(lengths_B)[:-1])
        return cache, self._open(found, rest, before_V, pieces)

    def _open(
        self,
        found: list[Cover],
        rest: list[tuple[int, ...]],
        before_V: np.ndarray,
        pieces: list[np.ndarray],
    ) -> list[Hypothesis]:
        """The first tokens behind all covers, with probabilities given what was typed."""
        mass, opened = -np.inf, list[tuple[float, int, int]]()
        for row, (cover, ids, logprobs_SV) in enumerate(zip(found, rest, pieces, strict=True)):
            path = float(before_V[ids[0]] + sum(logprobs_SV[i][t] for i, t in enumerate(ids[1:])))
            allowed = self.vocabulary.extending(cover.open_bytes)
            scores = path + logprobs_SV[-1][allowed]
            mass = np.logaddexp(mass, _logsumexp(scores))
            if not cover.open_bytes:  # the text may also end at the caret
                eos = self.vocabulary.tokenizer.eos_id
                mass = np.logaddexp(mass, path + float(logprobs_SV[-1][eos]))
            n_kept = min(len(allowed), 4 * self._n_rows)
            best = np.argpartition(-scores, n_kept - 1)[:n_kept]
            opened += zip(
                scores[best].tolist(), [row] * n_kept, allowed[best].tolist(), strict=True
            )
        opened.sort(key=lambda entry: -entry[0])
        return self._select(
            self._spelled(row, b"", token, logprob - float(mass), len(found[row].open_bytes))
            for logprob, row, token in opened
        )

    # -- behind the caret ----------------------------------------------------------------------

    def _advance(
        self, live: list[Hypothesis], logprobs_BC: np.ndarray, ids_BC: np.ndarray
    ) -> list[Hypothesis]:
        """Hypotheses one token longer; those that end here are finished."""
        totals_BC = logprobs_BC + np.array([[h.logprob] for h in live])
        eos_rows, eos_columns = np.nonzero(ids_BC == self.vocabulary.tokenizer.eos_id)
        for row, logprob in zip(eos_rows, totals_BC[eos_rows, eos_columns].tolist(), strict=True):
            ended = stop(live[row].text, self._typed, self.config.max_chars, ended=True)
            self._finish(ended, logprob)
        totals_BC[eos_rows, eos_columns] = -np.inf
        return self._select(self._judged(live, totals_BC, ids_BC))

    def _judged(
        self, live: list[Hypothesis], totals_BC: np.ndarray, ids_BC: np.ndarray
    ) -> Iterator[Hypothesis | None]:
        """Continuations in the order they are judged.

        A continuation is judged `diversity` nats lower for every better one of its row, so that
        the rows do not crowd on one beginning. Source: Li, Monroe and Jurafsky 2016, "A simple,
        fast diverse decoding algorithm".
        """
        n_columns = totals_BC.shape[1]
        judged_BC = totals_BC - self.config.diversity * np.arange(n_columns)
        order = judged_BC.argsort(axis=None)[::-1]
        tokens, logprobs = ids_BC.ravel()[order].tolist(), totals_BC.ravel()[order].tolist()
        bound = self._bound()
        for at, token, logprob in zip(order.tolist(), tokens, logprobs, strict=True):
            if logprob > bound:  # probabilities only fall: others cannot enter the list any more
                row = at // n_columns
                yield self._spelled(row, live[row].data, token, logprob)

    def _spelled(
        self, row: int, before: bytes, token: int, logprob: float, n_typed: int = 0
    ) -> Hypothesis | None:
        """A hypothesis with its text; None when no text begins with its bytes.

        The first `n_typed` bytes of the token lie before the caret.
        """
        data = before + self.vocabulary.token_bytes[token][n_typed:]
        text = readable(data)
        return None if text is None else Hypothesis(row, token, logprob, data, text)

    def _select(self, hypotheses: Iterable[Hypothesis | None]) -> list[Hypothesis]:
        """The first different ones that go on, one a row; finished ones are taken out."""
        live: dict[bytes, Hypothesis] = {}
        for h in hypotheses:
            if h is None:
                continue
            if (kept := live.get(h.data)) is not None:  # the same string by another path
                total = float(np.logaddexp(kept.logprob, h.logprob))
                live[h.data] = replace(kept, logprob=total)
                continue
            if len(live) == self._n_rows:
                break
            stopped = stop(h.text, self._typed, self.config.max_chars, ended=False)
            if stopped:
                self._finish(stopped, h.logprob)
            else:
                live[h.data] = h
        return list(live.values())

    def _best(self) -> list[Found]:
        """What was found, most probable first; of those that differ in their final marks, one."""
        families: dict[str, Found] = {}
        for found in sorted(self._found.values(), key=lambda f: -f.logprob):
            families.setdefault(family(found.stop.completion), found)
        return list(families.values())

    def _bound(self) -> float:
        """The probability that a continuation must exceed to be among the n best."""
        best = self._best()
        return best[self.config.n - 1].logprob if len(best) >= self.config.n else -np.inf

    def _finish(self, stopped: Stop | None, logprob: float) -> None:
        if stopped is None or not stopped.completion.strip():
            return
        known = self._found.get(stopped.completion)
        if known is None and self._allowed and not self._allowed(stopped):
            return
        total = logprob if known is None else float(np.logaddexp(known.logprob, logprob))
        self._found[stopped.completion] = Found(stopped, total)


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
