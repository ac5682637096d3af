"""The baselines that a network is shown beside: one file per part, one row each.

Each learns from the same training documents, every one as often as it stands for lines: on held-out
medical questions n-grams give 3.86 bits per character so, and 3.91 where every document counts once
(order 5 over 8 192 BPE tokens; 3.83 and 3.84 with order 7 over characters). Each lives in a
directory of its own, which any number of processes can load.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from prompt_gen.config import EngineConfig
from prompt_gen.corpus.documents import Documents
from prompt_gen.engine import Candidate
from prompt_gen.errors import UnknownChoice, did_you_mean
from prompt_gen.evaluate.baselines import ngram, popular
from prompt_gen.storage import staged_directory
from prompt_gen.vocab import TOKENIZERS, Tokenizer, learning

__all__ = ["BASELINES", "Baseline", "Completes", "build", "load"]

Counted = list[tuple[str, int]]  # texts, and how many lines each stands for


class Completes(Protocol):
    """What completes a text; the engine's `Completer` is one."""

    def complete(self, text: str) -> list[Candidate]:
        """Different continuations, best first."""
        ...


@dataclass(frozen=True)
class Baseline:
    """One row: what it is called, what it is, and its two halves."""

    english: str
    chinese: str
    summary: str
    build: Callable[[Counted, Tokenizer, Path], None]
    load: Callable[[Path, EngineConfig], Completes]


def _lines(documents: Counted, tokenizer: Tokenizer, directory: Path) -> None:
    popular.build(documents, directory)


def _characters(documents: Counted, tokenizer: Tokenizer, directory: Path) -> None:
    texts = [text for text, _ in documents]
    characters = TOKENIZERS.load("char").fit(texts, learning.auto_size(sum(map(len, texts))))
    ngram.build(documents, Tokenizer(characters), 7, directory)


def _tokens(documents: Counted, tokenizer: Tokenizer, directory: Path) -> None:
    ngram.build(documents, tokenizer, 5, directory)


BASELINES = {
    "popular": Baseline(
        "most popular completion",
        "最常见补全",
        "how the training lines that begin so go on most often",
        _lines,
        popular.load,
    ),
    "characters": Baseline(
        "n-grams of characters",
        "字 n 元模型",
        "modified Kneser-Ney of order 7 over characters, with the engine's search",
        _characters,
        ngram.load,
    ),
    "tokens": Baseline(
        "n-grams of tokens",
        "词元 n 元模型",
        "modified Kneser-Ney of order 5 over the network's tokens, with the engine's search",
        _tokens,
        ngram.load,
    ),
}


def build(
    name: str, documents: Documents, tokenizer: Tokenizer, directory: Path, max_chars: int
) -> None:
    """Learn a baseline from about `max_chars` characters of documents at most, into a directory.

    The documents are chosen by their content, whatever their order. `tokenizer` is the network's.
    Several evaluations may be at work: the first one's stays.

    Raises:
        UnknownChoice: no such row.
    """
    row, of_chars = _row(name), documents.n_chars
    chosen = [
        (text, int(count))
        for text, count in zip(documents, documents.counts, strict=True)
        if learning.is_sampled(text, max_chars, of_chars)
    ]
    with staged_directory(directory, keep_first=True) as staged:
        row.build(chosen, tokenizer, staged)


def load(name: str, directory: Path, config: EngineConfig) -> Completes:
    """The baseline in a directory.

    Raises:
        UnknownChoice: no such row.
        Damaged: it cannot be read.
    """
    return _row(name).load(directory, config)


def _row(name: str) -> Baseline:
    if name not in BASELINES:
        raise UnknownChoice(f"unknown baseline '{name}'", did_you_mean(name, list(BASELINES)))
    return BASELINES[name]
