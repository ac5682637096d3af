"""Held-out documents to the weights of a mixture.

The held-out part of a run holds no near-duplicate of a training document, so a memory is not
believed for copies that nobody will type.

B documents, S tokens of a document, T tokens that are predicted, F features, E experts
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.memory import mixture
from prompt_gen.memory.estimate import Estimator
from prompt_gen.memory.mixture import Mixture
from prompt_gen.shards import Part
from prompt_gen.vocab import Tokenizer

MAX_TOKENS = 60_000  # that are fitted on
_BATCH = 16  # documents: a network gives them wide rows

Documents = Sequence[np.ndarray]  # ids of each, BOS and EOS included
# Of rows [B, S] with so many real tokens [B]: the probability of what follows each of them [T].
Network = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Evidence:
    """How probable every expert found each token, and what was known before."""

    features_TF: np.ndarray
    is_there_TE: np.ndarray
    probability_TE: np.ndarray

    def fit(self) -> Mixture:
        """The mixture under which the tokens are most probable."""
        return mixture.fit(self.features_TF, self.is_there_TE, self.probability_TE)

    def nats(self, fitted: Mixture) -> float:
        """Minus the logarithm of the probability of all tokens."""
        share_TE = fitted.of_features(self.features_TF, self.is_there_TE)
        return float(-np.log((share_TE * self.probability_TE).sum(axis=1)).sum())

    def compared(self, both: Mixture, alone: Mixture) -> dict[str, float]:
        """The same for the network, for the memory alone, and for both."""
        is_there_TE = self.is_there_TE & (np.arange(self.is_there_TE.shape[1]) > 0)
        memory = Evidence(self.features_TF, is_there_TE, self.probability_TE)
        network = float(-np.log(self.probability_TE[:, 0]).sum())
        return {"network": network, "memory": memory.nats(alone), "both": self.nats(both)}


def sample(part: Part, longest: int) -> list[np.ndarray]:
    """Some documents of a part, of up to `longest` tokens from their beginning on."""
    found, n_tokens = [], 0
    for i in np.random.default_rng(0).permutation(len(part)).tolist():
        if n_tokens >= MAX_TOKENS:
            break
        found.append(part[i][:longest].astype(np.int64))
        n_tokens += len(found[-1])
    return found


def evidence(
    estimator: Estimator, documents: Documents, network: Network | None = None
) -> Evidence:
    """What the experts say of documents; without a network two of them."""
    parts = [_of_batch(estimator, *batch, network) for batch in _batches(documents)]
    return Evidence(*map(np.concatenate, zip(*parts, strict=True)))


def bits_per_char(nats: float, documents: Documents, tokenizer: Tokenizer) -> float:
    """Nats of documents by their characters and, of those that are whole, their ends."""
    n_chars = sum(len(tokenizer.decode(document.tolist())) for document in documents)
    n_ends = sum(int(document[-1]) == tokenizer.eos_id for document in documents)
    return nats / math.log(2) / (n_chars + n_ends)


def _of_batch(
    estimator: Estimator,
    tokens_BS: np.ndarray,
    lengths_B: np.ndarray,
    target_T: np.ndarray,
    network: Network | None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    start = estimator.index.start().take(np.zeros(len(lengths_B), np.int64))
    every, _ = estimator.index.follow(start, tokens_BS, lengths_B)
    estimate = estimator.behind(every)
    probabilities = estimate.of(target_T, estimator.unigrams)
    absent = np.zeros(len(target_T))
    known = absent if network is None else network(tokens_BS, lengths_B, target_T)
    return (
        mixture.features(estimate),
        mixture.there(estimate, network is not None),
        np.stack([known, *probabilities], axis=1),
    )


def _batches(documents: Documents) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Tokens, padded, how many of each are real, and what follows them; of like lengths."""
    ordered = sorted((d for d in documents if len(d) > 1), key=len)
    for at in range(0, len(ordered), _BATCH):
        batch = ordered[at : at + _BATCH]
        lengths_B = np.array([len(document) - 1 for document in batch])
        tokens_BS = np.zeros((len(batch), lengths_B.max()), np.int64)
        for row, document in enumerate(batch):
            tokens_BS[row, : len(document) - 1] = document[:-1]
        yield tokens_BS, lengths_B, np.concatenate([document[1:] for document in batch])
