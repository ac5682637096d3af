"""Stock weights as a GGUF file, without a vocabulary: whoever reads it asks with token ids."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

_ROWS = 32  # weights that share a scale in Q8_0
_TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")  # of GPT-2, [in, out] there


def write_gguf(stock: Path, path: Path, kind: str = "Q8_0") -> None:
    """Write a gpt2, llama or qwen3; matrices in `kind`, a name of gguf, all else in float32."""
    from safetensors.numpy import load_file

    config = json.loads((stock / "config.json").read_text("utf-8"))
    gguf: Any = import_module("gguf")  # checks pass where it is not installed
    writer = gguf.GGUFWriter(path, config["model_type"])
    _describe(writer, config)
    names = _names(gguf, config)
    for name, weights in load_file(stock / "model.safetensors").items():
        values = _arranged(name, weights.astype(np.float32), config)
        is_matrix = values.ndim == 2 and values.shape[1] % _ROWS == 0 and "wpe" not in name
        used = gguf.GGMLQuantizationType[kind if is_matrix else "F32"]
        writer.add_tensor(names(name), gguf.quants.quantize(values, used), raw_dtype=used)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _names(gguf: Any, config: dict[str, Any]) -> Any:
    """From the names of transformers to those of GGUF."""
    n_layers = config.get("num_hidden_layers") or config["n_layer"]
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH[config["model_type"].upper()], n_layers)
    return lambda name: known.get_name(name, try_suffixes=(".weight", ".bias"))


def _describe(writer: Any, config: dict[str, Any]) -> None:
    """The shape."""
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config["vocab_size"])
    if config["model_type"] == "gpt2":
        writer.add_context_length(config["n_positions"])
        writer.add_embedding_length(config["n_embd"])
        writer.add_feed_forward_length(config["n_inner"] or 4 * config["n_embd"])
        writer.add_block_count(config["n_layer"])
        writer.add_head_count(config["n_head"])
        writer.add_layer_norm_eps(config["layer_norm_epsilon"])
        return
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def _arranged(name: str, weights: np.ndarray, config: dict[str, Any]) -> np.ndarray:
    """Weights [out, in], with the halves of rotated pairs where GGUF has them."""
    if config["model_type"] == "gpt2" and name.endswith(_TRANSPOSED):
        return np.ascontiguousarray(weights.T)
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    part = name.split(".")[-2]
    if config["model_type"] == "llama" and part in heads:  # pairs lie side by side there
        n_heads = config[heads[part]]
        halves = weights.reshape(n_heads, 2, -1, *weights.shape[1:])
        return halves.swapaxes(1, 2).reshape(weights.shape)
    return weights
