"""A stock model directory to an ONNX graph that runs many rows over one cache.

Standard operators only (opset 23). The graph holds no weights: it points into `model.safetensors`
beside it, so there is one copy of them and the two cannot drift apart.

    B rows, S new tokens in a row, P tokens in the cache, R rows in the cache
    N = B * S, K wanted positions, V vocabulary, D width, H heads, E width of a head, X = H * E

    inputs   tokens_BS, positions_BS  int64
             mask_B1ST                bool, T = P + S; True where a token may look
             parents_B                int64, the row of the cache that each row goes on from
             wanted_K                 int64, indices into N: where predictions are asked for
             n_top                    int64 [1], C
             past.{i}.key, .value     float32 [R, H, P, E]
    outputs  logprobs_KV              natural logarithms
             top_logprobs_KC, top_ids_KC   the C best of each, best first
             present.{i}.key, .value  float32 [B, H, P + S, E]
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data

from prompt_gen.errors import UsageError

OPSET = 23
_DTYPES = {"F32": TensorProto.FLOAT}


def export(model_directory: Path, vocab_hash: str) -> bytes:
    """The graph of a stock model directory, to be written beside its `model.safetensors`.

    Raises:
        UsageError: an architecture that has no graph.
    """
    config = json.loads((model_directory / "config.json").read_text("utf-8"))
    blocks = {"qwen3": _RotaryBlocks, "llama": _RotaryBlocks, "gpt2": _Gpt2Blocks}
    if config["model_type"] not in blocks:
        raise UsageError(
            f"no ONNX graph for the architecture '{config['model_type']}'",
            "Known: " + ", ".join(sorted(blocks)),
        )
    graph = _Graph(model_directory / "model.safetensors")
    return blocks[config["model_type"]](graph, config).assemble(vocab_hash)


class _Graph:
    """Nodes and constants as they are added; every method returns the name of its output."""

    def __init__(self, weights: Path) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._referred: set[str] = set()
        with weights.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            self._stored = json.loads(file.read(length))
        self._data_start = 8 + length
        self._file = weights.name
        self.names = set(self._stored)

    def op(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """A node; its output's name, or a list of names when there are several."""
        outputs = [f"{kind}_{len(self.nodes)}_{i}" for i in range(n_outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **attributes))
        return outputs[0] if n_outputs == 1 else outputs

    def weight(self, name: str) -> str:
        """A tensor of the safetensors file, by reference."""
        if name not in self._referred:
            entry = self._stored[name]
            kind = _DTYPES[entry["dtype"]]
            tensor = TensorProto(name=name, data_type=kind, dims=entry["shape"])
            tensor.raw_data = b""
            start, end = entry["data_offsets"]
            set_external_data(
                tensor, self._file, offset=self._data_start + start, length=end - start
            )
            tensor.ClearField("raw_data")
            self.constants.append(tensor)
            self._referred.add(name)
        return name

    def constant(self, values: Any, dtype: type) -> str:
        """A small tensor kept in the graph."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(values, dtype), name))
        return name


class _Blocks:
    """What all architectures share: cache, heads, the end; subclasses say what a block does."""

    def __init__(self, graph: _Graph, config: dict[str, Any]) -> None:
        self.g = graph
        self.config = config
        self.inputs = [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, ["B", "S"]),
            helper.make_tensor_value_info("positions", TensorProto.INT64, ["B", "S"]),
            helper.make_tensor_value_info("mask", TensorProto.BOOL, ["B", 1, "S", "T"]),
            helper.make_tensor_value_info("parents", TensorProto.INT64, ["B"]),
            helper.make_tensor_value_info("wanted", TensorProto.INT64, ["K"]),
            helper.make_tensor_value_info("n_top", TensorProto.INT64, [1]),
        ]
        self.outputs: list[onnx.ValueInfoProto] = []
        self.n_layers: int
        self.n_heads: int
        self.n_kv_heads: int
        self.head_width: int

    def assemble(self, vocab_hash: str) -> bytes:
        """The serialized graph."""
        g = self.g
        self.rows_shape = g.op("Shape", "tokens")
        x_ND = self.embed(g.op("Reshape", "tokens", g.constant([-1], np.int64)))
        for layer in range(self.n_layers):
            x_ND = self.block(layer, x_ND)
        x_KD = self.last_norm(g.op("Gather", x_ND, "wanted", axis=0))
        logits_KV = g.op("Gemm", x_KD, self.head(), transB=1)
        g.nodes.append(helper.make_node("LogSoftmax", [logits_KV], ["logprobs"], axis=-1))
        g.nodes.append(
            helper.make_node("TopK", ["logprobs", "n_top"], ["top_logprobs", "top_ids"], axis=-1)
        )
        ends = [
            helper.make_tensor_value_info("logprobs", TensorProto.FLOAT, ["K", "V"]),
            helper.make_tensor_value_info("top_logprobs", TensorProto.FLOAT, ["K", "C"]),
            helper.make_tensor_value_info("top_ids", TensorProto.INT64, ["K", "C"]),
        ]
        model = helper.make_model(
            helper.make_graph(
                g.nodes, "prompt-gen", self.inputs, ends + self.outputs, initializer=g.constants
            ),
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="prompt-gen",
        )
        model.ir_version = 10
        facts = {
            "vocab_hash": vocab_hash,
            "layers": self.n_layers,
            "kv_heads": self.n_kv_heads,
            "head_width": self.head_width,
            "context": self.config.get("max_position_embeddings", self.config.get("n_positions")),
        }
        helper.set_model_props(model, {name: str(value) for name, value in facts.items()})
        return model.SerializeToString()

    def attend(self, layer: int, q_BSX: str, k_BSX: str, v_BSX: str) -> str:
        """Attention over cache and new tokens; returns [N, H * E]."""
        g = self.g
        pasts = []
        for what in ("key", "value"):
            shape = ["R", self.n_kv_heads, "P", self.head_width]
            name = f"past.{layer}.{what}"
            self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
            pasts.append(g.op("Gather", name, "parents", axis=0))
        presents = [f"present.{layer}.{what}" for what in ("key", "value")]
        shape = ["B", self.n_kv_heads, "T", self.head_width]
        for name in presents:
            self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        y_BSX = f"attention_{layer}"
        g.nodes.append(
            helper.make_node(
                "Attention",
                [q_BSX, k_BSX, v_BSX, "mask", *pasts],
                [y_BSX, *presents],
                scale=self.head_width**-0.5,
                q_num_heads=self.n_heads,
                kv_num_heads=self.n_kv_heads,
            )
        )
        width = self.n_heads * self.head_width
        return g.op("Reshape", y_BSX, g.constant([-1, width], np.int64))

    def in_rows(self, x: str, *tail: int) -> str:
        """[N, ...] to [B, S, *tail]."""
        g = self.g
        shape = g.op("Concat", self.rows_shape, g.constant(tail, np.int64), axis=0)
        return g.op("Reshape", x, shape)

    def embed(self, tokens_N: str) -> str:
        raise NotImplementedError

    def block(self, layer: int, x_ND: str) -> str:
        raise NotImplementedError

    def last_norm(self, x_KD: str) -> str:
        raise NotImplementedError

    def head(self) -> str:
        raise NotImplementedError


class _RotaryBlocks(_Blocks):
    """Qwen3 and Llama: they differ in the norms of queries and keys alone."""

    def __init__(self, graph: _Graph, config: dict[str, Any]) -> None:
        super().__init__(graph, config)
        self.n_layers = config["num_hidden_layers"]
        self.n_heads = config["num_attention_heads"]
        self.n_kv_heads = config["num_key_value_heads"]
        self.head_width = config.get("head_dim") or config["hidden_size"] // self.n_heads
        half = self.head_width // 2
        base = config["rope_parameters"]["rope_theta"]
        frequencies = base ** (-np.arange(half) / half)
        angles = np.arange(config["max_position_embeddings"])[:, None] * frequencies[None, :]
        self.cos = graph.constant(np.cos(angles), np.float32)
        self.sin = graph.constant(np.sin(angles), np.float32)

    def norm(self, x: str, name: str) -> str:
        weight = self.g.weight(name)
        return self.g.op("RMSNormalization", x, weight, epsilon=self.config["rms_norm_eps"])

    def project(self, x_ND: str, name: str) -> str:
        return self.g.op("Gemm", x_ND, self.g.weight(name), transB=1)

    def embed(self, tokens_N: str) -> str:
        return self.g.op("Gather", self.g.weight("model.embed_tokens.weight"), tokens_N, axis=0)

    def block(self, layer: int, x_ND: str) -> str:
        g, at = self.g, f"model.layers.{layer}"
        h_ND = self.norm(x_ND, f"{at}.input_layernorm.weight")
        q_BSX = self.rotated(h_ND, f"{at}.self_attn", "q", self.n_heads)
        k_BSX = self.rotated(h_ND, f"{at}.self_attn", "k", self.n_kv_heads)
        v_ND = self.project(h_ND, f"{at}.self_attn.v_proj.weight")
        v_BSX = self.in_rows(v_ND, self.n_kv_heads * self.head_width)
        y_ND = self.attend(layer, q_BSX, k_BSX, v_BSX)
        x_ND = g.op("Add", x_ND, self.project(y_ND, f"{at}.self_attn.o_proj.weight"))
        h_ND = self.norm(x_ND, f"{at}.post_attention_layernorm.weight")
        gate = self.project(h_ND, f"{at}.mlp.gate_proj.weight")
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        up = self.project(h_ND, f"{at}.mlp.up_proj.weight")
        down = self.project(g.op("Mul", gate, up), f"{at}.mlp.down_proj.weight")
        return g.op("Add", x_ND, down)

    def rotated(self, h_ND: str, at: str, which: str, n_heads: int) -> str:
        g, x = self.g, self.project(h_ND, f"{at}.{which}_proj.weight")
        if f"{at}.{which}_norm.weight" in g.names:  # over each head by itself
            x = g.op("Reshape", x, g.constant([-1, n_heads, self.head_width], np.int64))
            x = self.norm(x, f"{at}.{which}_norm.weight")
        x_BSX = self.in_rows(x, n_heads * self.head_width)
        return g.op("RotaryEmbedding", x_BSX, self.cos, self.sin, "positions", num_heads=n_heads)

    def last_norm(self, x_KD: str) -> str:
        return self.norm(x_KD, "model.norm.weight")

    def head(self) -> str:
        tied = self.config["tie_word_embeddings"]
        return self.g.weight("model.embed_tokens.weight" if tied else "lm_head.weight")


class _Gpt2Blocks(_Blocks):
    """GPT-2: learned positions, LayerNorm, projections stored as [in, out]."""

    def __init__(self, graph: _Graph, config: dict[str, Any]) -> None:
        super().__init__(graph, config)
        self.n_layers, self.n_heads = config["n_layer"], config["n_head"]
        self.n_kv_heads = self.n_heads
        self.head_width = config["n_embd"] // self.n_heads

    def norm(self, x: str, name: str) -> str:
        scale, shift = self.g.weight(f"{name}.weight"), self.g.weight(f"{name}.bias")
        epsilon = self.config["layer_norm_epsilon"]
        return self.g.op("LayerNormalization", x, scale, shift, epsilon=epsilon)

    def project(self, x_ND: str, name: str) -> str:
        return self.g.op(
            "Gemm", x_ND, self.g.weight(f"{name}.weight"), self.g.weight(f"{name}.bias")
        )

    def embed(self, tokens_N: str) -> str:
        g = self.g
        x_ND = g.op("Gather", g.weight("transformer.wte.weight"), tokens_N, axis=0)
        positions_N = g.op("Reshape", "positions", g.constant([-1], np.int64))
        at_ND = g.op("Gather", g.weight("transformer.wpe.weight"), positions_N, axis=0)
        return g.op("Add", x_ND, at_ND)

    def block(self, layer: int, x_ND: str) -> str:
        g, at = self.g, f"transformer.h.{layer}"
        qkv = self.project(self.norm(x_ND, f"{at}.ln_1"), f"{at}.attn.c_attn")
        parts = g.op("Split", qkv, axis=1, num_outputs=3, n_outputs=3)
        q, k, v = (self.in_rows(part, self.n_heads * self.head_width) for part in parts)
        y_ND = self.attend(layer, q, k, v)
        x_ND = g.op("Add", x_ND, self.project(y_ND, f"{at}.attn.c_proj"))
        inner = self.project(self.norm(x_ND, f"{at}.ln_2"), f"{at}.mlp.c_fc")
        inner = g.op("Gelu", inner, approximate="tanh")
        return g.op("Add", x_ND, self.project(inner, f"{at}.mlp.c_proj"))

    def last_norm(self, x_KD: str) -> str:
        return self.norm(x_KD, "transformer.ln_f")

    def head(self) -> str:
        return self.g.weight("transformer.wte.weight")
