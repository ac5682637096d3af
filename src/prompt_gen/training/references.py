"""What n-gram counts of the same text reach: bits per character that a network is to beat.

Counting takes seconds, so it comes before training. All are Kneser-Ney models over the run's
tokens; `evaluate` counts the same way, over the words of its own report.

    N documents
"""

import json
import math
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from prompt_gen import ngrams
from prompt_gen.run import Event, Watch, fingerprint, write_atomic
from prompt_gen.shards import Part, ShardSet
from prompt_gen.training.heldout import count_chars
from prompt_gen.vocab import Tokenizer

ORDERS = {"unigram": 1, "bigram": 2, "kneser_ney": 5}  # tokens that are looked at together
MAX_TOKENS = 5_000_000  # that are counted: gigabytes and minutes otherwise
_FILE = "references.json"


@dataclass(frozen=True)
class References:
    """Bits per character of documents under n-gram models of the training text.

    The characters are those of `likelihood.bits_per_character`: of the documents, and their ends.
    """

    unigram: float
    bigram: float
    kneser_ney: float  # of order 5
    error: float  # standard error of `kneser_ney`: what other documents would have changed
    share: float  # of the training documents that were counted


def references(
    shards: ShardSet, tokenizer: Tokenizer, documents: Sequence[int], directory: Path, watch: Watch
) -> References:
    """What n-grams of the training part reach on documents of the validation part.

    Counted once: `directory` keeps it in `references.json`. Of a text of more than `MAX_TOKENS`
    every k-th document is counted, each as often as it stands for lines.
    """
    print_ = fingerprint(shards.fingerprint, list(documents), ORDERS, MAX_TOKENS)
    path = directory / _FILE
    if (found := _kept(path, print_)) is not None:
        return found
    part, step = shards.train, -(-shards.train.n_tokens // MAX_TOKENS)
    watch(Event("training", "count", facts={"tokens": part.n_tokens // step, "step": step}))
    lines = [shards.validation[i] for i in documents]
    predicted_N = np.array(count_chars(shards.validation, tokenizer, documents)) + 1
    bits_N, bits = np.zeros(0), {}
    for name, order in ORDERS.items():
        with _scratch(directory) as counts:
            bos, eos = tokenizer.bos_id, tokenizer.eos_id
            ngrams.build(_counted(part, step), tokenizer.size, bos, eos, order, counts)
            bits_N = np.array([*map(ngrams.load(counts).nats, lines)]) / math.log(2)
        bits[name] = float(bits_N.sum() / predicted_N.sum())
    share = len(range(0, len(part), step)) / len(part)
    made = References(**bits, error=_error(bits_N, predicted_N), share=share)
    write_atomic(path, json.dumps({"fingerprint": print_, **asdict(made)}, indent=1) + "\n")
    return made


def _error(bits_N: np.ndarray, predicted_N: np.ndarray) -> float:
    """Standard error of sum(bits) / sum(predicted) over documents, by the delta method.

    A single document tells nothing: as large as the number itself.
    Source: Cochran 1977, "Sampling Techniques", equation 6.13, without its finite correction.
    """
    n = len(bits_N)
    if n < 2:
        return float(bits_N.sum() / predicted_N.sum())
    residuals_N = bits_N - bits_N.sum() / predicted_N.sum() * predicted_N
    return float(np.sqrt((residuals_N**2).sum() * n / (n - 1)) / predicted_N.sum())


def _counted(part: Part, step: int) -> Iterator[tuple[np.ndarray, int]]:
    """Every step-th document without BOS and EOS, and how many lines it stands for.

    Its weight is the root of that number, and less where near-duplicates share one.
    """
    counts = np.maximum(1, np.rint(part.weights.astype(np.float64) ** 2)).astype(np.int64)
    for i in range(0, len(part), step):
        yield part[i][1:-1], int(counts[i])


@contextmanager
def _scratch(directory: Path) -> Iterator[Path]:
    """An empty directory that is gone behind the block, or when the next one is made."""
    path = directory / ".ngrams.partial"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _kept(path: Path, print_: str) -> References | None:
    """What was counted before, if it was of the same text."""
    try:
        record = json.loads(path.read_text("utf-8"))
        return References(**record) if record.pop("fingerprint") == print_ else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
