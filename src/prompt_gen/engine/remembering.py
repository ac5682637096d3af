"""A network and a memory of its training text as one language model (see `language_model`).

N new tokens of all rows, E experts; for the rest see `language_model`
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.bundle import MIXTURE, Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine.language_model import Cache, LanguageModel, best
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import Damaged, SettingError
from prompt_gen.memory import Memory
from prompt_gen.memory.fitting import Evidence, evidence
from prompt_gen.memory.index import Matches
from prompt_gen.memory.mixture import Mixture

_CONTEXT = 512  # tokens, without a network: a memory looks at the last few only
_CELLS = 1 << 20  # probabilities that are mixed at a time


@dataclass(frozen=True)
class _Cache:
    network: Cache
    matches: Matches


class Remembering:
    """The mixture of both, or with no network that of the memory alone."""

    def __init__(self, memory: Memory, mixture: Mixture, network: LanguageModel | None) -> None:
        self._memory, self._mixture, self._network = memory, mixture, network
        self.context = network.context if network else _CONTEXT
        self.n_passes = 0

    def empty_cache(self) -> Cache:
        """One row that has seen nothing."""
        network = self._network.empty_cache() if self._network else None
        return _Cache(network, self._memory.index.start())

    def full(
        self, tokens_BS: np.ndarray, lengths_B: np.ndarray, cache: Cache, parents_B: np.ndarray
    ) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [N, V] behind every real new token, row by row, and the new cache."""
        self.n_passes += 1
        every, matches = self._memory.index.follow(
            cache.matches.take(parents_B), tokens_BS, lengths_B
        )
        logprobs_NV, network = None, None
        if self._network:
            logprobs_NV, network = self._network.full(
                tokens_BS, lengths_B, cache.network, parents_B
            )
        return self._mixed(logprobs_NV, every), _Cache(network, matches)

    def read(self, tokens_S: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [V] behind the last of one row's new tokens, and the new cache."""
        self.n_passes += 1
        lengths_1 = np.array([len(tokens_S)])
        _, matches = self._memory.index.follow(cache.matches, tokens_S[None], lengths_1)
        logprobs_V, network = None, None
        if self._network:
            logprobs_V, network = self._network.read(tokens_S, cache.network)
        logprobs_1V = None if logprobs_V is None else logprobs_V[None]
        return self._mixed(logprobs_1V, matches)[0], _Cache(network, matches)

    def next(
        self, tokens_B: np.ndarray, cache: Cache, parents_B: np.ndarray, n_top: int
    ) -> tuple[np.ndarray, np.ndarray, Cache]:
        """One new token per row: its best log-probabilities [B, C], their ids, the new cache."""
        ones_B = np.ones(len(tokens_B), np.int64)
        logprobs_BV, cache = self.full(tokens_B[:, None], ones_B, cache, parents_B)
        return *best(logprobs_BV, n_top), cache

    def _mixed(self, logprobs_NV: np.ndarray | None, matches: Matches) -> np.ndarray:
        """Logarithms of the mixture, float32; a few rows at a time, as they are wide."""
        unigrams_V = self._memory.estimator.unigrams
        n_rows = len(matches.low_BD)
        mixed_NV = np.empty((n_rows, len(unigrams_V)), np.float32)
        n_here = max(1, _CELLS // len(unigrams_V))
        for start in range(0, n_rows, n_here):
            here = slice(start, start + n_here)
            estimate = self._memory.estimator.behind(matches.take(np.arange(n_rows)[here]))
            network_BV = None if logprobs_NV is None else np.exp(logprobs_NV[here])
            mixed_NV[here] = self._mixture.mixed(network_BV, estimate, unigrams_V)
        with np.errstate(divide="ignore"):  # nothing but BOS, which never follows
            return np.log(mixed_NV, out=mixed_NV)


def learn(memory: Memory, network: LanguageModel, documents: Sequence[np.ndarray]) -> Evidence:
    """What a network and a memory say of held-out documents, to fit a mixture on."""

    def probability(
        tokens_BS: np.ndarray, lengths_B: np.ndarray, target_T: np.ndarray
    ) -> np.ndarray:
        parents_B = np.zeros(len(lengths_B), np.int64)
        logprobs_TV, _ = network.full(tokens_BS, lengths_B, network.empty_cache(), parents_B)
        return np.exp(logprobs_TV[np.arange(len(target_T)), target_T])

    return evidence(memory.estimator, documents, probability)


def language_model(made: Bundle, remembered: Memory | None, config: EngineConfig) -> LanguageModel:
    """The experts of a bundle that the settings ask for.

    Raises:
        Damaged, Mismatch: see `Graph`; the mixture cannot be read.
        SettingError: the memory is asked for, and the bundle has none.
    """
    if remembered is None and config.experts == "memory":
        raise SettingError(
            f"'{made.path}' has no memory for engine.experts = 'memory'",
            "Build it: prompt-gen memory build RUN",
        )
    if config.experts == "memory" and remembered:
        return Remembering(remembered, remembered.alone, None)
    graph = Graph(made, config.threads)
    if remembered is None or config.experts == "network":
        return graph
    try:
        return Remembering(remembered, Mixture.of(made.mixture), graph)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Damaged(
            f"'{made.path / MIXTURE}' cannot be read: {error!r}", "Train it again"
        ) from error
