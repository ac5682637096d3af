"""The model's graph in onnxruntime, and the pool of what it keeps of the tokens it has read.

T tokens that are read, K of them wanted, P rows of the pool that they look at, A = P + T
N rows of the pool, W numbers of a row, V vocabulary
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort

from prompt_gen.bundle import Bundle
from prompt_gen.engine.language_model import Before
from prompt_gen.errors import Damaged, Mismatch

_FIRST_ROWS = 256
_NO_SLOTS = np.zeros(0, np.int64)


class Pool:
    """Keys and values of tokens, a row each. A row is free again when nobody holds it."""

    def __init__(self, width: int) -> None:
        self.rows_NW = np.zeros((_FIRST_ROWS, width), np.float32)
        self._free = list(range(_FIRST_ROWS))

    @property
    def n_held(self) -> int:
        """Rows that somebody holds."""
        return len(self.rows_NW) - len(self._free)

    def keep(self, rows_TW: np.ndarray) -> list[int]:
        """Copy rows into the pool; their places."""
        if len(self._free) < len(rows_TW):
            self._grow(len(rows_TW))
        slots = [self._free.pop() for _ in rows_TW]
        self.rows_NW[slots] = rows_TW
        return slots

    def give_back(self, slot: int) -> None:
        """A row is no longer needed."""
        self._free.append(slot)

    def _grow(self, n_more: int) -> None:
        n = len(self.rows_NW)
        n_new = max(n, n_more)
        self.rows_NW = np.concatenate(
            [self.rows_NW, np.zeros((n_new, self.rows_NW.shape[1]), np.float32)]
        )
        self._free.extend(range(n, n + n_new))


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A token that was read: it holds its row, and those of the tokens before it."""

    pool: Pool
    slots: np.ndarray  # int64, from the first token on
    before: "Held | None"

    def __del__(self) -> None:
        self.pool.give_back(int(self.slots[-1]))


def session(bundle: Bundle, n_threads: int) -> tuple[ort.InferenceSession, int, int]:
    """The graph of a bundle, the tokens that it reads at most, and the width of its pool.

    Raises:
        Mismatch: the graph was made for another vocabulary than the bundle's.
        Damaged: onnxruntime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = n_threads or min(2, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        loaded = ort.InferenceSession(
            str(bundle.graph), options, providers=["CPUExecutionProvider"]
        )
        facts = loaded.get_modelmeta().custom_metadata_map
        vocab_hash, context, width = facts["vocab_hash"], int(facts["context"]), int(facts["width"])
    except Exception as error:  # onnxruntime has one of its own for every status
        raise Damaged(f"'{bundle.graph}' cannot be loaded: {error}", "Train it again") from error
    if vocab_hash != bundle.tokenizer.hash:
        raise Mismatch(
            f"the graph was made for vocabulary {vocab_hash[:12]}, "
            f"the bundle's is {bundle.tokenizer.hash[:12]}",
            "Train it again",
        )
    return loaded, context, width


class Graph:
    """A loaded graph, as a language model (see `language_model`). One pass runs at a time.

    Raises:
        Mismatch, Damaged: see `session`.
    """

    def __init__(self, bundle: Bundle, n_threads: int = 1) -> None:
        self._session, self.context, width = session(bundle, n_threads)
        self._pool = Pool(width)
        self._lock = threading.Lock()
        self.n_passes = 0

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[Held]]:
        """Probabilities [K, V] of what follows the wanted tokens, and the state of every token."""
        slots_P, mask_TA, n_before_T = _looks(before_T)
        with self._lock:
            feed = {
                "tokens": np.array(tokens_T, np.int64),
                "positions": np.minimum(n_before_T, self.context - 1)[:, None],
                "slots": slots_P,
                "mask": mask_TA,
                "wanted": np.array(wanted_K, np.int64),
                "pool": self._pool.rows_NW,
            }
            answers: list[Any] = [*self._session.run(["probs", "kept"], feed)]
            probs_KV, kept_TW = answers
            self.n_passes += 1
            slots_T = self._pool.keep(kept_TW)
        states: list[Held] = []
        for slot, before in zip(slots_T, before_T, strict=True):
            parent = states[before] if isinstance(before, int) else before
            earlier = _NO_SLOTS if parent is None else parent.slots
            states.append(Held(self._pool, np.append(earlier, slot), parent))
        return probs_KV, states


def _looks(before_T: Sequence[Before]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows that tokens look at, where each may look, and how many tokens stand before it."""
    held = {id(before): before for before in before_T if isinstance(before, Held)}
    slots_P = _NO_SLOTS
    if len(held) == 1:
        slots_P = next(iter(held.values())).slots
    elif held:
        slots_P = np.unique(np.concatenate([state.slots for state in held.values()]))
    n_old, n_new = len(slots_P), len(before_T)
    mask_TA = np.zeros((n_new, n_old + n_new), bool)
    n_before_T = np.zeros(n_new, np.int64)
    columns = {
        name: slice(n_old) if len(held) == 1 else slots_P.searchsorted(state.slots)
        for name, state in held.items()
    }
    for at, before in enumerate(before_T):
        if isinstance(before, int):
            mask_TA[at] = mask_TA[before]
            n_before_T[at] = n_before_T[before] + 1
        elif before is not None:
            mask_TA[at, columns[id(before)]] = True
            n_before_T[at] = len(before.slots)
        mask_TA[at, n_old + at] = True
    return slots_P, mask_TA, n_before_T
