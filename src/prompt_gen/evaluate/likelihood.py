"""How probable held-out lines are under the bundle's model."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.engine import Completer

_BATCH_TOKENS = 512


@dataclass(frozen=True)
class Likelihood:
    """Exact over the given lines.

    Each line is scored by itself: BOS is given, every token and EOS are predicted. A line longer
    than the context is scored in windows that overlap by half, so that each token behind the first
    window sees at least half a context.
    """

    lines: int
    characters: int
    bits_per_char: float  # -log2 p of lines and their ends, by characters + 1 a line
    perplexity: float  # per token
    accuracy: float  # share of tokens that were the most probable one


def measure(
    completer: Completer, lines: Sequence[str], progress: Callable[[int, int], None]
) -> Likelihood:
    """Score the lines."""
    tokenizer, context = completer.tokenizer, completer.model.context
    windows: list[tuple[list[int], int]] = []  # ids, and how many of them were scored before
    for ids in tokenizer.encode_batch(lines):
        windows += _windows([tokenizer.bos_id, *ids, tokenizer.eos_id], context)
    windows.sort(key=lambda window: len(window[0]))
    nats, n_tokens, n_right, n_done = 0.0, 0, 0, 0
    for batch in _batches(windows):
        scores, right = _score(completer, batch)
        nats -= scores.sum()
        n_right += int(right.sum())
        n_tokens += len(scores)
        n_done += len(batch)
        progress(n_done, len(windows))
    n_chars = sum(map(len, lines))
    return Likelihood(
        lines=len(lines),
        characters=n_chars,
        bits_per_char=float(nats) / math.log(2) / (n_chars + len(lines)),
        perplexity=math.exp(float(nats) / n_tokens),
        accuracy=n_right / n_tokens,
    )


def _windows(ids: list[int], context: int) -> Iterator[tuple[list[int], int]]:
    """Pieces of at most context + 1 ids (the last is only predicted), and the first new one."""
    step = context // 2
    yield ids[: context + 1], 1
    for start in range(step, len(ids) - 1 - context + step, step):
        yield ids[start : start + context + 1], context - step + 1


def _batches(windows: list[tuple[list[int], int]]) -> Iterator[list[tuple[list[int], int]]]:
    start = 0
    while start < len(windows):
        stop = start + 1
        while stop < len(windows) and len(windows[stop][0]) * (stop + 1 - start) <= _BATCH_TOKENS:
            stop += 1
        yield windows[start:stop]
        start = stop


def _score(
    completer: Completer, batch: list[tuple[list[int], int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Log-probability of every token that counts, and whether it was the first choice."""
    lengths_B = np.array([len(ids) - 1 for ids, _ in batch])
    tokens_BS = np.zeros((len(batch), lengths_B.max()), np.int64)
    for row, (ids, _) in enumerate(batch):
        tokens_BS[row, : len(ids) - 1] = ids[:-1]
    graph = completer.model
    parents_B = np.zeros(len(batch), np.int64)
    logprobs_NV, _ = graph.full(tokens_BS, lengths_B, graph.empty_cache(), parents_B)
    targets_N = np.concatenate([ids[1:] for ids, _ in batch])
    counts_N = np.concatenate([np.arange(1, len(ids)) >= n_scored for ids, n_scored in batch])
    scores_N = logprobs_NV[np.arange(len(targets_N)), targets_N]
    right_N = logprobs_NV.argmax(axis=1) == targets_N
    return scores_N[counts_N].astype(np.float64), right_N[counts_N]
