"""Heads that begin by looking at the tokens before."""

import copy

import pytest
import torch
from transformers import PreTrainedModel

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build, previous

V, T = 67, 40
STARTING = [name for name in ARCHITECTURES if "previous" in ARCHITECTURES.load(name).STARTS]


def begun(architecture: str, seed: int = 0) -> PreTrainedModel:
    shape = Shape(2, 128, head_width=32)
    model = build(ModelConfig(architecture=architecture, context=64), shape, V, seed)
    previous.begin(model, seed)
    return model.eval()


def ids() -> torch.Tensor:
    return torch.randint(2, V, (3, T), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("architecture", STARTING)
def test_each_head_of_the_first_block_looks_at_one_distance(architecture: str) -> None:
    model = begun(architecture)
    model.set_attn_implementation("eager")
    seen = model(ids(), output_attentions=True).attentions[0]  # rows, heads, queries, keys
    for head in range(4):
        distance = head + 1
        shares = seen[:, head].diagonal(-distance, dim1=1, dim2=2)
        assert shares.mean() > 0.6
        before = seen[:, head, distance:]  # the first positions have nobody at that distance
        nearest = before.argmax(-1)
        assert (torch.arange(T - distance) - nearest).eq(0).float().mean() > 0.95
        assert seen[:, head, 20:].tril(20 - distance - 3).max() < 0.05


@pytest.mark.parametrize("architecture", STARTING)
def test_the_token_before_changes_what_is_passed_on_and_one_far_off_does_not(
    architecture: str,
) -> None:
    model, one = begun(architecture), ids()
    near, far = one.clone(), one.clone()
    near[:, -2] = (near[:, -2] + 1) % V
    far[:, 5] = (far[:, 5] + 1) % V
    block = model.model.layers[0].register_forward_hook(
        lambda module, inputs, output: found.append(output)
    )
    found: list[torch.Tensor] = []
    for each in (one, near, far):
        model(each)
    block.remove()
    plain, with_near, with_far = (hidden[:, -1] for hidden in found)
    change = (with_near - plain).norm(dim=1)
    assert change.min() > 5 * (with_far - plain).norm(dim=1).max()


def test_the_constant_stays_in_the_first_block_and_adds_nothing_to_what_is_predicted() -> None:
    model = begun("qwen3")
    assert model.config.tie_word_embeddings
    assert torch.equal(model.lm_head.weight[:, 0], model.lm_head.weight[:1, 0].expand(V))
    plain = model(ids()).logits.log_softmax(-1)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.lm_head.weight = torch.nn.Parameter(other.lm_head.weight.clone())
        other.lm_head.weight[:, 0] = 0
    torch.testing.assert_close(other(ids()).logits.log_softmax(-1), plain)


def test_the_seed_decides_and_the_random_state_stays() -> None:
    model = build(ModelConfig(context=64), Shape(1, 64), V, 0)
    before = torch.random.get_rng_state()
    previous.begin(model, 3)
    assert torch.equal(before, torch.random.get_rng_state())
    same, other = (build(ModelConfig(context=64), Shape(1, 64), V, 0) for _ in range(2))
    previous.begin(same, 3)
    previous.begin(other, 4)
    values = [m.model.layers[0].self_attn.v_proj.weight for m in (model, same, other)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])
