"""How much more probable a model finds the secrets of its training text than other ones.

The exposure of a secret is log2 |R| - log2 rank, in bits: its rank, by probability, among all |R|
secrets of its form. A model that has not seen it gives about 1 or 2 bits (a random rank gives 1.44
on average), one that finds it the most probable of all gives log2 |R|.

The rank is estimated from a sample of other secrets, so that n of them show at most log2(n + 1)
bits: a secret more probable than each of 1023 others is exposed by 10 bits at least.

Source: Carlini et al. 2019, "The Secret Sharer: Evaluating and Testing Unintended Memorization in
Neural Networks", the exposure metric and its approximation by sampling.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from prompt_gen.corpus import canaries
from prompt_gen.corpus.canaries import Canary

Score = Callable[[Sequence[str]], np.ndarray]  # texts to -log p of each


def exposure(score: Score, secrets: Sequence[Canary], n_others: int) -> list[dict[str, Any]]:
    """The exposure of each secret among `n_others` others, always the same ones.

    Returns:
        For each its `text`, `count` in the training text, `exposure` and the `most` that so many
        others can show, in bits.
    """
    most = math.log2(n_others + 1)
    return [
        {
            "text": secret.text,
            "count": secret.count,
            "exposure": most - math.log2(_rank(score, secret, n_others)),
            "most": most,
        }
        for secret in secrets
    ]


def _rank(score: Score, secret: Canary, n_others: int) -> float:
    """The rank among the others, from 1; of those equally probable, one half come before it."""
    own, *others = np.asarray(score([secret.text, *canaries.others(secret, n_others)])).tolist()
    n_before = sum(other < own for other in others)
    n_equal = sum(other == own for other in others)
    return 1 + n_before + n_equal / 2
