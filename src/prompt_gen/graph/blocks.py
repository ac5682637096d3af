"""What the blocks of each architecture do; how tokens look at each other is the caller's.

T tokens, D width, H heads, E width of a head, G heads of keys and values
X = H * E, Y = G * E; O and I: outputs and inputs of a matrix
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.errors import UsageError
from prompt_gen.graph.nodes import Graph
from prompt_gen.graph.weights import LookUp, Matrix, Multiply, exact_rows, float32

Attend = Callable[[int, str, str, str], str]  # layer, q_TX, k_TY, v_TY to y_TX


class Blocks:
    """What all architectures share; subclasses say what a block does."""

    def __init__(
        self, graph: Graph, config: dict[str, Any], multiply: Multiply, look_up: LookUp
    ) -> None:
        self.g = graph
        self.config = config
        self.multiply, self.look_up = multiply, look_up
        self.n_layers: int
        self.n_heads: int
        self.n_kv_heads: int
        self.head_width: int

    @property
    def context(self) -> int:
        """Tokens that a row may have."""
        return self.config.get("max_position_embeddings") or self.config["n_positions"]

    @property
    def has_one_label(self) -> bool:
        """Whether the head says one number, how likely something is, in place of a choice."""
        return "score.weight" in self.g.names and len(self.config["id2label"]) == 1

    def read(self, tokens_T: str, positions_T1: str, attend: Attend) -> str:
        """x_TD behind the last block."""
        x_TD = self.embed(tokens_T, positions_T1)
        for layer in range(self.n_layers):
            x_TD = self.block(layer, x_TD, positions_T1, attend)
        return x_TD

    def predict(self, x_TD: str) -> str:
        """Logits, [T, V]: of tokens, or of labels (few, and kept as they are)."""
        h_TD = self.last_norm(x_TD)
        for name in ("score", "classifier"):
            if f"{name}.weight" in self.g.names:
                bias = f"{name}.bias" if f"{name}.bias" in self.g.names else ""
                return float32(self.g, h_TD, Matrix(f"{name}.weight", bias=bias))
        return self.multiply(self.g, h_TD, Matrix(self.head()))

    def embed(self, tokens_T: str, positions_T1: str) -> str:
        """x_TD in front of the first block."""
        raise NotImplementedError

    def block(self, layer: int, x_TD: str, positions_T1: str, attend: Attend) -> str:
        """x_TD behind a block."""
        raise NotImplementedError

    def last_norm(self, x_TD: str) -> str:
        """What the last matrix is multiplied with."""
        raise NotImplementedError

    def head(self) -> str:
        """The name of the last matrix, [V, D]."""
        raise NotImplementedError


class _RotaryBlocks(Blocks):
    """Qwen3 and Llama: they differ in the norms of queries and keys alone."""

    def __init__(
        self, graph: Graph, config: dict[str, Any], multiply: Multiply, look_up: LookUp
    ) -> None:
        super().__init__(graph, config, multiply, look_up)
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

    def embed(self, tokens_T: str, positions_T1: str) -> str:
        return self.look_up(self.g, "model.embed_tokens.weight", tokens_T)

    def block(self, layer: int, x_TD: str, positions_T1: str, attend: Attend) -> str:
        g, at = self.g, f"model.layers.{layer}"
        h_TD = self.norm(x_TD, f"{at}.input_layernorm.weight")
        q_TX = self.rotated(h_TD, positions_T1, f"{at}.self_attn", "q", self.n_heads)
        k_TY = self.rotated(h_TD, positions_T1, f"{at}.self_attn", "k", self.n_kv_heads)
        v_TY = self.project(h_TD, f"{at}.self_attn.v_proj.weight")
        y_TX = attend(layer, q_TX, k_TY, v_TY)
        x_TD = g.op("Add", x_TD, self.project(y_TX, f"{at}.self_attn.o_proj.weight"))
        h_TD = self.norm(x_TD, f"{at}.post_attention_layernorm.weight")
        gate = self.project(h_TD, f"{at}.mlp.gate_proj.weight")
        gate = g.op("Mul", gate, g.op("Sigmoid", gate))
        up = self.project(h_TD, f"{at}.mlp.up_proj.weight")
        down = self.project(g.op("Mul", gate, up), f"{at}.mlp.down_proj.weight")
        return g.op("Add", x_TD, down)

    def rotated(self, h_TD: str, positions_T1: str, at: str, which: str, n_heads: int) -> str:
        g, x = self.g, self.project(h_TD, f"{at}.{which}_proj.weight")
        if f"{at}.{which}_norm.weight" in g.names:  # over each head by itself
            x = g.op("Reshape", x, g.constant([-1, n_heads, self.head_width], np.int64))
            x = self.norm(x, f"{at}.{which}_norm.weight")
        # Each token is a sequence by itself: none may be longer than the table of positions.
        x = g.op("Reshape", x, g.constant([-1, 1, n_heads * self.head_width], np.int64))
        x = g.op("RotaryEmbedding", x, self.cos, self.sin, positions_T1, num_heads=n_heads)
        return g.op("Squeeze", x, g.constant([1], np.int64))

    def last_norm(self, x_TD: str) -> str:
        return self.norm(x_TD, "model.norm.weight")

    def head(self) -> str:
        tied = self.config["tie_word_embeddings"]
        return "model.embed_tokens.weight" if tied else "lm_head.weight"


class _Gpt2Blocks(Blocks):
    """GPT-2: learned positions, LayerNorm, projections stored as [in, out]."""

    def __init__(
        self, graph: Graph, config: dict[str, Any], multiply: Multiply, look_up: LookUp
    ) -> None:
        super().__init__(graph, config, multiply, look_up)
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

    def embed(self, tokens_T: str, positions_T1: str) -> str:
        g = self.g
        x_TD = self.look_up(g, "transformer.wte.weight", tokens_T)
        positions_T = g.op("Reshape", positions_T1, g.constant([-1], np.int64))
        at_TD = g.op("Gather", g.weight("transformer.wpe.weight"), positions_T, axis=0)
        return g.op("Add", x_TD, at_TD)

    def block(self, layer: int, x_TD: str, positions_T1: str, attend: Attend) -> str:
        g, at = self.g, f"transformer.h.{layer}"
        qkv = self.project(self.norm(x_TD, f"{at}.ln_1"), f"{at}.attn.c_attn")
        q_TX, k_TX, v_TX = g.op("Split", qkv, axis=1, num_outputs=3, n_outputs=3)
        y_TX = attend(layer, q_TX, k_TX, v_TX)
        x_TD = g.op("Add", x_TD, self.project(y_TX, f"{at}.attn.c_proj"))
        inner = self.project(self.norm(x_TD, f"{at}.ln_2"), f"{at}.mlp.c_fc")
        inner = g.op("Gelu", inner, approximate="tanh")
        return g.op("Add", x_TD, self.project(inner, f"{at}.mlp.c_proj"))

    def last_norm(self, x_TD: str) -> str:
        return self.norm(x_TD, "transformer.ln_f")

    def head(self) -> str:
        return "transformer.wte.weight"


_BLOCKS = {"qwen3": _RotaryBlocks, "llama": _RotaryBlocks, "gpt2": _Gpt2Blocks}


def begin(
    model_directory: Path,
    multiply: Multiply,
    *,
    whole: bool = False,
    look_up: LookUp = exact_rows,
) -> Blocks:
    """The blocks of a stock model directory, on an empty graph; see `Graph` for `whole`.

    Raises:
        UsageError: an architecture that has no graph.
    """
    config = json.loads((model_directory / "config.json").read_text("utf-8"))
    check(config)
    graph = Graph(model_directory / "model.safetensors", whole=whole)
    return _BLOCKS[config["model_type"]](graph, config, multiply, look_up)


def check(config: dict[str, Any]) -> None:
    """Refuse the config of an architecture that has no graph.

    Raises:
        UsageError: says which have one.
    """
    if config["model_type"] not in _BLOCKS:
        raise UsageError(
            f"no ONNX graph for the architecture '{config['model_type']}'",
            "Known: " + ", ".join(sorted(_BLOCKS)),
        )
