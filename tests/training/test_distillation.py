"""The loss of a student: in chunks what torch says of it, and blind to what nobody can learn."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from prompt_gen.training import loss
from prompt_gen.training.distillation import Distilled, Teachers, _Distillation
from prompt_gen.training.loss import Objective, Sampler
from tests.training.test_loss import VOCAB, model_and_batches


def stock_loss(logits_NK, taught, targets_N, share, temperature):
    """By torch's own functions."""
    p_NK = torch.stack([(each / temperature).softmax(1) for each in taught]).mean(0)
    log_q_NK = (logits_NK / temperature).log_softmax(1)
    soft = F.kl_div(log_q_NK, p_NK, reduction="sum")
    hard = F.cross_entropy(logits_NK, targets_N, reduction="sum")
    return (1 - share) * hard + share * temperature**2 * soft


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 60), st.integers(2, 50), st.integers(1, 3), st.booleans(),
    st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.5, 1.0, 3.0]),
)  # fmt: skip
def test_in_chunks_it_is_what_torch_says(
    n: int, n_columns: int, n_teachers: int, biased: bool, share: float, temperature: float
) -> None:
    generator = torch.Generator().manual_seed(n)
    hidden = torch.randn(n, 8, generator=generator, requires_grad=True)
    head = torch.randn(n_columns, 8, generator=generator, requires_grad=True)
    said = [
        (torch.randn(n, 6, generator=generator), torch.randn(n_columns, 6, generator=generator))
        for _ in range(n_teachers)
    ]
    targets = torch.randint(n_columns, (n,), generator=generator)
    bias = torch.randn(n_columns, generator=generator) if biased else None
    add = 0 if bias is None else bias
    taught = [each @ columns.T + add for each, columns in said]
    expected = stock_loss(hidden @ head.T + add, taught, targets, share, temperature)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(loss._CHUNK_LOGITS, "cpu", 16 * n_columns)  # several chunks
        found = _Distillation.apply(hidden, head, targets, bias, said, share, temperature)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    ours = torch.autograd.grad(found * 0.5, (hidden, head))  # type: ignore[arg-type]
    stock = torch.autograd.grad(expected * 0.5, (hidden, head))
    torch.testing.assert_close(ours, stock, atol=1e-4, rtol=1e-4)


def student_and_teachers(share: float, temperature: float = 1.0):
    model, part, batches = model_and_batches()
    teachers = [copy.deepcopy(model) for _ in range(2)]
    for seed, teacher in enumerate(teachers):
        torch.manual_seed(seed)
        with torch.no_grad():
            for parameter in teacher.parameters():
                parameter.add_(torch.randn_like(parameter) * 0.1)
    objective = Distilled(model, Teachers(teachers, share, temperature))
    return model, objective.train(), teachers, part, batches.at(0, 4)


@pytest.mark.parametrize("is_sampled", [False, True])
def test_the_loss_of_models_is_that_of_their_logits(is_sampled: bool) -> None:
    model, objective, teachers, part, batch = student_and_teachers(0.3, 2.0)
    sample = Sampler(part.token_counts(VOCAB), 60, seed=0).draw(batch, 0) if is_sampled else None
    predicts = batch.targets_BT.flatten() != -100
    ids = {
        "input_ids": batch.tokens_BT, "attention_mask": batch.mask_B1TT,
        "position_ids": batch.positions_BT,
    }  # fmt: skip
    logits = [each(**ids).logits.flatten(0, 1)[predicts] for each in (model, *teachers)]
    targets_N = batch.targets_BT.flatten()[predicts]
    if sample is not None:
        logits = [each[:, sample.tokens_K] - sample.log_chance_K for each in logits]
        targets_N = torch.searchsorted(sample.tokens_K, targets_N)
    expected = stock_loss(logits[0], logits[1:], targets_N, 0.3, 2.0)
    torch.testing.assert_close(objective(batch, sample), expected, atol=1e-2, rtol=1e-4)


def test_looks_see_the_plain_loss_and_teachers_do_not_learn() -> None:
    model, objective, teachers, _, batch = student_and_teachers(0.5)
    assert {id(p) for p in objective.parameters()} == {id(p) for p in model.parameters()}
    objective(batch, None).backward()
    assert all(p.grad is None for teacher in teachers for p in teacher.parameters())
    plain = Objective(model).eval()(batch, None)
    torch.testing.assert_close(objective.eval()(batch, None), plain)
