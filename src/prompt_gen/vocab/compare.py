"""Kinds and sizes of vocabularies beside one another, on the documents of a run.

All learn from the same sample of the training documents and are measured on the same validation
documents. Nothing of it is kept.
"""

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from itertools import islice, pairwise
from typing import Any

from prompt_gen.config import VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.errors import CorpusTooSmall, MissingExtra
from prompt_gen.run import Event, Watch, silent
from prompt_gen.vocab import TOKENIZERS, learning
from prompt_gen.vocab.tokenizer import Tokenizer

_SMALLEST, _LARGEST = 512, 65_536  # entries that the settings allow
_LEARN_CHARS = 2_000_000  # of the training documents, for each vocabulary
_MEASURED = 2000  # validation documents
_TYPED = 200  # of them, those whose every prefix is encoded
_DISCOUNT = 0.75  # taken from each count of the two models, for what was never seen
_NEAR = 0.01  # bits per character within this share are as good as the best


@dataclass(frozen=True)
class Row:
    """One vocabulary, measured on validation documents."""

    kind: str
    size: int  # entries
    chars_per_token: float
    coverage: float  # share of characters that are not spelled in bytes
    single_chars: float  # share of tokens that are one character
    token_prefixes: float  # share of a line's beginnings whose tokens begin the line's tokens
    chars_per_s: float  # encoding, per second of processor time
    unigram_bits: float  # per character and line end, a model of single tokens
    bigram_bits: float  # the same, of a token given the one before


@dataclass(frozen=True)
class Comparison:
    """Rows by kind and size, and the one that is recommended."""

    table: tuple[Row, ...]
    best: Row
    advice: str

    @property
    def columns(self) -> list[str]:
        """Names of what was measured."""
        return [field.name for field in fields(Row)]

    @property
    def rows(self) -> list[tuple]:
        """Values in the order of `columns`."""
        return [astuple(row) for row in self.table]

    @property
    def flags(self) -> str:
        """Options of `prompt-gen vocab` that make the recommended one."""
        return f"--kind {self.best.kind} --vocab-size {max(_SMALLEST, self.best.size)}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        table = [asdict(row) for row in self.table]
        return {"vocabularies": table, "recommended": asdict(self.best), "reason": self.advice}


