"""What the bundle says: its network in float32, by the graph that completes.

It is none of the engines that exports are opened in, so that no engine is compared with itself.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from prompt_gen.engine.language_model import chain, read_line
from prompt_gen.engine.runtime import Graph
from prompt_gen.export.source import Source
from prompt_gen.vocab import Tokenizer

_SEED = 0
_SAMPLED_TOKENS = 16  # of a text


Choose = Callable[[np.ndarray], np.ndarray]  # probabilities [K, V] to a token for each row


@dataclass(frozen=True)
class _Made:
    """A graph as `runtime.Graph` looks for it in a bundle."""

    graph: Path
    tokenizer: Tokenizer


def loaded(path: Path, tokenizer: Tokenizer) -> Graph:
    """A graph that completes, wherever it lies."""
    return Graph(_Made(path, tokenizer))  # type: ignore[arg-type]


class Reference:
    """The network of a bundle."""

    def __init__(self, source: Source) -> None:
        from prompt_gen.graph import completing

        self._tokenizer = source.tokenizer
        with TemporaryDirectory() as directory:
            path = Path(directory) / "model.onnx"
            path.write_bytes(completing.export(source.path, source.tokenizer.hash, whole=True))
            self._graph = loaded(path, source.tokenizer)

    def log_probabilities(self, ids: Sequence[int]) -> np.ndarray:
        """Of what follows each token of a row, [T, V]."""
        probs_TV, _ = read_line(self._graph, ids)
        return np.log(np.maximum(probs_TV, np.finfo(np.float32).tiny))

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """Behind each row the most probable token, n times, or up to the end of the document."""
        return self._written(rows, n, lambda probs_KV: probs_KV.argmax(axis=1))

    def texts(self, n: int) -> list[str]:
        """So many texts as the network writes them, drawn at random, the same ones each time."""
        rng = np.random.default_rng(_SEED)

        def drawn(probs_KV: np.ndarray) -> np.ndarray:
            until_KV = probs_KV.cumsum(axis=1)
            drawn_K1 = rng.random((len(probs_KV), 1), np.float32) * until_KV[:, -1:]
            return np.minimum((until_KV <= drawn_K1).sum(axis=1), probs_KV.shape[1] - 1)

        n_tokens = min(_SAMPLED_TOKENS, self._graph.context // 4)
        rows = self._written([[self._tokenizer.bos_id]] * n, n_tokens, drawn)
        return [self._tokenizer.decode(row) for row in rows]

    def _written(self, rows: Sequence[Sequence[int]], n: int, choose: Choose) -> list[list[int]]:
        """What is written behind rows, all of them in each pass."""
        lengths = [len(ids) for ids in rows]
        ends = np.cumsum(lengths)
        before = [each for size, end in zip(lengths, ends, strict=True)
                  for each in chain(size, at=int(end) - size)]  # fmt: skip
        lasts = (ends - 1).tolist()
        probs_KV, states = self._graph.read([token for ids in rows for token in ids], before, lasts)
        states = [states[last] for last in lasts]
        written: list[list[int]] = [[] for _ in rows]
        going = list(range(len(rows)))
        for step in range(n):
            tokens: list[int] = choose(probs_KV).tolist()
            stays = [at for at, token in enumerate(tokens) if token != self._tokenizer.eos_id]
            going, states = [going[at] for at in stays], [states[at] for at in stays]
            tokens = [tokens[at] for at in stays]
            for row, token in zip(going, tokens, strict=True):
                written[row].append(token)
            if not going or step == n - 1:
                break
            probs_KV, states = self._graph.read(tokens, states, range(len(tokens)))
        return written

    def prefixes(self, n: int) -> list[str]:
        """Beginnings of such texts, cut anywhere, none empty; fewer, if it says always the same."""
        rng = random.Random(_SEED)
        cut = (text[: rng.randint(1, max(1, len(text)))] for text in self.texts(4 * n) if text)
        return list(dict.fromkeys(cut))[:n]
