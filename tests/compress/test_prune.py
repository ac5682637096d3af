"""What is taken out is what matters least."""

import pytest
import torch

from prompt_gen.compress import prune
from prompt_gen.config import CompressConfig, ModelConfig
from prompt_gen.errors import SettingError
from prompt_gen.model import ARCHITECTURES, Shape, build

VOCAB = 300


def network(architecture: str, seed: int = 0):
    config = ModelConfig(architecture=architecture, context=64)
    made = build(config, Shape(2, 128), VOCAB, seed=seed).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return made


def silenced(made, block: int, heads: tuple[int, ...], channels: torch.Tensor) -> None:
    """Units that say nothing; their gradients alone would not tell."""
    with torch.no_grad():
        if made.config.model_type == "gpt2":
            made.transformer.h[block].mlp.c_proj.weight[channels] = 0
            return
        layer = made.model.layers[block]
        layer.mlp.down_proj.weight[:, channels] = 0
        width = made.config.head_dim
        for head in heads:
            layer.self_attn.o_proj.weight[:, head * width : (head + 1) * width] = 0


def products(made) -> dict[str, torch.Tensor]:
    """Weights times gradients, of two batches."""
    found: dict[str, list] = {}
    for seed in (0, 1):
        torch.manual_seed(seed)
        ids = torch.randint(VOCAB, (4, 20))
        made.zero_grad()
        made(input_ids=ids, labels=ids).loss.backward()
        for name, weight in made.named_parameters():
            found.setdefault(name, []).append((weight * weight.grad).detach())
    return {name: torch.stack(each) for name, each in found.items()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_units_that_say_nothing_go_and_nothing_changes(architecture: str) -> None:
    made = network(architecture)
    is_gpt2 = architecture == "gpt2"
    inner = 512 if is_gpt2 else 384
    for block in range(2):
        torch.manual_seed(block)
        channels = torch.randperm(inner)[: inner // 4]
        silenced(made, block, (block,), channels)
    ids = torch.randint(VOCAB, (2, 30))
    expected = made(input_ids=ids).logits
    how = CompressConfig(channels=0.25, heads=0.0 if is_gpt2 else 0.5)
    smaller = prune._without(made, products(made), how).eval()
    torch.testing.assert_close(smaller(input_ids=ids).logits, expected, atol=1e-4, rtol=1e-4)
    if not is_gpt2:
        assert smaller.config.num_attention_heads == 1
    assert sum(p.numel() for p in smaller.parameters()) < sum(p.numel() for p in made.parameters())


def test_heads_of_gpt2_cannot_go() -> None:
    made = network("gpt2")
    with pytest.raises(SettingError, match="cannot be taken out of gpt2"):
        prune._without(made, products(made), CompressConfig(heads=0.5))