def compare(corpus: Corpus, config: VocabConfig, watch: Watch = silent) -> Comparison:
    """Fit and measure every kind in half, once and twice the size that the settings give.

    A kind whose library is not installed is left out, with a note.

    Raises:
        CorpusTooSmall: no validation documents.
    """
    lines = list(islice(corpus.validation, _MEASURED))
    texts = list(learning.sample(corpus.train, min(_LEARN_CHARS, config.sample_chars)))
    if not (lines and texts):
        raise CorpusTooSmall(
            f"there are {len(texts)} training and {len(lines)} validation documents to compare on",
            "Add text, or raise corpus.validation",
        )
    middle = config.size or learning.auto_size(corpus.train.n_chars)
    sizes = sorted({max(_SMALLEST, middle // 2), middle, min(_LARGEST, middle * 2)})
    rows: dict[tuple[str, int], Row] = {}
    for n_done, kind in enumerate(TOKENIZERS):
        watch(Event("vocab", "progress", n_done, len(TOKENIZERS), {"kind": kind}))
        try:
            part = TOKENIZERS.load(kind)
        except MissingExtra as error:
            watch(Event("vocab", "note", facts={"warning": str(error)}))
            continue
        for size in sizes:
            tokenizer = Tokenizer(part.fit(texts, size))
            # A small corpus may fill no more entries at twice the size.
            if (kind, tokenizer.size) not in rows:
                rows[kind, tokenizer.size] = _measure(kind, tokenizer, texts, lines)
    table = tuple(rows.values())
    best = _best(table)
    return Comparison(table, best, _advice(best, table, sum(map(len, texts))))


def _measure(kind: str, tokenizer: Tokenizer, texts: list[str], lines: list[str]) -> Row:
    started = time.process_time()
    learned = tokenizer.encode_batch(texts)
    seconds = time.process_time() - started
    ids = tokenizer.encode_batch(lines)
    n_chars, n_tokens = sum(map(len, lines)), sum(map(len, ids))
    spelled = Counter(i for line in ids for i in line)
    whole = {i: text for i in spelled if (text := _text(tokenizer.token_bytes[i])) is not None}
    unigram, bigram = PairModel(learned, tokenizer).bits(ids)
    return Row(
        kind=kind,
        size=tokenizer.size,
        chars_per_token=n_chars / n_tokens,
        coverage=sum(spelled[i] * len(text) for i, text in whole.items()) / n_chars,
        single_chars=sum(spelled[i] for i, text in whole.items() if len(text) == 1) / n_tokens,
        token_prefixes=_token_prefixes(tokenizer, lines[:_TYPED]),
        chars_per_s=sum(map(len, texts)) / seconds,
        unigram_bits=unigram / (n_chars + len(lines)),
        bigram_bits=bigram / (n_chars + len(lines)),
    )


def _text(data: bytes) -> str | None:
    """The text of a token; none, if it is no whole text."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _token_prefixes(tokenizer: Tokenizer, lines: list[str]) -> float:
    n_prefixes = n_found = 0
    for line in lines:
        whole = tokenizer.encode(line)
        for ids in tokenizer.encode_batch([line[:at] for at in range(1, len(line))]):
            n_prefixes += 1
            n_found += ids == whole[: len(ids)]
    return n_found / max(1, n_prefixes)


class PairModel:
    """Probabilities of tokens alone and behind one another, from encoded lines and their ends.

    Counts less a discount; what that leaves goes to the next simpler model: of a pair to its second
    token, of a token to all alike.
    Source: absolute discounting, Ney, Essen and Kneser 1994.
    """

    def __init__(self, lines: Iterable[list[int]], tokenizer: Tokenizer) -> None:
        self._ends = tokenizer.bos_id, tokenizer.eos_id
        self._pairs = Counter(pair for ids in lines for pair in self._steps(ids))
        self._single, self._before, self._n_followers = (Counter[int]() for _ in range(3))
        for (left, right), count in self._pairs.items():
            self._single[right] += count
            self._before[left] += count
            self._n_followers[left] += 1
        self._total = self._single.total()
        self._unseen = _DISCOUNT * len(self._single) / self._total / tokenizer.size

    def alone(self, token: int) -> float:
        """Probability of a token."""
        return max(self._single[token] - _DISCOUNT, 0) / self._total + self._unseen

    def behind(self, left: int, right: int) -> float:
        """Probability of a token given the one before."""
        if not (n_left := self._before[left]):
            return self.alone(right)
        joined = max(self._pairs[left, right] - _DISCOUNT, 0)
        return (joined + _DISCOUNT * self._n_followers[left] * self.alone(right)) / n_left

    def bits(self, lines: Iterable[list[int]]) -> tuple[float, float]:
        """Bits of lines and their ends: of tokens alone, and given the one before."""
        steps = [step for ids in lines for step in self._steps(ids)]
        alone = -math.fsum(math.log2(self.alone(right)) for _, right in steps)
        return alone, -math.fsum(math.log2(self.behind(*step)) for step in steps)

    def _steps(self, ids: list[int]) -> Iterable[tuple[int, int]]:
        bos, eos = self._ends
        return pairwise([bos, *ids, eos])


def _best(table: Sequence[Row]) -> Row:
    """Of those nearly as good as the lowest bits of two tokens, the one with the longest tokens."""
    lowest = min(row.bigram_bits for row in table)
    near = [row for row in table if row.bigram_bits <= lowest * (1 + _NEAR)]
    return max(near, key=lambda row: (row.chars_per_token, -row.size))


def _advice(best: Row, table: Sequence[Row], n_chars: int) -> str:
    others = [row for row in table if row.kind != best.kind]
    reason = (
        f"Recommended: {best.kind} with {best.size:,} entries. A model that knows one token back "
        f"needs {best.bigram_bits:.3f} bits for a character with it"
    )
    if others:
        other = min(others, key=lambda row: row.bigram_bits)
        reason += f" ({other.kind} with {other.size:,}: {other.bigram_bits:.3f})"
    return (
        f"{reason}; of those within {_NEAR:.0%} of the lowest it has the longest tokens, "
        f"{best.chars_per_token:.2f} characters, so lines take the fewest steps. "
        f"Learned from {n_chars:,} characters."
    )
