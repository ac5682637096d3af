"""The loss: the full one is the stock model's, the sampled one leads the same way."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build
from prompt_gen.shards import Part, Shard
from prompt_gen.training import loss
from prompt_gen.training.batches import Batch, Batches
from prompt_gen.training.loss import Objective, Sampler, linear_cross_entropy

VOCAB = 400


def model_and_batches(architecture: str = "qwen3"):
    model = build(ModelConfig(architecture=architecture, context=64), Shape(1, 64), VOCAB, 0)
    rng = np.random.default_rng(0)
    tokens = np.minimum(rng.geometric(0.02, 4000), VOCAB - 1).astype(np.uint16)
    part = Part((Shard(tokens, np.arange(0, 4001, 20), 4000, "", ""),), np.ones(200, np.float32))
    return model, part, Batches(part, 64, 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_full_loss_is_the_stock_models(architecture: str) -> None:
    model, _, batches = model_and_batches(architecture)
    batch = batches.at(0, 4)
    stock = model(
        input_ids=batch.tokens_BT,
        attention_mask=batch.mask_B1TT,
        position_ids=batch.positions_BT,
    ).logits
    expected = torch.nn.functional.cross_entropy(
        stock.flatten(0, 1), batch.targets_BT.flatten(), ignore_index=-100
    )
    torch.testing.assert_close(Objective(model)(batch, None) / batch.n_targets, expected)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 200), st.integers(2, 90), st.booleans(), st.integers(0, 9))
def test_cross_entropy_in_chunks_is_the_stock_one(
    n: int, n_columns: int, biased: bool, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(n, 8, generator=generator, requires_grad=True)
    head = torch.randn(n_columns, 8, generator=generator, requires_grad=True)
    targets = torch.randint(n_columns, (n,), generator=generator)
    bias = torch.randn(n_columns, generator=generator) if biased else None
    logits = hidden @ head.T + (0 if bias is None else bias)
    expected = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(loss._CHUNK_LOGITS, "cpu", 16 * n_columns)  # several chunks
        found = linear_cross_entropy(hidden, head, targets, bias)
    torch.testing.assert_close(found, expected)
    ours = torch.autograd.grad(found * 0.5, (hidden, head))
    stock = torch.autograd.grad(expected * 0.5, (hidden, head))
    torch.testing.assert_close(ours, stock, atol=1e-5, rtol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(linear_cross_entropy(hidden, head, targets, bias), expected)


def batch_of(targets: np.ndarray) -> Batch:
    return Batch(*(torch.from_numpy(targets.astype(np.int64))[None],) * 2, *(torch.empty(1),) * 2)


def test_the_true_distribution_is_where_the_sampled_loss_rests() -> None:
    """Its gradient is nothing on average where logits are the true log-probabilities.

    Without the correction for the chance to be in the sample, frequent tokens are pushed down:
    the gradient of the most frequent one's logit is fifty times larger.
    """
    p = 1 / np.arange(1, VOCAB + 1)
    p /= p.sum()
    logits = torch.from_numpy(np.log(p)).float().requires_grad_()
    sampler = Sampler(p, 64, seed=0)
    rng, hidden = np.random.default_rng(0), torch.ones(256, 1)
    for step in range(400):
        batch = batch_of(rng.choice(VOCAB, 256, p=p))
        sample = sampler.draw(batch, step)
        assert sample is not None
        columns = torch.searchsorted(sample.tokens_K, batch.targets_BT[0])
        head = logits[sample.tokens_K][:, None]
        nats = linear_cross_entropy(hidden, head, columns, -sample.log_chance_K)
        (nats / 256 / 400).backward()
    assert logits.grad is not None
    assert logits.grad[0].abs() < 0.005
    assert logits.grad.abs().sum() < 0.1


def test_a_sample_holds_the_targets_and_depends_on_the_step_alone() -> None:
    batch = batch_of(np.array([3, 399, 3, 7]))
    sampler = Sampler(np.ones(VOCAB), 50, seed=1)
    first, again, other = (sampler.draw(batch, step) for step in (5, 5, 6))
    assert first is not None
    assert again is not None
    assert other is not None
    assert torch.equal(first.tokens_K, again.tokens_K)
    assert not torch.equal(first.tokens_K, other.tokens_K)
    assert {3, 7, 399} <= set(first.tokens_K.tolist())
    assert (first.tokens_K.diff() > 0).all()


def test_training_by_samples_lowers_the_full_loss() -> None:
    model, part, batches = model_and_batches()
    objective, sampler = Objective(model), Sampler(part.token_counts(VOCAB), 64, seed=0)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    first = batches.at(0, 4)
    before = objective(first, None).item() / first.n_targets
    for step in range(60):
        batch = batches.at(step * 256, 4)
        optimizer.zero_grad()
        (objective(batch, sampler.draw(batch, step)) / batch.n_targets).backward()
        optimizer.step()
    assert objective(first, None).item() / first.n_targets < before - 0.5


def test_small_vocabularies_use_the_full_softmax() -> None:
    assert Sampler(np.ones(VOCAB), 1024, seed=0).draw(batch_of(np.array([1])), 0) is None
