"""Calls of several threads in one pass of the model.

Whoever comes while a pass runs waits; the next pass then reads for all who wait, oldest first. As a
call asks for a few tokens only, nobody waits for a long list of somebody else.

K wanted tokens of a call, V vocabulary
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.engine.language_model import Before, LanguageModel, State

_MAX_TOKENS = 64  # of all calls in one pass, unless a single call has more


@dataclass(eq=False)
class _Call:
    tokens: Sequence[int]
    before: Sequence[Before]
    wanted: Sequence[int]
    answer: tuple[np.ndarray, list[State]] | None = None
    failure: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.answer is not None or self.failure is not None


class Shared:
    """A language model that any number of threads may read with."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.context = model.context
        self._waiting: deque[_Call] = deque()
        self._turn = threading.Lock()

    @property
    def n_passes(self) -> int:
        """Passes of the model so far."""
        return self.model.n_passes

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[State]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token."""
        call = _Call(tokens_T, before_T, wanted_K)
        self._waiting.append(call)
        with self._turn:  # until then somebody else may have read for this call, too
            while not call.is_done:
                self._pass()
        if call.failure is not None:
            raise call.failure
        assert call.answer is not None
        return call.answer

    def _pass(self) -> None:
        calls = [self._waiting.popleft()]
        n_tokens = len(calls[0].tokens)
        while self._waiting and n_tokens + len(self._waiting[0].tokens) <= _MAX_TOKENS:
            calls.append(self._waiting.popleft())
            n_tokens += len(calls[-1].tokens)
        try:
            self._read(calls)
        except Exception:
            for call in calls:  # one of them is at fault: the others need not fail with it
                self._alone(call)
        except BaseException:  # this thread is interrupted; the others are not
            self._waiting.extendleft(reversed(calls))
            raise

    def _alone(self, call: _Call) -> None:
        try:
            call.answer = self.model.read(call.tokens, call.before, call.wanted)
        except Exception as error:
            call.failure = error

    def _read(self, calls: Sequence[_Call]) -> None:
        if len(calls) == 1:
            call = calls[0]
            call.answer = self.model.read(call.tokens, call.before, call.wanted)
            return
        tokens, before, wanted = list[int](), list[Before](), list[int]()
        for call in calls:
            start = len(tokens)
            tokens += call.tokens
            before += [start + each if isinstance(each, int) else each for each in call.before]
            wanted += [start + at for at in call.wanted]
        probs_KV, states = self.model.read(tokens, before, wanted)
        row = at = 0
        for call in calls:
            next_row, next_at = row + len(call.wanted), at + len(call.tokens)
            call.answer = probs_KV[row:next_row], states[at:next_at]
            row, at = next_row, next_at
