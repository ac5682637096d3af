"""A stock model directory to an ONNX graph that reads nodes of a tree of tokens.

Weights in float32 are not held by the graph: it points into `model.safetensors` beside it, so there
is one copy of them and the two cannot drift apart, and all operators are standard ones (opset 23).
Matrices in fewer bits are held by the graph, and multiplied by onnxruntime's own operators
(`weights.py`). A graph that is made `whole` holds all of them, for places with one file only.

What is kept of every token, its keys and values of all layers, is one row of a pool that belongs to
the caller. A pass names the rows that it looks at and gives back the rows of its new tokens: the
new tokens may be of any branches, and nothing is copied when they grow.

    T new tokens, P rows of the pool that they look at, A = P + T, N rows of the pool
    K wanted positions, V vocabulary, X numbers of all queries, Y of all keys of a token
    W numbers of a row of the pool: keys and values of each layer, Y each

    inputs   tokens_T        int64
             positions_T1    int64
             slots_P         int64, rows of the pool
             mask_TA         bool; True where a token may look: rows of the pool, then new tokens
             wanted_K        int64, indices into T: where predictions are asked for
             pool_NW         float32
    outputs  probs_KV        float32, of the next token, or of labels if the head is one of them
             kept_TW         float32, rows for the pool
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto

from prompt_gen.graph import blocks
from prompt_gen.graph.weights import LookUp, Multiply, exact_rows, float32

_INPUTS = {
    "tokens": (TensorProto.INT64, ["T"]),
    "positions": (TensorProto.INT64, ["T", 1]),
    "slots": (TensorProto.INT64, ["P"]),
    "mask": (TensorProto.BOOL, ["T", "A"]),
    "wanted": (TensorProto.INT64, ["K"]),
}


def export(
    model_directory: Path,
    vocab_hash: str,
    multiply: Multiply = float32,
    *,
    whole: bool = False,
    look_up: LookUp = exact_rows,
) -> bytes:
    """The graph of a stock model directory, to be written beside its `model.safetensors`.

    `multiply` says how its matrices are kept and multiplied, `look_up` how embeddings are.

    Raises:
        UsageError: an architecture that has no graph.
    """
    model = blocks.begin(model_directory, multiply, whole=whole, look_up=look_up)
    g, pool = model.g, _Pool(model)
    x_TD = model.read("tokens", "positions", pool.attend)
    logits_KV = model.predict(g.op("Gather", x_TD, "wanted", axis=0))
    if model.has_one_label:
        g.named("probs", "Sigmoid", logits_KV)
    else:
        g.named("probs", "Softmax", logits_KV, axis=-1)
    g.named("kept", "Concat", *pool.kept, axis=1)
    facts = {"vocab_hash": vocab_hash, "width": pool.width, "context": model.context}
    return g.assemble(
        _INPUTS | {"pool": (TensorProto.FLOAT, ["N", pool.width])},
        {
            "probs": (TensorProto.FLOAT, ["K", "V"]),
            "kept": (TensorProto.FLOAT, ["T", pool.width]),
        },
        facts,
    )


class _Pool:
    """Attention over rows of the pool and new tokens."""

    def __init__(self, model: blocks.Blocks) -> None:
        self._model = model
        n_parts = 2 * model.n_layers
        self.width = n_parts * model.n_kv_heads * model.head_width
        self.kept: list[str] = []  # keys and values of the new tokens, by layer
        before_PW = model.g.op("Gather", "pool", "slots", axis=0)
        self._before = model.g.op(
            "Split", before_PW, axis=1, num_outputs=n_parts, n_outputs=n_parts
        )

    def attend(self, layer: int, q_TX: str, k_TY: str, v_TY: str) -> str:
        """What each new token takes from where it may look, [T, X]."""
        model, g = self._model, self._model.g
        self.kept += [k_TY, v_TY]
        before = self._before[2 * layer : 2 * layer + 2]
        all_1AY = [
            self._one_row(g.op("Concat", old, new, axis=0))
            for old, new in zip(before, (k_TY, v_TY), strict=True)
        ]
        y_1TX = g.op(
            "Attention",
            self._one_row(q_TX),
            *all_1AY,
            "mask",
            scale=model.head_width**-0.5,
            q_num_heads=model.n_heads,
            kv_num_heads=model.n_kv_heads,
        )
        return g.op("Squeeze", y_1TX, g.constant([0], np.int64))

    def _one_row(self, x: str) -> str:
        """[T, ...] to [1, T, ...]."""
        g = self._model.g
        return g.op("Unsqueeze", x, g.constant([0], np.int64))
