"""The loss of a batch: the full softmax, or a sampled one that costs a fraction of it.

At small widths the softmax over the vocabulary is most of a step. For most of a run it is enough to
tell each target from the other targets of the batch and some hundred random tokens; the last part
of the run uses the full softmax, so that the model ends as a stock one with exact probabilities.

    N predicted positions, D width, V vocabulary, K sampled tokens
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from prompt_gen.training.batches import IGNORE, Batch

_SMOOTHING = 0.75  # power of the frequencies that negatives are drawn by (Mikolov et al. 2013)


class Loss:
    """Mean cross-entropy per predicted token, nats; `counts_V` are the tokens' frequencies."""

    def __init__(self, model: nn.Module, counts_V: np.ndarray, n_negatives: int) -> None:
        self._model = model
        self._head_VD: Tensor = model.get_output_embeddings().weight  # type: ignore[operator]
        device = self._head_VD.device
        counts = torch.as_tensor(counts_V, dtype=torch.float32, device=device)
        self._frequency_V = counts / counts.sum()
        drawn_V = counts**_SMOOTHING + 1e-6
        self._drawn_V = drawn_V / drawn_V.sum()
        self._n_negatives = n_negatives
        self.can_sample = 0 < 4 * n_negatives <= len(counts_V)

    def __call__(self, batch: Batch, sampled: bool) -> Tensor:
        """The loss of a batch."""
        hidden_BTD = self._model.base_model(  # type: ignore[operator]
            input_ids=batch.tokens_BT,
            attention_mask=batch.mask_B1TT,
            position_ids=batch.positions_BT,
            use_cache=False,
        ).last_hidden_state
        targets = batch.targets_BT.flatten()
        predicts = targets != IGNORE
        hidden_ND, targets_N = hidden_BTD.flatten(0, 1)[predicts], targets[predicts]
        if sampled and self.can_sample:
            return self._sampled(hidden_ND, targets_N)
        return F.cross_entropy((hidden_ND @ self._head_VD.T).float(), targets_N)

    def _sampled(self, hidden_ND: Tensor, targets_N: Tensor) -> Tensor:
        """Softmax over the batch's targets and negatives, which all positions share.

        Each logit is lowered by the logarithm of its token's chance to be in the sample, so that
        frequent tokens are not pushed down for being there often.
        Source: Jean et al. 2015, "On using very large target vocabulary", section 3.
        """
        negatives = torch.multinomial(self._drawn_V, self._n_negatives, replacement=True)
        sample_K = torch.unique(torch.cat([targets_N, negatives]))
        expected_K = (
            len(targets_N) * self._frequency_V[sample_K] + len(negatives) * self._drawn_V[sample_K]
        )
        log_chance_K = torch.log(-torch.expm1(-expected_K))
        logits_NK = hidden_ND @ self._head_VD[sample_K].T - log_chance_K
        return F.cross_entropy(logits_NK.float(), torch.searchsorted(sample_K, targets_N))
