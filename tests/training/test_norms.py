"""The norms of training give what the stock modules give."""

import copy

import pytest
import torch

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build
from prompt_gen.training.norms import quicken

ROTARY = [name for name in ARCHITECTURES if "rotary" in ARCHITECTURES.load(name).POSITIONS]


@pytest.mark.parametrize("architecture", ROTARY)
def test_loss_and_gradients_are_those_of_the_stock_modules(architecture: str) -> None:
    stock = build(ModelConfig(architecture=architecture, context=64), Shape(2, 64), 50, seed=0)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in stock.parameters():
            parameter.add_(torch.rand_like(parameter) / 4)
    ids = torch.randint(50, (3, 20))
    quick = copy.deepcopy(stock)
    quicken(quick)
    losses = []
    for model in (stock, quick):
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        losses.append(loss)
    torch.testing.assert_close(losses[1], losses[0])
    assert "_RMSNormBackward" in str(quick.model.norm(torch.ones(1, 64)).grad_fn)
    for (name, one), other in zip(stock.named_parameters(), quick.parameters(), strict=True):
        assert one.grad is not None
        torch.testing.assert_close(other.grad, one.grad, rtol=1e-4, atol=1e-6, msg=name)


def test_a_copy_has_its_own_weights() -> None:
    model = build(ModelConfig(context=64), Shape(1, 64), 50, seed=0)
    quicken(model)
    other = copy.deepcopy(model)
    with torch.no_grad():
        model.model.norm.weight.fill_(3)
    x = torch.randn(2, 64)
    torch.testing.assert_close(model.model.norm(x), 3 * other.model.norm(x))
