"""Which weights a run changes, how fast, and what is saved of LoRA."""

import copy

import pytest
import torch
from transformers import AutoModelForCausalLM

from prompt_gen import optim
from prompt_gen.config import ModelConfig, TuneConfig
from prompt_gen.errors import SettingError
from prompt_gen.model import Shape, build
from prompt_gen.training import changed, checkpoint

ARCHITECTURES = ("qwen3", "llama", "gpt2")
IDS = torch.arange(12)[None] % 9


def model_of(architecture: str):
    model = build(ModelConfig(architecture=architecture, context=64), Shape(3, 64), 40, seed=1)
    with torch.no_grad():  # blocks of fresh models do nothing yet
        for parameter in model.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


def learned(model, steps: int = 3, scale=lambda name: 1.0) -> set[str]:
    """The names of weights that some steps have changed."""
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    optimizers = optim.build(model, 0.01, 0.01, 0.0, scale=scale)
    for _ in range(steps):
        model(input_ids=IDS, labels=IDS).loss.backward()
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak"]
            optimizer.step()
            optimizer.zero_grad()
    return {n for n, weight in model.named_parameters() if not weight.equal(before[n])}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_last_blocks_alone_are_changed(architecture: str) -> None:
    model = model_of(architecture)
    changed.choose(model, TuneConfig(weights="last", last=1), seed=0)
    names = learned(model)
    blocks = {name.split("layers.")[-1].split("h.")[-1][0] for name in names if ".2." in name}
    assert blocks == {"2"}
    assert not [n for n in names if ".0." in n or ".1." in n or "wte" in n or "embed" in n]
    assert [n for n in names if n.endswith(("ln_f.weight", "model.norm.weight"))]


def test_more_last_blocks_than_there_are_is_refused() -> None:
    with pytest.raises(SettingError, match=r"tune\.last.*4.*3 blocks"):
        changed.choose(model_of("llama"), TuneConfig(weights="last", last=4), seed=0)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_lora_is_saved_as_a_stock_model_that_computes_the_same(architecture: str, tmp_path) -> None:
    model = model_of(architecture)
    stock = copy.deepcopy(model)
    changed.choose(model, TuneConfig(weights="lora", lora_rank=4), seed=0)
    torch.testing.assert_close(model(IDS).logits, stock(IDS).logits)  # it begins as it was
    names = learned(model)
    assert names
    assert all(".lora_" in name for name in names)
    changed.save_stock(tmp_path / "saved", model)
    loaded, told = AutoModelForCausalLM.from_pretrained(
        tmp_path / "saved", output_loading_info=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    assert (model(IDS).logits - stock(IDS).logits).abs().max() > 1e-3
    torch.testing.assert_close(loaded(IDS).logits, model(IDS).logits, atol=1e-4, rtol=1e-4)
    again = changed.stock_weights(model)
    assert all(again[name].equal(w) for name, w in checkpoint.weights_of(loaded).items())


def test_layers_below_learn_more_slowly() -> None:
    model = model_of("qwen3")
    scale = changed.scales(model, TuneConfig(layer_decay=0.5))
    peaks = {
        name: scale(name)
        for name in ("model.norm.weight", "model.layers.2.mlp.up_proj.weight",
                     "model.layers.0.mlp.up_proj.weight", "model.embed_tokens.weight")
    }  # fmt: skip
    assert [*peaks.values()] == [1.0, 1.0, 0.25, 0.125]
    groups = [g for o in optim.build(model, 0.01, 0.002, 0.0, scale=scale) for g in o.param_groups]
    of = {id(p): group["peak"] for group in groups for p in group["params"]}
    named = dict(model.named_parameters())
    assert of[id(named["model.layers.0.mlp.up_proj.weight"])] == 0.01 * 0.25
    assert of[id(named["model.embed_tokens.weight"])] == 0.002 * 0.125
    assert len(of) == len(named)
