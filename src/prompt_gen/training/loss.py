"""The loss of a batch: the full softmax, or a sampled one that costs a fraction of it.

At small widths the softmax over the vocabulary is most of a step. For most of a run it is enough to
tell each target from the other targets of the batch and some hundred random tokens; the last part
of the run uses the full softmax, so that the model ends as a stock one with exact probabilities.

    N predicted positions, D width, V vocabulary, K tokens of the softmax, C positions of a chunk
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from prompt_gen.training.batches import IGNORE, Batch, moved

_SMOOTHING = 0.75  # power of the frequencies that negatives are drawn by (Mikolov et al. 2013)
_CHUNK_LOGITS = {"cpu": 1 << 20, "cuda": 1 << 28, "mps": 1 << 26}  # held at a time


@dataclass(frozen=True)
class Sample:
    """The tokens that a softmax is taken over, ascending, and the chance each had to be there."""

    tokens_K: Tensor
    log_chance_K: Tensor

    def to(self, device: torch.device) -> "Sample":
        """The same sample on a device."""
        return Sample(moved(self.tokens_K, device), moved(self.log_chance_K, device))


class Sampler:
    """Draws samples: the targets of the batch and `n_negatives` random tokens.

    What is drawn depends on the seed, the step and the batch alone. `counts_V` are the frequencies.
    """

    def __init__(self, counts_V: np.ndarray, n_negatives: int, seed: int) -> None:
        self._frequency_V = counts_V / counts_V.sum()
        drawn_V = counts_V.astype(np.float64) ** _SMOOTHING + 1e-6
        self._drawn_V = drawn_V / drawn_V.sum()
        self._until_V = np.cumsum(self._drawn_V)
        self._n_negatives = n_negatives
        self._seed = seed
        self.can_sample = 0 < 4 * n_negatives <= len(counts_V)

    def draw(self, batch: Batch, step: int) -> Sample | None:
        """The sample of a step; none: the vocabulary is too small to gain by it.

        Each logit is to be lowered by the logarithm of its token's chance to be in the sample, so
        that frequent tokens are not pushed down for being there often.
        Source: Jean et al. 2015, "On using very large target vocabulary", section 3.
        """
        if not self.can_sample:
            return None
        points = np.random.default_rng((self._seed, step, 2)).random(self._n_negatives)
        negatives = np.searchsorted(self._until_V, points * self._until_V[-1], side="right")
        targets_N = batch.targets_BT[batch.targets_BT != IGNORE].numpy()
        tokens_K = np.unique(np.concatenate([targets_N, negatives]))
        expected_K = len(targets_N) * self._frequency_V[tokens_K]
        expected_K = expected_K + self._n_negatives * self._drawn_V[tokens_K]
        log_chance_K = np.log(-np.expm1(-expected_K)).astype(np.float32)
        return Sample(torch.from_numpy(tokens_K), torch.from_numpy(log_chance_K))


class Objective(nn.Module):
    """A stock model and its loss in one module, so that it can be wrapped as one.

    Compiled is what runs in training; looks at validation lines have a width of their own each.
    """

    def __init__(self, model: nn.Module, is_compiled: bool = False) -> None:
        super().__init__()
        self.model = model
        self._compiled = torch.compile(model.base_model.forward) if is_compiled else None  # type: ignore[union-attr]

    def forward(self, batch: Batch, sample: Sample | None) -> Tensor:
        """Cross-entropy of a batch, nats, summed over its targets.

        The softmax is over the sample where there is one, else over all tokens.
        """
        hidden_ND, targets_N = self.hidden(batch)
        head_VD: Tensor = self.model.get_output_embeddings().weight  # type: ignore[operator]
        if sample is None:
            return linear_cross_entropy(hidden_ND, head_VD, targets_N, None)
        columns_N = torch.searchsorted(sample.tokens_K, targets_N)
        head_KD = head_VD[sample.tokens_K]
        return linear_cross_entropy(hidden_ND, head_KD, columns_N, -sample.log_chance_K)

    def hidden(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the head sees at the positions that predict a token [N, D], and those tokens [N]."""
        body = self._compiled if self._compiled and self.training else self.model.base_model
        hidden_BTD = body(  # type: ignore[operator]
            input_ids=batch.tokens_BT,
            attention_mask=batch.mask_B1TT,
            position_ids=batch.positions_BT,
            use_cache=False,
        ).last_hidden_state
        targets = batch.targets_BT.flatten()
        predicts = targets != IGNORE
        return hidden_BTD.flatten(0, 1)[predicts], targets[predicts]


def n_chunk(device: str, n_tokens: int) -> int:
    """Positions of a chunk, for a softmax over so many tokens."""
    return max(16, _CHUNK_LOGITS[device] // n_tokens)


def linear_cross_entropy(
    hidden_ND: Tensor, head_KD: Tensor, targets_N: Tensor, bias_K: Tensor | None
) -> Tensor:
    """Cross-entropy of `hidden @ head.T + bias` against the targets, summed, nats.

    The logits and their gradient are computed a chunk of positions at a time, so that memory is
    bounded and a chunk stays in the cache; the gradient comes with the forward pass.
    """
    total: Tensor = _LinearCrossEntropy.apply(
        hidden_ND, head_KD, targets_N, bias_K, torch.is_grad_enabled()
    )  # type: ignore[assignment]
    return total


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        head_KD: Tensor,
        targets_N: Tensor,
        bias_K: Tensor | None,
        is_learning: bool,  # inside, gradients are always off
    ) -> Tensor:
        is_learning = is_learning and any(ctx.needs_input_grad)
        nats = hidden_ND.new_zeros((), dtype=torch.float32)
        hidden_grads, head_grad_KD = [], torch.zeros_like(head_KD) if is_learning else None
        n = n_chunk(hidden_ND.device.type, len(head_KD))
        pieces = zip(hidden_ND.split(n), targets_N.split(n), strict=True)
        for hidden_CD, targets_C in pieces:
            logits_CK = (hidden_CD @ head_KD.T).float()
            if bias_K is not None:
                logits_CK += bias_K
            targets_C1 = targets_C[:, None]
            log_total_C1 = logits_CK.logsumexp(1, keepdim=True)
            nats += (log_total_C1 - logits_CK.gather(1, targets_C1)).sum()
            if head_grad_KD is not None:
                probs_CK = logits_CK.sub_(log_total_C1).exp_()
                probs_CK.scatter_add_(1, targets_C1, -torch.ones_like(log_total_C1))
                grad_CK = probs_CK.to(hidden_CD.dtype)
                hidden_grads.append(grad_CK @ head_KD.to(hidden_CD.dtype))
                head_grad_KD += (grad_CK.T @ hidden_CD).to(head_grad_KD.dtype)
        if head_grad_KD is not None and hidden_grads:
            ctx.save_for_backward(torch.cat(hidden_grads), head_grad_KD)
        return nats

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        if not ctx.saved_tensors:
            return None, None, None, None, None
        hidden_grad_ND, head_grad_KD = ctx.saved_tensors
        return hidden_grad_ND * grad, head_grad_KD * grad, None, None, None
