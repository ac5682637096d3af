"""How far the network, Kneser-Ney and the longest match are each believed.

    p(w | h) = sum_i w_i(h) p_i(w | h),    w(h) = softmax(x(h) W)

sums to one as each p_i does. What x knows of a context is how long its longest match is and in how
many lines it stands. W is that under which held-out text is most probable: an expectation step, and
a step on the quadratic bound of the rest, in turns, of which none makes it less probable.
Sources: Jordan and Jacobs 1994, "Hierarchical mixtures of experts and the EM algorithm"; Böhning
1992, "Multinomial logistic regression algorithm", for the bound.

T tokens, B rows, F features, E experts, V vocabulary, S tokens that some rows have a share for
"""

from dataclasses import dataclass

import numpy as np

from prompt_gen.memory.estimate import Estimate, Shares
from prompt_gen.memory.index import MAX_DEPTH

EXPERTS = ("network", "kneser_ney", "match")
FEATURES = ("always", "log length of the match", "longest match that is followed",
            "log lines of the match", "no match that is read")  # fmt: skip
_LOG_LENGTHS = np.log1p(np.arange(MAX_DEPTH + 1)) / np.log1p(MAX_DEPTH)
_ROUNDS = 100
_BEFORE = np.zeros((len(FEATURES), len(EXPERTS)))
_NEVER = -1e9


@dataclass(frozen=True)
class Pieces:
    """A mixture before its pieces are added up: few tokens have more than the first two.

    p(w) = of_network * network(w) + of_unigrams * unigrams(w) + what `some` has for w
    """

    of_network_B: np.ndarray
    of_unigrams_B: np.ndarray
    some: Shares  # of Kneser-Ney and of the longest match; a token may be there several times


@dataclass(frozen=True)
class Mixture:
    """Fitted weights; those of an expert that is not there are left out."""

    weights_FE: np.ndarray

    @classmethod
    def of(cls, rows: object) -> "Mixture":
        """A mixture from lists of numbers, as `as_lists` gives them.

        Raises:
            ValueError: they are none of a mixture.
        """
        weights_FE = np.array(rows, np.float64)
        if weights_FE.shape != (len(FEATURES), len(EXPERTS)) or not np.isfinite(weights_FE).all():
            raise ValueError(f"weights of shape {weights_FE.shape} are none of a mixture")
        return cls(weights_FE)

    def as_lists(self) -> list[list[float]]:
        """The weights, a row for each feature, for JSON."""
        return [[round(weight, 4) for weight in row] for row in self.weights_FE.tolist()]

    def of_features(self, features_BF: np.ndarray, is_there_BE: np.ndarray) -> np.ndarray:
        """How far each expert is believed, [B, E]; they sum to one."""
        return _softmax(features_BF @ self.weights_FE, is_there_BE)

    def pieces(self, estimate: Estimate, has_network: bool) -> Pieces:
        """What the probabilities of the next token are put together of."""
        share_BE = self.of_features(features(estimate), there(estimate, has_network))
        found, n_matched = estimate.shares, estimate.n_matched
        believed_S = share_BE[:, 1][found.row_S]
        believed_S[:n_matched] = share_BE[:, 2][found.row_S[:n_matched]]
        some = Shares(found.row_S, found.token_S, found.share_S * believed_S)
        return Pieces(share_BE[:, 0], share_BE[:, 1] * estimate.rest_B, some)

    def mixed(
        self, network_BV: np.ndarray | None, estimate: Estimate, unigrams_V: np.ndarray
    ) -> np.ndarray:
        """Probabilities of the next token [B, V], from those of the network."""
        pieces = self.pieces(estimate, network_BV is not None)
        mixed_BV = pieces.of_unigrams_B[:, None] * unigrams_V
        if network_BV is not None:
            mixed_BV += pieces.of_network_B[:, None] * network_BV
        some = pieces.some
        at_S = some.row_S * len(unigrams_V) + some.token_S  # five times as quick as two indices
        np.add.at(mixed_BV.reshape(-1), at_S, some.share_S)
        return mixed_BV


def features(estimate: Estimate) -> np.ndarray:
    """What the weights depend on, [B, F]: see FEATURES; all about between 0 and 1."""
    features_BF = np.ones((len(estimate.depth_B), len(FEATURES)))
    features_BF[:, 1] = _LOG_LENGTHS[estimate.depth_B]
    features_BF[:, 2] = estimate.depth_B == MAX_DEPTH
    features_BF[:, 3] = np.log1p(estimate.n_lines_B) / 8
    features_BF[:, 4] = estimate.n_lines_B == 0
    return features_BF


def there(estimate: Estimate, has_network: bool) -> np.ndarray:
    """Which experts have anything to say, [B, E]."""
    is_there_BE = np.ones((len(estimate.n_lines_B), len(EXPERTS)), bool)
    is_there_BE[:, 0] = has_network
    is_there_BE[:, 2] = estimate.n_lines_B > 0
    return is_there_BE


def fit(features_TF: np.ndarray, is_there_TE: np.ndarray, probability_TE: np.ndarray) -> Mixture:
    """The weights under which tokens are most probable that each expert finds so probable.

    _BEFORE is believed before: it weighs as much as a few tokens, and decides where there are none.
    """
    weights_FE = _BEFORE.copy()
    n_features = features_TF.shape[1]
    step_FF = np.linalg.inv(features_TF.T @ features_TF / 2 + np.eye(n_features))
    for _ in range(_ROUNDS):
        believed_TE = _softmax(features_TF @ weights_FE, is_there_TE)
        joint_TE = believed_TE * probability_TE
        total_T1 = joint_TE.sum(axis=1, keepdims=True)
        by_TE = joint_TE / np.maximum(total_T1, np.finfo(float).tiny)
        slope_FE = features_TF.T @ (by_TE - believed_TE) - (weights_FE - _BEFORE)
        weights_FE += step_FF @ slope_FE
    return Mixture(weights_FE)


def _softmax(logits_TE: np.ndarray, is_there_TE: np.ndarray) -> np.ndarray:
    logits_TE = np.where(is_there_TE, logits_TE, _NEVER)
    powers_TE = np.exp(logits_TE - logits_TE.max(axis=1, keepdims=True))
    return powers_TE / powers_TE.sum(axis=1, keepdims=True)
