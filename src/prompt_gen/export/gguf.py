"""GGUF, with its vocabulary: what llama.cpp and all that is built on it open."""

import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.errors import UsageError
from prompt_gen.export.source import Source
from prompt_gen.vocab import bytelevel

NEEDS = ("gguf",)
ENGINE = ("llama_cpp",)
WEIGHTS = ("float32", "int8")
FILE = "model.gguf"
_KINDS = {"float32": "F32", "int8": "Q8_0"}
_ARCHITECTURES = ("gpt2", "llama", "qwen3")
_ROWS = 32  # weights that share a scale in Q8_0
_TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")  # of GPT-2, [in, out] there
_NEW_TOKENS = 24
_BOUNDS = {"gpt2": 5e-3}  # llama.cpp looks its GELU up in a table of float16
# Splits of text in front of BPE by the names that llama.cpp has for them.
_SPLITS = {bytelevel.CLAUSES: bytelevel.PRE_TOKENIZER}
_GPT2_SPLIT = "gpt-2"


def check(source: Source) -> None:
    """Refuse what llama.cpp cannot read, or would read in another way than it was trained.

    Raises:
        UsageError: says what, why, and what would work.
    """
    source.check_architecture("gguf", _ARCHITECTURES)
    kind = source.tokenizer_parts["model"]["type"]
    if kind != "BPE":
        raise UsageError(
            f"the target 'gguf' cannot hold a tokenizer of the type {kind}: llama.cpp has none "
            "that cuts text at clauses first and knows all bytes, so that it would read some "
            "texts as other tokens",
            "Use --to hf, onnx or ctranslate2, or train with --kind bpe",
        )
    if source.tokenizer_parts["model"].get("ignore_merges"):
        raise UsageError(
            "the target 'gguf' cannot hold a vocabulary of characters: llama.cpp builds tokens "
            "by merging, and this one has no merges",
            "Use --to hf, onnx or ctranslate2, or train with --kind bpe",
        )
    _split(source.tokenizer_parts)


def bound(source: Source, weights: str) -> float:
    """Sums in another order; of GPT-2 the table of its GELU."""
    return _BOUNDS.get(source.architecture, 1e-3)


def export(source: Source, out: Path, weights: str) -> None:
    """One file with the weights and the vocabulary."""

    def describe(writer: Any) -> None:
        writer.add_name(source.made.name)
        _add_vocabulary(writer, source)

    write(source.path, out / FILE, _KINDS[weights], describe)


def write(
    stock: Path, path: Path, kind: str = "Q8_0", describe: Callable[[Any], None] | None = None
) -> None:
    """Write a gpt2, llama or qwen3; matrices in `kind`, a name of gguf, all else in float32.

    `describe` adds the vocabulary to a `gguf.GGUFWriter`; without it, whoever reads the file asks
    with token ids.
    """
    from safetensors.numpy import load_file

    config = json.loads((stock / "config.json").read_text("utf-8"))
    gguf: Any = import_module("gguf")  # checks pass where it is not installed
    writer = gguf.GGUFWriter(path, config["model_type"])
    _add_shape(writer, config)
    (describe or _add_no_vocabulary)(writer)
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


def _split(tokenizer: dict[str, Any]) -> str:
    """The name that llama.cpp has for how text is split in front of BPE."""
    found = tokenizer["pre_tokenizer"] or {}
    steps = found.get("pretokenizers", [found])
    *splits, last = steps
    patterns = [step.get("pattern", {}).get("Regex") for step in splits]
    if last.get("type") == "ByteLevel" and not last["add_prefix_space"]:
        if last["use_regex"] and not splits:
            return _GPT2_SPLIT
        if not last["use_regex"] and len(patterns) == 1 and patterns[0] in _SPLITS:
            return _SPLITS[patterns[0]]
    raise UsageError(
        "the target 'gguf' cannot hold this tokenizer: llama.cpp has no name for how it splits "
        "text",
        "Use --to hf, onnx or ctranslate2, or train with a vocabulary of prompt-gen (--kind bpe)",
    )


def _add_no_vocabulary(writer: Any) -> None:
    writer.add_tokenizer_model("no_vocab")


def _add_vocabulary(writer: Any, source: Source) -> None:
    """Entries, merges and special tokens; text never spells a special token."""
    gguf: Any = import_module("gguf")
    tokenizer, kinds = source.tokenizer_parts, gguf.TokenType
    added = {row["id"]: row for row in tokenizer["added_tokens"]}
    entries = {number: entry for entry, number in tokenizer["model"]["vocab"].items()}
    entries |= {number: row["content"] for number, row in added.items()}
    types = [
        (kinds.CONTROL if added[i]["special"] else kinds.USER_DEFINED)
        if i in added
        else kinds.NORMAL
        for i in range(source.tokenizer.size)
    ]
    merges = tokenizer["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_split(tokenizer))
    writer.add_token_list([entries[i] for i in range(source.tokenizer.size)])
    writer.add_token_types(types)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    writer.add_bos_token_id(source.tokenizer.bos_id)
    writer.add_eos_token_id(source.tokenizer.eos_id)
    writer.add_pad_token_id(source.tokenizer.eos_id)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def _names(gguf: Any, config: dict[str, Any]) -> Any:
    """From the names of transformers to those of GGUF."""
    n_layers = config.get("num_hidden_layers") or config["n_layer"]
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH[config["model_type"].upper()], n_layers)
    return lambda name: known.get_name(name, try_suffixes=(".weight", ".bias"))


def _add_shape(writer: Any, config: dict[str, Any]) -> None:
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


def usage(source: Source) -> str:
    """By llama.cpp."""
    return f"""    llama-completion -m DIR/{FILE} -p "高血压要" -n {_NEW_TOKENS} --temp 0 -no-cnv

or by its Python package, `llama-cpp-python`:

```python
from llama_cpp import Llama

llama = Llama("DIR/{FILE}", n_ctx={source.context})
print(llama("高血压要", max_tokens={_NEW_TOKENS}, temperature=0)["choices"][0]["text"])
```"""


def opened(source: Source, out: Path, weights: str) -> "Opened":
    """The file as llama.cpp opens it."""
    return Opened(out / FILE, source.context)


class Opened:
    """`llama_cpp.Llama`, whose keys and values are kept as exactly as its weights."""

    def __init__(self, path: Path, context: int) -> None:
        llama_cpp: Any = import_module("llama_cpp")  # checks pass where it is not installed
        self._llama = llama_cpp.Llama(
            str(path),
            n_ctx=context,
            n_batch=context,
            n_ubatch=context,
            n_threads=1,
            n_threads_batch=1,
            logits_all=True,
            type_k=llama_cpp.GGML_TYPE_F32,
            type_v=llama_cpp.GGML_TYPE_F32,
            flash_attn=False,
            verbose=False,
        )

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """See `parity.Engine`."""
        self._llama.reset()
        self._llama.eval(list(ids))
        return np.array(self._llama.scores[: len(ids)])

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """See `parity.Engine`."""
        return [self._written(ids, n) for ids in rows]

    def _written(self, ids: Sequence[int], n: int) -> list[int]:
        written: list[int] = []
        for token in self._llama.generate(list(ids), temp=0.0, top_k=1, repeat_penalty=1.0):
            if token == self._llama.token_eos():
                break
            written.append(token)
            if len(written) == n:
                break
        return written

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """See `parity.Engine`."""
        tokenize = self._llama.tokenize
        return [tokenize(text.encode("utf-8"), add_bos=True, special=False) for text in texts]
