"""A stock model directory to an ONNX graph that reads nodes of a tree of tokens.

Weights in float32 are not held by the graph: it points into `model.safetensors` beside it, so there
is one copy of them and the two cannot drift apart, and all operators are standard ones (opset 23).
Matrices in fewer bits are held by the graph, and multiplied by onnxruntime's own operators
(`weights.py`).

What is kept of every token, its keys and values of all layers, is one row of a pool that belongs to
the caller. A pass names the rows that it looks at and gives back the rows of its new tokens: the
new tokens may be of any branches, and nothing is copied when they grow.

    T new tokens, P rows of the pool that they look at, A = P + T, N rows of the pool
    K wanted positions, V vocabulary, D width, H heads, E width of a head, X = H * E
    W numbers of a row of the pool: keys and values of each layer, of G * E each, for G such heads

    inputs   tokens_T        int64
             positions_T1    int64
             slots_P         int64, rows of the pool
             mask_TA         bool; True where a token may look: rows of the pool, then new tokens
             wanted_K        int64, indices into T: where predictions are asked for
             pool_NW         float32
    outputs  probs_KV        float32, of the next token
             kept_TW         float32, rows for the pool
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from prompt_gen.errors import UsageError
from prompt_gen.export.graph import Graph
from prompt_gen.export.weights import Matrix, Multiply, float32

_VERSIONS = {"": 23, "com.microsoft": 1}  # of the sets of operators
_INPUTS = {
    "tokens": (TensorProto.INT64, ["T"]),
    "positions": (TensorProto.INT64, ["T", 1]),
    "slots": (TensorProto.INT64, ["P"]),
    "mask": (TensorProto.BOOL, ["T", "A"]),
    "wanted": (TensorProto.INT64, ["K"]),
    "pool": (TensorProto.FLOAT, ["N", "W"]),
}
_OUTPUTS = {
    "probs": (TensorProto.FLOAT, ["K", "V"]),
    "kept": (TensorProto.FLOAT, ["T", "W"]),
}


def export(model_directory: Path, vocab_hash: str, multiply: Multiply = float32) -> bytes:
    """The graph of a stock model directory, to be written beside its `model.safetensors`.

    `multiply` says how its matrices are kept and multiplied.

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
    graph = Graph(model_directory / "model.safetensors")
    return blocks[config["model_type"]](graph, config, multiply).assemble(vocab_hash)


def _values(
    table: Mapping[str, tuple[int, Sequence[Any]]], width: int
) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, kind, [width if n == "W" else n for n in shape])
        for name, (kind, shape) in table.items()
    ]


class _Blocks:
    """What all architectures share: pool, heads, the end; subclasses say what a block does."""

    def __init__(self, graph: Graph, config: dict[str, Any], multiply: Multiply) -> None:
        self.g = graph
        self.config = config
        self.multiply = multiply
        self.n_layers: int
        self.n_heads: int
        self.n_kv_heads: int
        self.head_width: int
        self._before: list[str] = []  # keys and values that are looked at, by layer
        self._kept: list[str] = []  # those of the new tokens

    def assemble(self, vocab_hash: str) -> bytes:
        """The serialized graph."""
        g = self.g
        n_parts = 2 * self.n_layers
        width = n_parts * self.n_kv_heads * self.head_width
        before_PW = g.op("Gather", "pool", "slots", axis=0)
        self._before = g.op("Split", before_PW, axis=1, num_outputs=n_parts, n_outputs=n_parts)
        x_TD = self.embed("tokens")
        for layer in range(self.n_layers):
            x_TD = self.block(layer, x_TD)
        x_KD = self.last_norm(g.op("Gather", x_TD, "wanted", axis=0))
        logits_KV = self.multiply(g, x_KD, Matrix(self.head()))
        g.nodes.append(helper.make_node("Softmax", [logits_KV], ["probs"], axis=-1))
        g.nodes.append(helper.make_node("Concat", self._kept, ["kept"], axis=1))
        model = helper.make_model(
            helper.make_graph(
                g.nodes,
                "prompt-gen",
                _values(_INPUTS, width),
                _values(_OUTPUTS, width),
                initializer=g.constants,
            ),
            opset_imports=[
                helper.make_opsetid(name, _VERSIONS[name]) for name in sorted(g.domains)
            ],
            producer_name="prompt-gen",
        )
        model.ir_version = 10
        facts = {
            "vocab_hash": vocab_hash,
            "width": width,
            "context": self.config.get("max_position_embeddings", self.config.get("n_positions")),
        }
        helper.set_model_props(model, {name: str(value) for name, value in facts.items()})
        return model.SerializeToString()

    def attend(self, layer: int, q_TX: str, k_TX: str, v_TX: str) -> str:
        """Attention over rows of the pool and new tokens; returns [T, H * E]."""
        g = self.g
        self._kept += [k_TX, v_TX]
        before = self._before[2 * layer : 2 * layer + 2]
        all_1AX = [
            self.one_row(g.op("Concat", old, new, axis=0))
            for old, new in zip(before, (k_TX, v_TX), strict=True)
        ]
        y_1TX = g.op(
            "Attention",
            self.one_row(q_TX),
            *all_1AX,
            "mask",
            scale=self.head_width**-0.5,
            q_num_heads=self.n_heads,
            kv_num_heads=self.n_kv_heads,
        )
        return g.op("Squeeze", y_1TX, g.constant([0], np.int64))

    def one_row(self, x: str) -> str:
        """[T, ...] to [1, T, ...]."""
        return self.g.op("Unsqueeze", x, self.g.constant([0], np.int64))

    def embed(self, tokens_T: str) -> str:
        raise NotImplementedError

    def block(self, layer: int, x_TD: str) -> str:
        raise NotImplementedError

    def last_norm(self, x_KD: str) -> str:
        raise NotImplementedError

    def head(self) -> str:
        """The name of the last matrix, [V, D]."""
        raise NotImplementedError


