"""ONNX: a graph with logits and a cache, by the names that Optimum gives them (`graph.plain`)."""

import shutil
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np

from prompt_gen.errors import UsageError
from prompt_gen.export.source import Source

NEEDS = ("onnx",)
ENGINE = ("onnxruntime",)
WEIGHTS = ("float32", "int8")
FILE = "model.onnx"
_MOST_BYTES = 1_900_000_000  # a file of the format ends at 2 GiB


def check(source: Source) -> None:
    """Refuse architectures that have no graph, and weights that one file cannot hold.

    Raises:
        UsageError: says why.
    """
    from prompt_gen.graph import blocks

    blocks.check(source.config)
    size = (source.path / "model.safetensors").stat().st_size
    if size > _MOST_BYTES:
        raise UsageError(
            f"the weights have {size:,} bytes, one ONNX file holds {_MOST_BYTES:,}",
            "Use --to hf, and Optimum's own exporter from there",
        )


def bound(source: Source, weights: str) -> float:
    """Sums in another order."""
    return 1e-3


def export(source: Source, out: Path, weights: str) -> None:
    """The graph with all its weights, the tokenizer, and the stock config."""
    from prompt_gen.graph import plain
    from prompt_gen.graph.weights import KINDS

    graph = plain.export(source.path, source.tokenizer.hash, KINDS[weights])
    (out / FILE).write_bytes(graph)
    shutil.copyfile(source.path / "config.json", out / "config.json")
    source.tokenizer.save(out)


def usage(source: Source) -> str:
    """By onnxruntime and tokenizers."""
    return f"""By `onnxruntime` and `tokenizers` alone, greedily:

```python
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

session = onnxruntime.InferenceSession("DIR/{FILE}")
tokenizer = Tokenizer.from_file("DIR/tokenizer.json")
ids = tokenizer.encode("高血压要").ids
caches = [(x.name, x.shape) for x in session.get_inputs() if x.name.startswith("past")]
past = {{name: np.zeros((1, shape[1], 0, shape[3]), np.float32) for name, shape in caches}}
new = ids
for _ in range({min(24, source.context // 2)}):
    logits, *present = session.run(None, {{
        "input_ids": np.array([new]),
        "attention_mask": np.ones((1, len(ids)), np.int64),
        "position_ids": np.arange(len(ids) - len(new), len(ids))[None],
    }} | past)
    past = dict(zip(past, present))
    new = [int(logits[0, -1].argmax())]
    if new[0] == {source.tokenizer.eos_id}:  # the end of the text
        break
    ids += new
print(tokenizer.decode(ids))
```

| input | shape | |
|---|---|---|
| `input_ids` | batch, new | int64 |
| `attention_mask` | batch, all | int64; 0 where a row is only filled up, on the left |
| `position_ids` | batch, new | int64; of the new tokens, from 0 |
| `past_key_values.N.key`, `.value` | batch, heads, before, width | float32; nothing before: 0 |

Outputs are `logits` (batch, new, {source.tokenizer.size}) and `present.N.key`, `.value`: what is
given back as `past_key_values.N` with the tokens that come next. At most {source.context}
tokens."""


def opened(source: Source, out: Path, weights: str) -> "Opened":
    """The graph as onnxruntime loads it."""
    return Opened(out / FILE, source.tokenizer.eos_id)


class Opened:
    """A session; tokens are counted and the cache is carried as any user of the graph has to."""

    def __init__(self, path: Path, end: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._shapes = {x.name: x.shape for x in self._session.get_inputs()[3:]}
        self._end = end

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """See `parity.Engine`."""
        ids_1S = np.array([ids], np.int64)
        return self._read(ids_1S, np.ones_like(ids_1S), self._nothing(1))[0][0]

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """See `parity.Engine`; token by token by the cache, shorter rows filled up on the left."""
        longest = max(map(len, rows))
        new_BS = np.array([[self._end] * (longest - len(ids)) + list(ids) for ids in rows])
        mask_BA = np.array([[0] * (longest - len(ids)) + [1] * len(ids) for ids in rows])
        past, written_BS = self._nothing(len(rows)), new_BS[:, :0]
        for _ in range(n):
            logits_BSV, *present = self._read(new_BS, mask_BA, past)
            past = dict(zip(self._shapes, present, strict=True))
            new_BS = logits_BSV[:, -1:].argmax(axis=2)
            mask_BA = np.concatenate([mask_BA, np.ones_like(new_BS)], axis=1)
            written_BS = np.concatenate([written_BS, new_BS], axis=1)
        return [
            list(takewhile(lambda token: token != self._end, row)) for row in written_BS.tolist()
        ]

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """None: a graph has no tokenizer."""

    def _nothing(self, n_rows: int) -> dict[str, np.ndarray]:
        return {
            name: np.zeros((n_rows, heads, 0, width), np.float32)
            for name, (_, heads, _, width) in self._shapes.items()
        }

    def _read(
        self, new_BS: np.ndarray, mask_BA: np.ndarray, past: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        positions_BA = np.maximum(mask_BA.cumsum(axis=1) - 1, 0)
        feeds = {
            "input_ids": new_BS,
            "attention_mask": mask_BA,
            "position_ids": positions_BA[:, -new_BS.shape[1] :],
        }
        return [np.asarray(each) for each in self._session.run(None, feeds | past)]
