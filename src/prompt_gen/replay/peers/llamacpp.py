"""llama.cpp by its C interface, Q8_0: alternatives, and samples, all of a list in each pass.

Of what was typed only the tokens are read that are not those of the text before it, as its server
does; there is no beam search in it.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from prompt_gen.errors import PromptGenError
from prompt_gen.export import gguf
from prompt_gen.replay.peers import Way, context

NEEDS = ("llama_cpp", "gguf")

Choose = Callable[[np.ndarray], np.ndarray]  # logits [rows, V] to a token for each row
_MOST = 20  # continuations


def ways(stock: Path, threads: int) -> dict[str, Way]:
    """The most probable first tokens, each gone on with greedily; and samples."""
    loaded, rng = Loaded(stock, threads), np.random.default_rng(0)

    def sampled(logits: np.ndarray) -> np.ndarray:
        until = np.cumsum(np.exp(logits - logits.max(axis=1, keepdims=True)), axis=1)
        drawn = rng.random((len(logits), 1), np.float32) * until[:, -1:]
        return np.minimum((until <= drawn).sum(axis=1), logits.shape[1] - 1)

    def samples(typed: str, n: int, n_tokens: int) -> list[str]:
        return loaded.generate(typed, n_tokens, lambda row: sampled(row.repeat(n, 0)), sampled)

    return {"alternatives": loaded.alternatives, "samples": samples}


def _greedy(logits: np.ndarray) -> np.ndarray:
    return logits.argmax(axis=1)


class Loaded:
    """A context with room for a text and its continuations, which share the cells of the text."""

    def __init__(self, stock: Path, threads: int, kind: str = "Q8_0") -> None:
        import tokenizers

        llama_cpp: Any = import_module("llama_cpp")  # checks pass where it is not installed
        self._llama = llama_cpp
        self._quiet = llama_cpp.llama_log_callback(lambda *_: None)
        llama_cpp.llama_log_set(self._quiet, None)
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(stock / "tokenizer.json"))
        self._end = self._tokenizer.token_to_id("<|eos|>")
        self._context = context(stock)
        with TemporaryDirectory() as directory:
            gguf.write(stock, Path(directory) / "model.gguf", kind)
            self._model = llama_cpp.llama_model_load_from_file(
                str(Path(directory) / "model.gguf").encode(), self._of_model()
            )
        self._ctx: Any = llama_cpp.llama_init_from_model(
            self._model, self._of_context(threads, kind)
        )
        self._cells = llama_cpp.llama_get_memory(self._ctx)
        self._batch: Any = llama_cpp.llama_batch_init(self._context, 0, 1)
        self._n_vocab = self._tokenizer.get_vocab_size()
        self._read: list[int] = []  # tokens whose cells are there

    def _of_model(self) -> Any:
        settings = self._llama.llama_model_default_params()
        settings.n_gpu_layers = 0
        return settings

    def _of_context(self, threads: int, kind: str) -> Any:
        settings = self._llama.llama_context_default_params()
        settings.n_ctx = (_MOST + 1) * self._context
        settings.n_batch = settings.n_ubatch = self._context
        settings.n_seq_max = _MOST + 1
        settings.kv_unified = True
        settings.n_threads = settings.n_threads_batch = threads
        settings.no_perf = True
        if kind == "F32":  # else keys and values are float16, kept and multiplied
            settings.type_k = settings.type_v = self._llama.GGML_TYPE_F32
            settings.flash_attn_type = self._llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
        return settings

    def alternatives(self, typed: str, n: int, n_tokens: int) -> list[str]:
        """The n most probable first tokens, each gone on with greedily."""

        def best(logits: np.ndarray) -> np.ndarray:
            ids = np.argpartition(-logits[0], n)[:n]
            return ids[np.argsort(-logits[0, ids])]

        return self.generate(typed, n_tokens, best, _greedy)

    def generate(self, typed: str, n_tokens: int, first: Choose, later: Choose) -> list[str]:
        """Continuations: a first token for each from one row of logits, then one for each pass."""
        asked = self._tokenizer.encode(typed).ids[n_tokens - self._context :]
        tokens = first(self._prompted(asked)[-1:]).tolist()
        written = [[token] for token in tokens]
        for row in range(len(written)):
            self._llama.llama_memory_seq_cp(self._cells, 0, row + 1, 0, -1)
        going = [row for row, token in enumerate(tokens) if token != self._end]
        for step in range(n_tokens - 1):
            if not going:
                break
            place = len(asked) + step
            rows = [(written[row][-1], place, row + 1, True) for row in going]
            for row, token in zip(going, later(self._pass(rows)).tolist(), strict=True):
                written[row].append(token)
            going = [row for row in going if written[row][-1] != self._end]
        for row in range(len(written)):
            self._llama.llama_memory_seq_rm(self._cells, row + 1, 0, -1)
        return [self._tokenizer.decode(ids) for ids in written]

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """What the model says behind each token of one row."""
        self._keep(0)
        self._read = list(ids)
        return self._pass([(token, at, 0, True) for at, token in enumerate(ids)])

    def _prompted(self, ids: list[int]) -> np.ndarray:
        """Logits behind a text; of the one before it the common beginning is still there."""
        pairs = enumerate(zip(ids, self._read, strict=False))
        n_common = next((at for at, (a, b) in pairs if a != b), min(len(ids), len(self._read)))
        n_common = min(n_common, len(ids) - 1)
        self._keep(n_common)
        self._read = ids
        last = len(ids) - 1
        return self._pass([(ids[at], at, 0, at == last) for at in range(n_common, len(ids))])

    def _keep(self, n: int) -> None:
        self._llama.llama_memory_seq_rm(self._cells, 0, n, -1)

    def _pass(self, rows: Sequence[tuple[int, int, int, bool]]) -> np.ndarray:
        """Logits of the rows that want them, of (token, place, sequence, whether it does)."""
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, (token, place, sequence, wants) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.logits[i] = token, place, wants
            batch.n_seq_id[i], batch.seq_id[i][0] = 1, sequence
        if self._llama.llama_decode(self._ctx, batch) != 0:
            raise PromptGenError("llama.cpp cannot go on with a text", "Leave this peer out")
        n_wanted = sum(wants for *_, wants in rows)
        found = self._llama.llama_get_logits(self._ctx)
        return np.ctypeslib.as_array(found, (n_wanted, self._n_vocab)).copy()
