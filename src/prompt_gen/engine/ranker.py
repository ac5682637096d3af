"""How well items answer queries, by a bundle that was tuned to rank."""

from collections.abc import Sequence

import numpy as np

from prompt_gen.bundle import Bundle
from prompt_gen.engine.language_model import chain
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import UsageError
from prompt_gen.tasks.dialogue import spoken


class Ranker:
    """A bundle that was tuned for `rank`, ready to score.

    Raises:
        UsageError: the bundle was not tuned for it.
        Damaged, Mismatch: see `runtime.session`.
    """

    def __init__(self, loaded: Bundle, n_threads: int = 1) -> None:
        if (loaded.task or {}).get("name") != "rank":
            raise UsageError(
                f"'{loaded.name}' was not tuned to rank",
                "Tune it: prompt-gen finetune RUN --task rank --data FILE --out DIR",
            )
        self.name, self.by = loaded.name, loaded.facts["task"]["scores"]
        self._tokenizer, self._model = loaded.tokenizer, Graph(loaded, n_threads)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        """A number for each query and item, the larger the better.

        By the head it is the probability of a click; by likelihood the mean log-probability of the
        item's tokens and its end behind the query, nats, as sums would prefer short items.
        """
        of = self._clicked if self.by == "head" else self._likely
        return np.array([of(*pair) for pair in pairs])

    def _clicked(self, query: str, item: str) -> float:
        (piece,) = spoken(self._tokenizer, (query, item), self._model.context)
        n = len(piece.tokens)
        probs_11, _ = self._model.read(piece.tokens, chain(n), [n - 1])
        return float(probs_11[0, 0])

    def _likely(self, query: str, item: str) -> float:
        (piece,) = spoken(self._tokenizer, (query, item), self._model.context + 1)
        at = np.flatnonzero(piece.answers)
        before = (at - 1).tolist()
        probs_AV, _ = self._model.read(piece.tokens[:-1], chain(len(piece.tokens) - 1), before)
        p_A = probs_AV[np.arange(len(at)), np.array(piece.tokens)[at]]
        return float(np.log(np.maximum(p_A, np.finfo(np.float32).tiny)).mean())
