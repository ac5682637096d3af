"""A network and a memory of its training text as one language model (see `language_model`).

T tokens that are read, K of them wanted, D depths of a match, E experts, V vocabulary
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.bundle import MIXTURE, Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine.language_model import NOTHING, Before, LanguageModel, State, chain
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import Damaged, SettingError
from prompt_gen.memory import Memory
from prompt_gen.memory.fitting import Evidence, evidence
from prompt_gen.memory.index import Matches
from prompt_gen.memory.mixture import Mixture

_CONTEXT = 512  # tokens, without a network: a memory looks at the last few only


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    network: State
    low_D: np.ndarray  # where the last tokens stand in the text: see `Matches`
    high_D: np.ndarray


class Remembering:
    """The mixture of both, or with no network that of the memory alone."""

    def __init__(self, memory: Memory, mixture: Mixture, network: LanguageModel | None) -> None:
        self._memory, self._mixture, self._network = memory, mixture, network
        self.context = network.context if network else _CONTEXT
        self.n_passes = 0
        self._unigrams_V = memory.estimator.unigrams.astype(np.float32)
        start = memory.index.start()
        self._start = _State(NOTHING, start.low_BD[0], start.high_BD[0])

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[_State]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token."""
        self.n_passes += 1
        low_TD, high_TD = self._followed(tokens_T, before_T)
        probs_KV, states = None, [NOTHING] * len(tokens_T)
        if self._network:
            of_network = [b.network if isinstance(b, _State) else b for b in before_T]
            probs_KV, states = self._network.read(tokens_T, of_network, wanted_K)
        wanted = np.array(wanted_K, np.int64)
        mixed_KV = self._mixed(probs_KV, Matches(low_TD[wanted], high_TD[wanted]))
        return mixed_KV, list(map(_State, states, low_TD, high_TD))

    def _followed(
        self, tokens_T: Sequence[int], before_T: Sequence[Before]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The matches of every token; those of one generation at a time."""
        shape = len(tokens_T), len(self._start.low_D)
        low_TD, high_TD = np.empty(shape, np.int64), np.empty(shape, np.int64)
        tokens = np.array(tokens_T, np.int64)
        for here in _generations(before_T):
            parents = [self._before(before_T[at], low_TD, high_TD) for at in here]
            low_BD, high_BD = (np.stack(ends) for ends in zip(*parents, strict=True))
            found = self._memory.index.extend(Matches(low_BD, high_BD), tokens[here])
            low_TD[here], high_TD[here] = found.low_BD, found.high_BD
        return low_TD, high_TD

    def _before(
        self, before: Before, low_TD: np.ndarray, high_TD: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        if isinstance(before, int):
            return low_TD[before], high_TD[before]
        state = before or self._start
        return state.low_D, state.high_D

    def _mixed(self, probs_KV: np.ndarray | None, matches: Matches) -> np.ndarray:
        """The mixture, float32; the network's array is written over."""
        estimate = self._memory.estimator.behind(matches)
        pieces = self._mixture.pieces(estimate, probs_KV is not None)
        mixed_KV = pieces.of_unigrams_B[:, None].astype(np.float32) * self._unigrams_V
        if probs_KV is not None:
            probs_KV *= pieces.of_network_B[:, None].astype(np.float32)
            mixed_KV += probs_KV
        some = pieces.some
        np.add.at(mixed_KV, (some.row_S, some.token_S), some.share_S.astype(np.float32))
        return mixed_KV


def _generations(before_T: Sequence[Before]) -> list[list[int]]:
    """The places of a call, parents before children, those of equal depth together."""
    found: list[list[int]] = []
    depth_T: list[int] = []
    for at, before in enumerate(before_T):
        depth = depth_T[before] + 1 if isinstance(before, int) else 0
        depth_T.append(depth)
        if depth == len(found):
            found.append([])
        found[depth].append(at)
    return found


def learn(memory: Memory, network: LanguageModel, documents: Sequence[np.ndarray]) -> Evidence:
    """What a network and a memory say of held-out documents, to fit a mixture on."""

    def probability(
        tokens_BS: np.ndarray, lengths_B: np.ndarray, target_T: np.ndarray
    ) -> np.ndarray:
        tokens, before = list[int](), list[Before]()
        for tokens_S, length in zip(tokens_BS, lengths_B.tolist(), strict=True):
            before += chain(length, at=len(tokens))
            tokens += tokens_S[:length].tolist()
        probs_TV, _ = network.read(tokens, before, range(len(tokens)))
        return probs_TV[np.arange(len(target_T)), target_T]

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
