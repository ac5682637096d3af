"""What is drawn from: a distribution, reshaped as its user asks.

V vocabulary, C tokens that may come next
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

_LEAST = 1e-30  # so much probability has any possible token before it is given a bias


def sharpened(
    p_C: np.ndarray, temperature: float = 1.0, top_k: int = 0, top_p: float = 1.0
) -> np.ndarray:
    """Temperature, the k most probable (0: all), and of those the fewest that hold `top_p`.

    At temperature 0 the most probable alone is left, of several the first. Source: Holtzman et al.
    2020, "The curious case of neural text degeneration", for the last of them.
    """
    if temperature == 0:
        return np.eye(1, len(p_C), int(p_C.argmax()))[0]
    if temperature != 1:
        # Probabilities below the largest by more than a float can say are none of a cold draw.
        with np.errstate(under="ignore"):
            p_C = (p_C / p_C.max()) ** (1 / temperature)
    if top_k or top_p < 1:
        order = np.argsort(-p_C, kind="stable")[: top_k or None]
        if top_p < 1:
            total = np.cumsum(p_C[order])
            order = order[: 1 + int(np.searchsorted(total, top_p * total[-1]))]
        kept_C = np.zeros_like(p_C)
        kept_C[order] = p_C[order]
        p_C = kept_C
    return p_C / p_C.sum()


@dataclass(frozen=True)
class Drawing:
    """How the next token is drawn, in the terms of the OpenAI API.

    Before temperature, a token's logit changes by its bias, less `frequency_penalty` for each time
    that it has been drawn, less `presence_penalty` if it has been at all. Source: the OpenAI API
    reference, "Frequency and presence penalties".
    """

    temperature: float = 1.0
    top_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    bias: Mapping[int, float] = field(default_factory=dict)  # added to logits, by token

    def distribution(
        self, p_C: np.ndarray, token_C: np.ndarray, n_drawn: Mapping[int, int]
    ) -> np.ndarray:
        """What tokens are drawn from, float64 [C]; `n_drawn` says how often each has been.

        What has no probability gets none.
        """
        p_C = p_C.astype(np.float64)
        for token, bias in self.bias.items():
            at = (token_C == token) & (p_C > 0)
            p_C[at] = np.maximum(p_C[at], _LEAST) * np.exp(bias)
        if self.presence_penalty or self.frequency_penalty:
            for token, n in n_drawn.items():
                p_C[token_C == token] *= np.exp(-self.presence_penalty - n * self.frequency_penalty)
        return sharpened(p_C, self.temperature, 0, self.top_p)
