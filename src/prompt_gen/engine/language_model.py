"""What the engine asks of a language model, whether it is a network or counts.

T tokens that are read, K of them wanted, V vocabulary
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

State = Any  # what a model keeps of a token and all before it; only the model looks inside
Before = State | int | None  # of the token before: its state, or its place in the same call

NOTHING: None = None  # before the first token


class LanguageModel(Protocol):
    """Probabilities of the next token, behind tokens of any branches of a tree.

    Nothing is changed by reading: a state can be gone on from as often as one likes, and what no
    state is kept of is forgotten.
    """

    @property
    def context(self) -> int:
        """Tokens that may stand one behind the other."""
        ...

    @property
    def n_passes(self) -> int:
        """Calls so far."""
        ...

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[State]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token.

        `before_T` says what each token goes on from: the state of the token before it, the place
        of that token in this very call, if it is read earlier in it, or nothing. `wanted_K` are
        places in this call. The array is the caller's, to be written over.
        """
        ...


def read_line(model: LanguageModel, tokens_T: Sequence[int]) -> tuple[np.ndarray, list[State]]:
    """Probabilities [T, V] behind each token of a text from its beginning, and the states."""
    return model.read(tokens_T, chain(len(tokens_T)), range(len(tokens_T)))


def chain(n: int, first: Before = NOTHING, at: int = 0) -> list[Before]:
    """What n tokens go on from that stand one behind the other, the first of them at a place."""
    return [first, *range(at, at + n - 1)]
