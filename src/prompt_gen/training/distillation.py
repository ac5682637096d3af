"""The lesson of a student: what its teachers say of every next token, beside the token itself.

N predicted positions, D width (each model its own), V vocabulary, K tokens of the softmax
C positions of a chunk
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from prompt_gen.run import Watch
from prompt_gen.training.batches import IGNORE, Batch
from prompt_gen.training.devices import Device
from prompt_gen.training.lesson import Lesson, Teach
from prompt_gen.training.loss import Objective, Sample, n_chunk

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Teachers:
    """Models that are learned from, and how much.

    The loss of a position is (1 - share) times the cross-entropy of its token, and share times
    T^2 KL(p || q): p is the mean of the teachers' probabilities and q the student's, both at the
    temperature T.
    Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section
    2; T^2 keeps the weight of both parts as T changes.
    """

    models: Sequence["PreTrainedModel"]
    share: float
    temperature: float


def of_teachers(plain: Teach, teachers: Teachers) -> Teach:
    """The lesson `plain`, with what teachers say of its tokens in its loss.

    Looks at validation lines stay those of the plain lesson: bits per character.
    """

    def teach(model: "PreTrainedModel", device: Device, directory: Path, watch: Watch) -> Lesson:
        lesson = plain(model, device, directory, watch)
        objective = Distilled(model, teachers, device.is_compiled).to(device.torch)
        told = {"told": lambda nats: {"distillation_loss": nats}}
        return replace(lesson, objective=objective, **told)

    return teach


class Distilled(Objective):
    """A stock model with the loss of a student; the teachers are no part of what is learned."""

    def __init__(
        self, model: "PreTrainedModel", teachers: Teachers, is_compiled: bool = False
    ) -> None:
        super().__init__(model, is_compiled)
        self._teachers = [teachers]  # in a list, so that they are no modules of this one
        for each in teachers.models:
            each.eval().requires_grad_(False)

    def forward(self, batch: Batch, sample: Sample | None) -> Tensor:
        """The loss of a batch, nats, summed over its targets.

        When it is looked at, and not trained, it is the plain cross-entropy.
        """
        if not self.training:
            return super().forward(batch, sample)
        (teachers,) = self._teachers
        hidden_ND, targets_N = self.hidden(batch)
        head_KD = self._head(self.model, sample)
        said = [self._said(each, batch, sample) for each in teachers.models]
        bias_K = None
        if sample is not None:
            targets_N = torch.searchsorted(sample.tokens_K, targets_N)
            bias_K = -sample.log_chance_K
        mixed = (teachers.share, teachers.temperature)
        loss: Tensor = _Distillation.apply(hidden_ND, head_KD, targets_N, bias_K, said, *mixed)  # type: ignore[assignment]
        return loss

    def _said(self, teacher: Any, batch: Batch, sample: Sample | None) -> tuple[Tensor, Tensor]:
        """What a teacher's logits are the product of."""
        with torch.no_grad():
            hidden_BTD = (
                teacher.to(batch.tokens_BT.device)
                .base_model(  # type: ignore[arg-type]
                    input_ids=batch.tokens_BT,
                    attention_mask=batch.mask_B1TT,
                    position_ids=batch.positions_BT,
                    use_cache=False,
                )
                .last_hidden_state
            )
            predicts = batch.targets_BT.flatten() != IGNORE
            return hidden_BTD.flatten(0, 1)[predicts], self._head(teacher, sample)

    @staticmethod
    def _head(model: Any, sample: Sample | None) -> Tensor:
        head_VD: Tensor = model.get_output_embeddings().weight
        return head_VD if sample is None else head_VD[sample.tokens_K]


class _Distillation(torch.autograd.Function):
    """The loss of `Teachers`, a chunk of positions at a time; the gradient comes with it.

    Of a logit of the student it is (1 - share) (q1 - y) + share T (qT - p): q1 and qT are the
    student's probabilities at the temperatures 1 and T, y is one for the target.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden_ND: Tensor,
        head_KD: Tensor,
        targets_N: Tensor,
        bias_K: Tensor | None,
        said: Sequence[tuple[Tensor, Tensor]],
        share: float,
        temperature: float,
    ) -> Tensor:
        total = hidden_ND.new_zeros((), dtype=torch.float32)
        head_grad_KD, hidden_grads = torch.zeros_like(head_KD), []
        bias_K = head_KD.new_zeros(len(head_KD)) if bias_K is None else bias_K
        n = n_chunk(hidden_ND.device.type, len(head_KD))
        for at in range(0, len(hidden_ND), n):
            here = slice(at, at + n)
            hidden_CD, targets_C1 = hidden_ND[here], targets_N[here, None]
            logits_CK = (hidden_CD @ head_KD.T).float() + bias_K
            log_q_CK = logits_CK.log_softmax(1)
            total -= (1 - share) * log_q_CK.gather(1, targets_C1).sum()
            taught_CK = _mean([(h[here], head) for h, head in said], bias_K, temperature)
            log_soft_CK = (logits_CK / temperature).log_softmax(1)
            total += share * temperature**2 * _divergence(taught_CK, log_soft_CK)
            grad_CK = log_q_CK.exp_().mul_(1 - share)
            grad_CK.scatter_add_(1, targets_C1, torch.full_like(grad_CK[:, :1], share - 1))
            grad_CK += log_soft_CK.exp_().sub_(taught_CK).mul_(share * temperature)
            grad_CK = grad_CK.to(hidden_CD.dtype)
            hidden_grads.append(grad_CK @ head_KD.to(hidden_CD.dtype))
            head_grad_KD += (grad_CK.T @ hidden_CD).to(head_grad_KD.dtype)
        ctx.save_for_backward(torch.cat([hidden_ND[:0], *hidden_grads]), head_grad_KD)
        return total

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        hidden_grad_ND, head_grad_KD = ctx.saved_tensors
        return hidden_grad_ND * grad, head_grad_KD * grad, None, None, None, None, None


def _mean(said: Sequence[tuple[Tensor, Tensor]], bias_K: Tensor, temperature: float) -> Tensor:
    """The mean of the teachers' probabilities at a temperature, [C, K]."""
    probs = [
        (((hidden_CD @ head_KD.T).float() + bias_K) / temperature).softmax(1)
        for hidden_CD, head_KD in said
    ]
    return probs[0] if len(probs) == 1 else torch.stack(probs).mean(0)


def _divergence(p_CK: Tensor, log_q_CK: Tensor) -> Tensor:
    """KL(p || q), nats, summed over positions."""
    return (torch.special.xlogy(p_CK, p_CK) - p_CK * log_q_CK).sum()
