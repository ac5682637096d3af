"""Going on from a stock directory: its numbers are kept, and what does not fit is refused."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer as Stock
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.errors import Damaged, Mismatch, NotFound, SettingError
from prompt_gen.model import Shape, begin, choose_shape, settled
from prompt_gen.shards import Part
from prompt_gen.training import dropout
from prompt_gen.vocab import Tokenizer, adopt
from tests.conftest import lines_of

LINES = lines_of("health-zh.txt")[:200]
NO_TEXT = Part((), np.zeros(0, "<f4"))
END = "<|endoftext|>"
ROTARY = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 96,
}  # fmt: skip
MODELS = {
    "gpt2": partial(GPT2Config, n_embd=32, n_layer=2, n_head=2, n_positions=96),
    "llama": partial(LlamaConfig, **ROTARY, tie_word_embeddings=False),
    "qwen3": partial(Qwen3Config, **ROTARY),
}
CLASSES = {"gpt2": GPT2LMHeadModel, "llama": LlamaForCausalLM, "qwen3": Qwen3ForCausalLM}


def stock_directory(where: Path, kind: str = "gpt2", **settings: object) -> Path:
    """A model of random weights and GPT-2's kind of tokenizer, as its makers publish them."""
    made = Stock(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=alphabet, special_tokens=[END], show_progress=False
    )
    made.train_from_iterator(LINES, trainer)
    torch.manual_seed(0)
    end = made.token_to_id(END)
    ends = {"vocab_size": made.get_vocab_size(), "bos_token_id": end, "eos_token_id": end}
    model = CLASSES[kind](MODELS[kind](**(ends | settings)))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.save_pretrained(where)
    made.save(str(where / "tokenizer.json"))
    return where


def gone_on(where: Path, **settings: object) -> tuple[PreTrainedModel, Tokenizer]:
    config = settled(ModelConfig(pretrained=str(where), **settings))
    tokenizer, _ = adopt.adopt(adopt.find(where), LINES)
    shape = choose_shape(config, TrainConfig(), "cpu", 10**6)
    return begin(config, shape, tokenizer, NO_TEXT, seed=0).eval(), tokenizer


@pytest.mark.parametrize("kind", MODELS)
def test_the_logits_of_known_tokens_are_kept(kind: str, tmp_path: Path) -> None:
    where = stock_directory(tmp_path, kind)
    stock = AutoModelForCausalLM.from_pretrained(where)
    model, tokenizer = gone_on(where)
    ids = torch.tensor([tokenizer.encode(LINES[0])[:40]])
    n_known = stock.config.vocab_size
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits[..., :n_known], stock(ids).logits)
    assert model.config.vocab_size == tokenizer.size == n_known + 2
    assert model.config.max_position_embeddings == 96


def test_our_ends_begin_as_the_end_that_the_model_knows(tmp_path: Path) -> None:
    """GPT-2 has one mark between documents, we have one on each side of them."""
    where = stock_directory(tmp_path)
    model, tokenizer = gone_on(where)
    table = model.get_input_embeddings().weight
    known = table[Stock.from_file(str(where / "tokenizer.json")).token_to_id(END)]
    assert torch.equal(table[tokenizer.bos_id], known)
    assert torch.equal(table[tokenizer.eos_id], known)
    assert (model.config.bos_token_id, model.config.eos_token_id) == (
        tokenizer.bos_id,
        tokenizer.eos_id,
    )


def test_the_two_files_of_gpt2_are_its_tokenizer(tmp_path: Path) -> None:
    where = stock_directory(tmp_path)
    expected = Stock.from_file(str(where / "tokenizer.json"))
    expected.model.save(str(where))
    (where / "tokenizer.json").unlink()
    model, tokenizer = gone_on(where)
    for line in LINES[:50]:
        assert tokenizer.encode(line) == expected.encode(line, add_special_tokens=False).ids
    assert tokenizer.token_bytes[expected.token_to_id(END)] == b""
    assert model.config.vocab_size == expected.get_vocab_size() + 2
    (where / "merges.txt").unlink()
    with pytest.raises(NotFound, match=r"merges\.txt"):
        gone_on(where)


def test_a_word_list_takes_each_word_with_its_row(tmp_path: Path) -> None:
    """As Chinese GPT-2 models with the words of BERT have them; bytes begin as the mean."""
    where = stock_directory(tmp_path, vocab_size=6)
    (where / "tokenizer.json").unlink()
    (where / "vocab.txt").write_text("[PAD]\n[UNK]\n患者\n##高血压\n吃\n高\n", "utf-8")
    old = AutoModelForCausalLM.from_pretrained(where).get_input_embeddings().weight
    model, tokenizer = gone_on(where)
    new = model.get_input_embeddings().weight
    for word, row in (("患者", 2), ("高血压", 3), ("吃", 4)):
        assert torch.equal(new[tokenizer.encode(word)[0]], old[row])
    torch.testing.assert_close(new[tokenizer.encode("\x00")[0]], old.mean(0))


