"""The loss: the full one is the stock model's, the sampled one leads the same way."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build
from prompt_gen.shards import Part, Shard
from prompt_gen.training.batches import Batches
from prompt_gen.training.loss import Loss

VOCAB = 400


def model_and_batches(architecture: str = "qwen3"):
    model = build(ModelConfig(architecture=architecture, context=64), Shape(1, 64), VOCAB, 0)
    rng = np.random.default_rng(0)
    tokens = np.minimum(rng.geometric(0.02, 4000), VOCAB - 1).astype(np.uint16)
    part = Part((Shard(tokens, np.arange(0, 4001, 20), 4000, "", ""),), np.ones(200, np.float32))
    return model, part, Batches(part, 4, 64, 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_full_loss_is_the_stock_models(architecture: str) -> None:
    model, part, batches = model_and_batches(architecture)
    loss = Loss(model, part.token_counts(VOCAB), 0)
    batch = batches[0]
    stock = model(
        input_ids=batch.tokens_BT,
        attention_mask=batch.mask_B1TT,
        position_ids=batch.positions_BT,
    ).logits
    expected = torch.nn.functional.cross_entropy(
        stock.flatten(0, 1), batch.targets_BT.flatten(), ignore_index=-100
    )
    torch.testing.assert_close(loss(batch, sampled=True), expected)  # no negatives: never sampled


def test_the_true_distribution_is_where_the_sampled_loss_rests() -> None:
    """Its gradient is nothing on average where logits are the true log-probabilities.

    Without the correction for the chance to be in the sample, frequent tokens are pushed down:
    the gradient of the most frequent one's logit is fifty times larger.
    """
    p = 1 / np.arange(1, VOCAB + 1)
    p /= p.sum()
    head = torch.nn.Linear(1, VOCAB, bias=False)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(np.log(p))[:, None])
    model = SimpleNamespace(get_output_embeddings=lambda: head)
    loss = Loss(model, p, 64)  # type: ignore[arg-type]
    torch.manual_seed(0)
    n_draws, hidden = 400, torch.ones(256, 1)
    for _ in range(n_draws):
        targets = torch.multinomial(torch.from_numpy(p), 256, replacement=True)
        loss._sampled(hidden, targets).backward()
    mean_gradient = head.weight.grad.abs().flatten() / n_draws
    assert mean_gradient[0] < 0.005
    assert mean_gradient.sum() < 0.1


def test_training_by_samples_lowers_the_full_loss() -> None:
    model, part, batches = model_and_batches()
    loss = Loss(model, part.token_counts(VOCAB), 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    before = loss(batches[0], sampled=False).item()
    torch.manual_seed(0)
    for k in range(60):
        optimizer.zero_grad()
        loss(batches[k], sampled=True).backward()
        optimizer.step()
    assert loss(batches[0], sampled=False).item() < before - 0.5


def test_small_vocabularies_use_the_full_softmax() -> None:
    model, part, _ = model_and_batches()
    assert not Loss(model, part.token_counts(VOCAB), 1024).can_sample
