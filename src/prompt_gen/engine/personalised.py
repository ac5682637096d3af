"""A language model for one user: what he typed and accepted is on top (see `memory.personal`).

T tokens that are read, K of them wanted, V vocabulary
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.engine.language_model import Before, LanguageModel, State
from prompt_gen.memory.counted import LONGEST
from prompt_gen.memory.personal import Personal


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    inner: State
    context: tuple[int, ...]  # the last tokens


class Personalised:
    """A language model, with what a user and all users have taught so far."""

    def __init__(self, model: LanguageModel, personal: Personal, user: str) -> None:
        self._model, self._personal, self._user = model, personal, user
        self.context = model.context
        self.n_passes = 0

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[_State]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token."""
        self.n_passes += 1
        contexts: list[tuple[int, ...]] = []
        for token, before in zip(tokens_T, before_T, strict=True):
            if isinstance(before, int):
                earlier = contexts[before]
            else:
                earlier = before.context if before else ()
            contexts.append((*earlier[1 - LONGEST :], token))
        of_model = [b.inner if isinstance(b, _State) else b for b in before_T]
        probs_KV, states = self._model.read(tokens_T, of_model, wanted_K)
        wanted = [contexts[at] for at in wanted_K]
        adjusted_KV = self._personal.adjusted(self._user, wanted, probs_KV)
        return adjusted_KV, list(map(_State, states, contexts))