def test_shape_and_context_are_those_of_the_directory(tmp_path: Path) -> None:
    where = stock_directory(tmp_path)
    config = settled(ModelConfig(pretrained=str(where), context=64))
    assert (config.architecture, config.context) == ("gpt2", 64)
    assert choose_shape(config, TrainConfig(), "cpu", 10**6) == Shape(2, 32)
    assert settled(ModelConfig.model_validate(config.model_dump())) == config  # as when resumed
    model, _ = gone_on(where, context=64)
    model.save_pretrained(tmp_path / "again")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "again").config.n_positions == 64


def test_dropout_is_what_the_settings_say(tmp_path: Path) -> None:
    """A stock GPT-2 brings shares of its own along."""
    model, _ = gone_on(stock_directory(tmp_path, resid_pdrop=0.4, attn_pdrop=0.4))
    ids = torch.arange(20)[None]
    model.train()
    dropout.add(model, 0.0)
    assert torch.equal(model(ids).logits, model(ids).logits)
    dropout.add(model, 0.5)
    assert not torch.equal(model(ids).logits, model(ids).logits)
    assert model.config.resid_pdrop == model.config.attn_pdrop == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"layers": 2}, r"model\.layers = 2 .*gpt2, 2 x 32"),
        ({"width": 64, "positions": "learned"}, r"model\.width = 64, model\.positions = learned"),
        ({"architecture": "llama"}, r"model\.architecture = llama"),
        ({"context": 128}, "is 128, but .* holds 96"),
    ],
)
def test_what_the_directory_decides_cannot_be_given(
    tmp_path: Path, settings: dict, says: str
) -> None:
    with pytest.raises(SettingError, match=says):
        gone_on(stock_directory(tmp_path), **settings)


def without_weights(where: Path) -> None:
    (where / "model.safetensors").rename(where / "pytorch_model.bin")


def without_a_config(where: Path) -> None:
    (where / "config.json").unlink()


def without_a_vocabulary(where: Path) -> None:
    (where / "tokenizer.json").unlink()


def of_another_type(where: Path) -> None:
    config = json.loads((where / "config.json").read_text("utf-8"))
    (where / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))


def with_another_activation(where: Path) -> None:
    config = json.loads((where / "config.json").read_text("utf-8"))
    (where / "config.json").write_text(json.dumps(config | {"activation_function": "relu"}))


def with_half_a_config(where: Path) -> None:
    (where / "config.json").write_text("{")


def with_half_the_weights(where: Path) -> None:
    data = (where / "model.safetensors").read_bytes()
    (where / "model.safetensors").write_bytes(data[: len(data) // 2])


def lacking_a_weight(where: Path) -> None:
    tensors = load_file(where / "model.safetensors")
    del tensors["transformer.h.1.ln_1.weight"]
    save_file(tensors, where / "model.safetensors", {"format": "pt"})


def with_a_larger_vocabulary(where: Path) -> None:
    made = Stock.from_file(str(where / "tokenizer.json"))
    made.add_tokens(["高血压患者要注意"])
    made.save(str(where / "tokenizer.json"))


@pytest.mark.parametrize(
    ("breaking", "error", "says"),
    [
        (without_weights, NotFound, r"model\.safetensors.*unpickling"),
        (without_a_config, NotFound, r"config\.json"),
        (without_a_vocabulary, NotFound, r"no vocabulary .*vocab\.txt"),
        (of_another_type, SettingError, "type 'bert'.*gpt2"),
        (with_another_activation, SettingError, "activation_function = 'relu'"),
        (with_half_a_config, Damaged, r"config\.json' cannot be read"),
        (with_half_the_weights, Damaged, "cannot be loaded"),
        (lacking_a_weight, Damaged, r"lacks 1 weights, e\.g\. transformer\.h\.1\.ln_1\.weight"),
        (with_a_larger_vocabulary, Mismatch, "has 501 tokens, the weights 500"),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused(tmp_path: Path, breaking, error, says: str) -> None:
    where = stock_directory(tmp_path / "stock")
    shutil.copytree(where, tmp_path / "broken")
    breaking(tmp_path / "broken")
    with pytest.raises(error, match=says):
        gone_on(tmp_path / "broken")
