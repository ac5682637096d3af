"""Kinds and sizes of vocabularies beside one another, on the documents of a run.

All learn from the same sample of the training documents and are measured on the same validation
documents. Nothing of it is kept.
"""

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from itertools import islice, pairwise
from typing import Any

from prompt_gen.config import VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.errors import CorpusTooSmall, MissingExtra
from prompt_gen.run import Event, Watch, silent
from prompt_gen.vocab import TOKENIZERS, learning
from prompt_gen.vocab.tokenizer import Tokenizer

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
        return f"--kind {self.best.kind} --vocab-size {self.best.size}"

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
    if not lines:
        raise CorpusTooSmall(
            "there are no validation documents to measure on",
            "Add text, or raise corpus.validation",
        )
    texts = list(learning.sample(corpus.train, min(_LEARN_CHARS, config.sample_chars)))
    middle = config.size or learning.auto_size(corpus.train.n_chars)
    todo = [(kind, size) for kind in TOKENIZERS for size in (middle // 2, middle, middle * 2)]
    rows: dict[tuple[str, int], Row] = {}
    for n_done, (kind, size) in enumerate(todo):
        watch(Event("vocab", "progress", n_done, len(todo), {"kind": kind, "size": size}))
        try:
            tokenizer = Tokenizer(TOKENIZERS.load(kind).fit(texts, size))
        except MissingExtra as error:
            watch(Event("vocab", "note", facts={"warning": str(error)}))
            continue
        # A small corpus may fill no more entries at twice the size.
        rows.setdefault((kind, tokenizer.size), _measure(kind, tokenizer, texts, lines))
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
    unigram, bigram = _bits(learned, ids, tokenizer)
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


def _bits(
    seen: Sequence[list[int]], lines: Sequence[list[int]], tokenizer: Tokenizer
) -> tuple[float, float]:
    """Bits of the lines and their ends under models of one and of two tokens.

    Counts less a discount; what that leaves goes to the next simpler model: of a pair to its second
    token, of a token to all alike.
    Source: absolute discounting, Ney, Essen and Kneser 1994.
    """
    ends = [[tokenizer.bos_id, *ids, tokenizer.eos_id] for ids in seen]
    single = Counter(i for ids in ends for i in ids[1:])
    pairs = Counter(pair for ids in ends for pair in pairwise(ids))
    before, n_followers = Counter[int](), Counter[int]()
    for (left, _), count in pairs.items():
        before[left] += count
        n_followers[left] += 1
    n_seen, rest = single.total(), _DISCOUNT * len(single) / max(1, single.total()) / tokenizer.size
    unigram = bigram = 0.0
    for ids in lines:
        for left, right in pairwise([tokenizer.bos_id, *ids, tokenizer.eos_id]):
            alone = max(single[right] - _DISCOUNT, 0) / n_seen + rest
            unigram -= math.log2(alone)
            if n_left := before[left]:
                joined = max(pairs[left, right] - _DISCOUNT, 0) / n_left
                alone = joined + _DISCOUNT * n_followers[left] / n_left * alone
            bigram -= math.log2(alone)
    return unigram, bigram


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
