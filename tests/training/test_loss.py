"""The loss: the full one is the stock model's, the sampled one leads the same way."""

import numpy as np
import pytest
import torch

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build
from prompt_gen.shards import Shard
from prompt_gen.training.batches import Batches
from prompt_gen.training.loss import Loss

VOCAB = 400


def model_and_batches(architecture: str = "qwen3"):
    model = build(ModelConfig(architecture=architecture, context=64), Shape(1, 64), VOCAB, 0)
    rng = np.random.default_rng(0)
    tokens = np.minimum(rng.geometric(0.02, 4000), VOCAB - 1).astype(np.uint16)
    shard = Shard(tokens, np.arange(0, 4001, 20), 4000, "")
    return model, shard, Batches(shard, 4, 64, 0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_full_loss_is_the_stock_models(architecture: str) -> None:
    model, shard, batches = model_and_batches(architecture)
    loss = Loss(model, np.bincount(shard.tokens, minlength=VOCAB), 0)
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


def full_loss_after_training(sampled: bool) -> tuple[float, float]:
    model, shard, batches = model_and_batches()
    loss = Loss(model, np.bincount(shard.tokens, minlength=VOCAB), 64)
    assert loss.can_sample
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    before = loss(batches[0], sampled=False).item()
    torch.manual_seed(0)
    for k in range(60):
        optimizer.zero_grad()
        loss(batches[k], sampled).backward()
        optimizer.step()
    return before, loss(batches[0], sampled=False).item()


def test_training_by_samples_lowers_the_full_loss_as_training_in_full_does() -> None:
    before, by_samples = full_loss_after_training(sampled=True)
    _, in_full = full_loss_after_training(sampled=False)
    assert in_full < before - 0.5
    # Without the correction for the chance to be in the sample it would be far above.
    assert by_samples < in_full + 0.15


def test_small_vocabularies_use_the_full_softmax() -> None:
    model, shard, _ = model_and_batches()
    assert not Loss(model, np.bincount(shard.tokens, minlength=VOCAB), 1024).can_sample
