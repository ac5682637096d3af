"""How probable held-out lines are under a language model.

N lines, T tokens that are predicted, V vocabulary
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import Before, chain
from prompt_gen.evaluate.metrics import AMONG
from prompt_gen.evaluate.numbers import Number, Ratio

_BATCH_TOKENS = 512


@dataclass(frozen=True)
class Likelihood:
    """Sums over the tokens of each line, exact.

    Each line is scored by itself: BOS is given, every token and EOS are predicted. A line longer
    than the context is scored in windows that overlap by half, so that each token behind the first
    window sees at least half a context.
    """

    nats_N: np.ndarray
    tokens_N: np.ndarray  # EOS included
    chars_N: np.ndarray  # without the line's end
    among_NK: np.ndarray  # tokens that were among the k most probable, for each k of AMONG

    def numbers(self) -> dict[str, Number]:
        """Bits per character, perplexities, and how often the next token was among the first."""
        bits = Ratio(self.nats_N / math.log(2), self.chars_N + 1)
        nats = Ratio(self.nats_N, self.tokens_N)
        return {
            "bits_per_char": bits,
            "perplexity_char": lambda weights_RN: np.exp2(bits(weights_RN)),
            "perplexity": lambda weights_RN: np.exp(nats(weights_RN)),
            **{
                f"accuracy@{k}": Ratio(column, self.tokens_N)
                for k, column in zip(AMONG, self.among_NK.T, strict=True)
            },
        }


def joined(parts: Sequence[Likelihood]) -> Likelihood:
    """One for the lines of all parts, in their order."""
    columns = zip(*(astuple(part) for part in parts), strict=True)
    return Likelihood(*map(np.concatenate, columns))


def measure(completer: Completer, lines: Sequence[str]) -> Likelihood:
    """Score lines by a completer's language model."""
    tokenizer, context = completer.tokenizer, completer.model.context
    windows: list[Window] = []
    for line, ids in enumerate(tokenizer.encode_batch(lines)):
        ids = [tokenizer.bos_id, *ids, tokenizer.eos_id]
        windows += [Window(line, piece, first) for piece, first in _windows(ids, context)]
    windows.sort(key=lambda window: len(window.ids))
    nats_N, tokens_N = np.zeros(len(lines)), np.zeros(len(lines))
    among_NK = np.zeros((len(lines), len(AMONG)))
    for batch in _batches(windows):
        line_T, score_T, rank_T = _score(completer, batch)
        nats_N += np.bincount(line_T, -score_T, len(lines))
        tokens_N += np.bincount(line_T, minlength=len(lines))
        for column, k in enumerate(AMONG):
            among_NK[:, column] += np.bincount(line_T, rank_T < k, len(lines))
    return Likelihood(nats_N, tokens_N, np.array([len(line) for line in lines]), among_NK)


@dataclass(frozen=True)
class Window:
    """Tokens of a line that are scored together."""

    line: int
    ids: list[int]
    first: int  # the first one that counts; those before it were scored in another window


def _windows(ids: list[int], context: int) -> Iterator[tuple[list[int], int]]:
    """Pieces of at most context + 1 ids (the last is only predicted), and the first new one."""
    step = context // 2
    yield ids[: context + 1], 1
    for start in range(step, len(ids) - 1 - context + step, step):
        yield ids[start : start + context + 1], context - step + 1


def _batches(windows: list[Window]) -> Iterator[list[Window]]:
    start = 0
    while start < len(windows):
        stop = start + 1
        while stop < len(windows) and len(windows[stop].ids) * (stop + 1 - start) <= _BATCH_TOKENS:
            stop += 1
        yield windows[start:stop]
        start = stop


def _score(completer: Completer, batch: list[Window]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Line, log-probability, and number of more probable tokens, for every token that counts."""
    tokens, before = list[int](), list[Before]()
    for window in batch:
        before += chain(len(window.ids) - 1, at=len(tokens))
        tokens += window.ids[:-1]
    probs_TV, _ = completer.model.read(tokens, before, range(len(tokens)))
    targets_T = np.concatenate([window.ids[1:] for window in batch])
    counts_T = np.concatenate([np.arange(1, len(w.ids)) >= w.first for w in batch])
    lines_T = np.repeat([w.line for w in batch], [len(w.ids) - 1 for w in batch])
    found_T = probs_TV[np.arange(len(targets_T)), targets_T]
    ranks_T = (probs_TV > found_T[:, None]).sum(axis=1)
    scores_T = np.log(np.maximum(found_T, np.finfo(np.float32).tiny).astype(np.float64))
    return lines_T[counts_T], scores_T[counts_T], ranks_T[counts_T]
