"""What follows what in a text, as two tables of vectors that a network can begin with.

Which token comes after which takes a fresh network a minute or two to learn, and a fifth of a
second to count. So the embeddings and the head begin as the counts, in as many dimensions as the
network has. What is gained is in docs/log.md, "A network that begins as the bigrams of its text".

    V vocabulary, D width, P different pairs
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from prompt_gen.shards import Part

MAX_TOKENS = 5_000_000  # that are counted: a second of work
MIN_TOKENS_PER_ENTRY = 50  # of a vocabulary: with fewer, what is counted is chance
_DISCOUNT = 0.75  # of each pair's count, for pairs that were not seen
_SPARE, _TURNS = 16, 2  # more dimensions than asked for, and power iterations, while factors settle


@dataclass(frozen=True)
class Bigrams:
    """Up to a constant, log P(next | token) is about `left[token] @ right[next] + share[next]`."""

    left_VD: Tensor  # of length one, in the root mean square over the text
    right_VD: Tensor
    log_share_V: Tensor  # of each token as the next one


def are_known(part: Part, vocab_size: int) -> bool:
    """Whether a text is long enough to tell what follows what."""
    return part.n_tokens >= MIN_TOKENS_PER_ENTRY * vocab_size


def count(part: Part, vocab_size: int, n_dimensions: int, seed: int) -> Bigrams:
    """The bigrams of a text as factors of a matrix, the same for the same seed.

    Counts are discounted, and what that frees goes to all tokens by their shares. Beside that rest
    a pair that was seen has more, and all others have nothing: so the matrix, of the logarithms of
    how many times more, holds the pairs that were seen alone. It is weighted so that frequent
    tokens are told best.
    Sources: Ney et al. 1994, "On structuring probabilistic dependences", absolute discounting;
    Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization"; the factors
    are those of Halko et al. 2011, "Finding structure with randomness".
    """
    pairs_P, n_P = _pairs(part, vocab_size)
    tokens_P, next_P = pairs_P // vocab_size, pairs_P % vocab_size
    n_V = np.bincount(tokens_P, n_P, vocab_size)
    n_as_next_V = np.bincount(next_P, n_P, vocab_size)
    share_V = (n_as_next_V + 1) / (n_as_next_V.sum() + vocab_size)
    rest_V = _DISCOUNT * np.bincount(tokens_P, minlength=vocab_size)  # of n_V, for all tokens
    more_P = np.log1p((n_P - _DISCOUNT) / (rest_V[tokens_P] * share_V[next_P]))
    left_weight_V, right_weight_V = (n_V + 1) ** 0.5, (n_as_next_V + 1) ** 0.25
    matrix_VV = torch.sparse_coo_tensor(
        torch.from_numpy(np.stack([tokens_P, next_P])),
        torch.from_numpy(more_P * left_weight_V[tokens_P] * right_weight_V[next_P]).float(),
        (vocab_size, vocab_size),
        is_coalesced=True,
        check_invariants=False,
    )
    n_found = min(n_dimensions, vocab_size)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        n_tried = min(n_found + _SPARE, vocab_size)
        left_VD, scale_D, right_VD = torch.svd_lowrank(matrix_VV, n_tried, _TURNS)
    root_D = scale_D[:n_found].sqrt()
    left_VD = _spread(left_VD[:, :n_found] * root_D, left_weight_V, n_dimensions)
    right_VD = _spread(right_VD[:, :n_found] * root_D, right_weight_V, n_dimensions)
    weight_V = torch.from_numpy(n_V / n_V.sum()).float()
    length = (left_VD.square().sum(1) @ weight_V).sqrt() + 1e-6
    log_share_V = torch.from_numpy(np.log(share_V)).float()
    return Bigrams(left_VD / length, right_VD * length, log_share_V)


def _pairs(part: Part, vocab_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Different pairs of tokens that follow each other in a document, ascending, and how often.

    A pair is one number: the first of its tokens times the size of the vocabulary, and the other.
    """
    step = -(-part.n_tokens // MAX_TOKENS)
    documents = [part[i].astype(np.int64) for i in range(0, len(part), step)]
    ends = np.cumsum([len(document) for document in documents])[:-1]
    tokens = np.concatenate(documents)
    pairs = tokens[:-1] * vocab_size + tokens[1:]
    within = np.ones(len(pairs), bool)
    within[ends - 1] = False  # from the end of a document to the next one's beginning
    return np.unique(pairs[within], return_counts=True)


def _spread(vectors_VK: Tensor, weight_V: np.ndarray, n_dimensions: int) -> Tensor:
    """Vectors without the weights they were found by, in `n_dimensions`; what is over is zero."""
    vectors_VK = vectors_VK / torch.from_numpy(weight_V).float()[:, None]
    return torch.nn.functional.pad(vectors_VK, (0, n_dimensions - vectors_VK.shape[1]))