class _RotaryBlocks(_Blocks):
    """Qwen3 and Llama: they differ in the norms of queries and keys alone."""

    def __init__(self, graph: Graph, config: dict[str, Any], multiply: Multiply) -> None:
        super().__init__(graph, config, multiply)
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

    def project(self, x_TD: str, name: str) -> str:
        return self.multiply(self.g, x_TD, Matrix(name))

    def embed(self, tokens_T: str) -> str:
        return self.g.op("Gather", self.g.weight("model.embed_tokens.weight"), tokens_T, axis=0)

    def block(self, layer: int, x_TD: str) -> str:
        g, at = self.g, f"model.layers.{layer}"
        h_TD = self.norm(x_TD, f"{at}.input_layernorm.weight")
        q_TX = self.rotated(h_TD, f"{at}.self_attn", "q", self.n_heads)
        k_TX = self.rotated(h_TD, f"{at}.self_attn", "k", self.n_kv_heads)
        v_TX = self.project(h_TD, f"{at}.self_attn.v_proj.weight")
        y_TD = self.attend(layer, q_TX, k_TX, v_TX)
        x_TD = g.op("Add", x_TD, self.project(y_TD, f"{at}.self_attn.o_proj.weight"))
        h_TD = self.norm(x_TD, f"{at}.post_attention_layernorm.weight")
        gate = self.project(h_TD, f"{at}.mlp.gate_proj.weight")
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        up = self.project(h_TD, f"{at}.mlp.up_proj.weight")
        down = self.project(g.op("Mul", gate, up), f"{at}.mlp.down_proj.weight")
        return g.op("Add", x_TD, down)

    def rotated(self, h_TD: str, at: str, which: str, n_heads: int) -> str:
        g, x = self.g, self.project(h_TD, f"{at}.{which}_proj.weight")
        if f"{at}.{which}_norm.weight" in g.names:  # over each head by itself
            x = g.op("Reshape", x, g.constant([-1, n_heads, self.head_width], np.int64))
            x = self.norm(x, f"{at}.{which}_norm.weight")
        # Each token is a sequence by itself: none may be longer than the table of positions.
        x = g.op("Reshape", x, g.constant([-1, 1, n_heads * self.head_width], np.int64))
        x = g.op("RotaryEmbedding", x, self.cos, self.sin, "positions", num_heads=n_heads)
        return g.op("Squeeze", x, g.constant([1], np.int64))

    def last_norm(self, x_KD: str) -> str:
        return self.norm(x_KD, "model.norm.weight")

    def head(self) -> str:
        tied = self.config["tie_word_embeddings"]
        return "model.embed_tokens.weight" if tied else "lm_head.weight"


class _Gpt2Blocks(_Blocks):
    """GPT-2: learned positions, LayerNorm, projections stored as [in, out]."""

    def __init__(self, graph: Graph, config: dict[str, Any], multiply: Multiply) -> None:
        super().__init__(graph, config, multiply)
        self.n_layers, self.n_heads = config["n_layer"], config["n_head"]
        self.n_kv_heads = self.n_heads
        self.head_width = config["n_embd"] // self.n_heads

    def norm(self, x: str, name: str) -> str:
        scale, shift = self.g.weight(f"{name}.weight"), self.g.weight(f"{name}.bias")
        epsilon = self.config["layer_norm_epsilon"]
        return self.g.op("LayerNormalization", x, scale, shift, epsilon=epsilon)

    def project(self, x_TD: str, name: str) -> str:
        matrix = Matrix(f"{name}.weight", is_IO=True, bias=f"{name}.bias")
        return self.multiply(self.g, x_TD, matrix)

    def embed(self, tokens_T: str) -> str:
        g = self.g
        x_TD = g.op("Gather", g.weight("transformer.wte.weight"), tokens_T, axis=0)
        positions_T = g.op("Reshape", "positions", g.constant([-1], np.int64))
        at_TD = g.op("Gather", g.weight("transformer.wpe.weight"), positions_T, axis=0)
        return g.op("Add", x_TD, at_TD)

    def block(self, layer: int, x_TD: str) -> str:
        g, at = self.g, f"transformer.h.{layer}"
        qkv = self.project(self.norm(x_TD, f"{at}.ln_1"), f"{at}.attn.c_attn")
        parts = g.op("Split", qkv, axis=1, num_outputs=3, n_outputs=3)
        y_TD = self.attend(layer, *parts)
        x_TD = g.op("Add", x_TD, self.project(y_TD, f"{at}.attn.c_proj"))
        inner = self.project(self.norm(x_TD, f"{at}.ln_2"), f"{at}.mlp.c_fc")
        inner = g.op("Gelu", inner, approximate="tanh")
        return g.op("Add", x_TD, self.project(inner, f"{at}.mlp.c_proj"))

    def last_norm(self, x_KD: str) -> str:
        return self.norm(x_KD, "transformer.ln_f")

    def head(self) -> str:
        return "transformer.wte.weight"
