"""A stock model directory to the ONNX graph that other programs expect of a language model.

Names and shapes are those that Optimum gives a decoder with a cache, so that its
`ORTModelForCausalLM` and transformers.js find what they look for; onnxruntime alone is enough, too.
The graph holds all weights.

    B rows of a batch, S new tokens of each, P tokens before them, A = P + S, V vocabulary
    G heads of keys and values, E width of a head; one pair of them for each layer i

    inputs   input_ids                   int64    [B, S]
             attention_mask              int64    [B, A]; 0 where a row is only filled up
             position_ids                int64    [B, S]; of a row without filling P, P + 1, ...
             past_key_values.i.key       float32  [B, G, P, E]; P is 0 for a new text
             past_key_values.i.value     float32  [B, G, P, E]
    outputs  logits                      float32  [B, S, V]
             present.i.key               float32  [B, G, A, E]
             present.i.value             float32  [B, G, A, E]
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto

from prompt_gen.graph import blocks
from prompt_gen.graph.weights import Multiply, float32

_IDS = {
    "input_ids": ["B", "S"],
    "attention_mask": ["B", "A"],
    "position_ids": ["B", "S"],
}


def export(model_directory: Path, vocab_hash: str, multiply: Multiply = float32) -> bytes:
    """The graph of a stock model directory.

    Raises:
        UsageError: an architecture that has no graph.
    """
    model = blocks.begin(model_directory, multiply, whole=True)
    g, cache = model.g, _Cache(model)
    tokens_T = g.op("Reshape", "input_ids", g.constant([-1], np.int64))
    positions_T1 = g.op("Reshape", "position_ids", g.constant([-1, 1], np.int64))
    logits_TV = model.predict(model.read(tokens_T, positions_T1, cache.attend))
    g.named("logits", "Reshape", logits_TV, cache.rows_of_batch)
    past, present = cache.values()
    inputs: dict[str, tuple[int, list[Any]]] = {
        name: (TensorProto.INT64, shape) for name, shape in _IDS.items()
    }
    outputs: dict[str, tuple[int, list[Any]]] = {
        "logits": (TensorProto.FLOAT, ["B", "S", "V"]),
    }
    facts = {"vocab_hash": vocab_hash, "context": model.context}
    return g.assemble(inputs | past, outputs | present, facts)


class _Cache:
    """Attention over the keys and values of each layer before, and of the new tokens."""

    def __init__(self, model: blocks.Blocks) -> None:
        self._model, g = model, model.g
        size_2 = g.op("Shape", "input_ids")
        self.rows_of_batch = g.op("Concat", size_2, g.constant([-1], np.int64), axis=0)
        self._mask = self._looks()
        self._tokens = g.constant([-1, model.n_heads * model.head_width], np.int64)

    def _looks(self) -> str:
        """mask_B1SA: a token looks at those of its row up to itself that are no filling.

        A token that is filling looks at itself alone: of no tokens there would be no mean.
        """
        g = self._model.g
        zero, one = g.constant(0, np.int64), g.constant(1, np.int64)
        n_all = g.op("Gather", g.op("Shape", "attention_mask"), one, axis=0)
        n_new = g.op("Gather", g.op("Shape", "input_ids"), one, axis=0)
        looked_A = g.op("Range", zero, n_all, one)
        looking_S = g.op("Range", g.op("Sub", n_all, n_new), n_all, one)
        looking_S1 = g.op("Unsqueeze", looking_S, g.constant([1], np.int64))
        is_before_SA = g.op("LessOrEqual", looked_A, looking_S1)
        is_itself_SA = g.op("Equal", looked_A, looking_S1)
        is_text_BA = g.op("Cast", "attention_mask", to=TensorProto.BOOL)
        is_text_B11A = g.op("Unsqueeze", is_text_BA, g.constant([1, 2], np.int64))
        return g.op("Or", g.op("And", is_text_B11A, is_before_SA), is_itself_SA)

    def attend(self, layer: int, q_TX: str, k_TY: str, v_TY: str) -> str:
        """What each new token takes from where it may look, [T, X]."""
        model, g = self._model, self._model.g
        rows = [g.op("Reshape", x, self.rows_of_batch) for x in (q_TX, k_TY, v_TY)]
        y_BSX = f"attended_{layer}"
        g.several(
            [y_BSX, f"present.{layer}.key", f"present.{layer}.value"],
            "Attention",
            *rows,
            self._mask,
            f"past_key_values.{layer}.key",
            f"past_key_values.{layer}.value",
            scale=model.head_width**-0.5,
            q_num_heads=model.n_heads,
            kv_num_heads=model.n_kv_heads,
        )
        return g.op("Reshape", y_BSX, self._tokens)

    def values(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Types and shapes of the caches before and after."""
        model = self._model

        def of(what: str, n_tokens: str) -> dict[str, Any]:
            shape = ["B", model.n_kv_heads, n_tokens, model.head_width]
            return {
                f"{what}.{layer}.{half}": (TensorProto.FLOAT, shape)
                for layer in range(model.n_layers)
                for half in ("key", "value")
            }

        return of("past_key_values", "P"), of("present", "A")
