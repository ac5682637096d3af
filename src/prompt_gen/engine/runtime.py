"""The model's graph in onnxruntime: rows of new tokens over a cache of older ones.

B rows, S new tokens in a row, P tokens in the cache, K wanted positions, V vocabulary
"""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort

from prompt_gen.bundle import Bundle
from prompt_gen.errors import Damaged, Mismatch

_FULL = ["logprobs"]
_TOP = ["top_logprobs", "top_ids"]


@dataclass(frozen=True)
class Cache:
    """Keys and values of all layers for some rows, and which tokens of each row are real."""

    tensors: list[np.ndarray]
    real_RP: np.ndarray  # bool
    n_tokens_R: np.ndarray  # real tokens in each row: the position of the next one


class Graph:
    """A loaded graph, as a language model (see `language_model`).

    Raises:
        Mismatch: the graph was made for another vocabulary than the bundle's.
        Damaged: onnxruntime cannot load it.
    """

    def __init__(self, bundle: Bundle, n_threads: int = 0) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = n_threads or min(2, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(bundle.graph), options, providers=["CPUExecutionProvider"]
            )
            facts = self._session.get_modelmeta().custom_metadata_map
            vocab_hash, self.context = facts["vocab_hash"], int(facts["context"])
            self._n_layers = int(facts["layers"])
            self._empty_shape = (1, int(facts["kv_heads"]), 0, int(facts["head_width"]))
        except Exception as error:  # onnxruntime has one of its own for every status
            raise Damaged(
                f"'{bundle.graph}' cannot be loaded: {error}", "Train it again"
            ) from error
        if vocab_hash != bundle.tokenizer.hash:
            raise Mismatch(
                f"the graph was made for vocabulary {vocab_hash[:12]}, "
                f"the bundle's is {bundle.tokenizer.hash[:12]}",
                "Train it again",
            )
        names = [f"{i}.{what}" for i in range(self._n_layers) for what in ("key", "value")]
        self._past_names = [f"past.{name}" for name in names]
        self._present_names = [f"present.{name}" for name in names]
        self.n_passes = 0

    def empty_cache(self) -> Cache:
        """One row that has seen nothing."""
        nothing = np.zeros(self._empty_shape, np.float32)
        tensors = [nothing] * len(self._past_names)
        return Cache(tensors, np.zeros((1, 0), bool), np.zeros(1, np.int64))

    def full(
        self, tokens_BS: np.ndarray, lengths_B: np.ndarray, cache: Cache, parents_B: np.ndarray
    ) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [N, V] behind every real new token, row by row, and the new cache.

        `lengths_B` says how many tokens of each row are real; the rest of a row is padding.
        """
        real_BS = np.arange(tokens_BS.shape[1])[None, :] < lengths_B[:, None]
        wanted = np.flatnonzero(real_BS)
        outputs, cache = self._forward(_FULL, tokens_BS, real_BS, wanted, cache, parents_B)
        return outputs[0], cache

    def read(self, tokens_S: np.ndarray, cache: Cache) -> tuple[np.ndarray, Cache]:
        """Log-probabilities [V] behind the last of one row's new tokens, and the new cache."""
        real_1S = np.ones((1, len(tokens_S)), bool)
        wanted, parents = np.array([len(tokens_S) - 1]), np.zeros(1, np.int64)
        outputs, cache = self._forward(_FULL, tokens_S[None], real_1S, wanted, cache, parents)
        return outputs[0][0], cache

    def next(
        self, tokens_B: np.ndarray, cache: Cache, parents_B: np.ndarray, n_top: int
    ) -> tuple[np.ndarray, np.ndarray, Cache]:
        """One new token per row: its best log-probabilities [B, C], their ids, the new cache."""
        tokens_B1 = tokens_B[:, None]
        real_B1 = np.ones_like(tokens_B1, bool)
        wanted = np.arange(len(tokens_B))
        (logprobs, ids), cache = self._forward(
            _TOP, tokens_B1, real_B1, wanted, cache, parents_B, n_top
        )
        return logprobs, ids, cache

    def _forward(
        self,
        outputs: list[str],
        tokens_BS: np.ndarray,
        real_BS: np.ndarray,
        wanted_K: np.ndarray,
        cache: Cache,
        parents_B: np.ndarray,
        n_top: int = 0,
    ) -> tuple[list[np.ndarray], Cache]:
        n_new = tokens_BS.shape[1]
        real_BT = np.concatenate([cache.real_RP[parents_B], real_BS], axis=1)
        mask_B1ST = real_BT[:, None, None, :]
        if n_new > 1:
            n_all = real_BT.shape[1]
            mask_B1ST = mask_B1ST & np.tri(n_new, n_all, n_all - n_new, dtype=bool)
        n_tokens_B = cache.n_tokens_R[parents_B]
        positions_BS = n_tokens_B[:, None] + np.arange(n_new)
        feed = {
            "tokens": tokens_BS,
            "positions": np.minimum(positions_BS, self.context - 1),
            "mask": mask_B1ST,
            "parents": parents_B,
            "wanted": wanted_K,
            "n_top": np.array([n_top]),
        }
        feed |= zip(self._past_names, cache.tensors, strict=True)
        answers: list[Any] = [*self._session.run(outputs + self._present_names, feed)]
        self.n_passes += 1
        n_tokens_B = n_tokens_B + real_BS.sum(axis=1)
        n_outputs = len(outputs)
        return answers[:n_outputs], Cache(answers[n_outputs:], real_BT, n_tokens_B)
