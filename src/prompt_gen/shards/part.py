"""The documents of one part of the corpus as token ids, read from one shard file or several.

`PART-00000.shard` and so on hold the ids of whole documents end to end, then the offsets at which
documents begin. `PART.weights` holds how often an epoch should show each document. Each file names
the texts that it stands on by a hash over all texts of the part up to there: so files can be added
behind others that stay as they are, and one that is missing, swapped or foreign is found out.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import numpy as np

from prompt_gen.errors import Mismatch
from prompt_gen.shards import sealed
from prompt_gen.shards.sealed import AGAIN
from prompt_gen.vocab import Tokenizer

_DTYPES = {"uint16": "<u2", "uint32": "<u4"}
_COUNTED = 1 << 22  # tokens counted at a time


@dataclass(frozen=True)
class Shard:
    """The documents of one file, end to end; document i is tokens[offsets[i]:offsets[i + 1]]."""

    tokens: np.ndarray
    offsets: np.ndarray
    n_chars: int
    before: str  # hash of the part's texts before this file, hex
    texts: str  # hash of the part's texts up to the end of this file, hex

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Part:
    """The documents of all files in order; a document is BOS, its tokens, EOS."""

    shards: tuple[Shard, ...]
    weights: np.ndarray  # float32: how often an epoch should show each document

    def __len__(self) -> int:
        return self._ends[-1] if self.shards else 0

    def __getitem__(self, index: int) -> np.ndarray:
        """The ids of one document, BOS and EOS included.

        Raises:
            IndexError: there is no such document.
        """
        index = range(len(self))[index]
        at = bisect_right(self._ends, index)
        shard = self.shards[at]
        index -= self._ends[at] - len(shard)
        return shard.tokens[shard.offsets[index] : shard.offsets[index + 1]]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(map(len, self.shards)))

    @property
    def n_tokens(self) -> int:
        """Tokens of all documents, BOS and EOS included."""
        return sum(len(shard.tokens) for shard in self.shards)

    @property
    def n_chars(self) -> int:
        """Characters of all documents."""
        return sum(shard.n_chars for shard in self.shards)

    @property
    def lengths(self) -> np.ndarray:
        """int64: tokens of each document, BOS and EOS included."""
        each = [np.diff(shard.offsets.astype(np.int64)) for shard in self.shards]
        return np.concatenate([np.empty(0, np.int64), *each])

    def first(self, n_tokens: int) -> "Part":
        """The first documents, of about so many tokens together; one at least, if there is any.

        Their characters are taken to be as many by token as those of all.
        """
        ends = np.cumsum(self.lengths)
        n = min(len(self), int(np.searchsorted(ends, n_tokens)) + 1)
        kept = [self[i] for i in range(n)]
        if not kept:
            return self
        offsets = np.concatenate([[0], ends[:n]])
        n_chars = round(self.n_chars * int(ends[n - 1]) / self.n_tokens)
        return Part((Shard(np.concatenate(kept), offsets, n_chars, "", ""),), self.weights[:n])

    def token_counts(self, size: int) -> np.ndarray:
        """int64: how often each of `size` ids occurs."""
        counts = np.zeros(size, np.int64)
        for shard in self.shards:
            for start in range(0, len(shard.tokens), _COUNTED):
                counts += np.bincount(shard.tokens[start : start + _COUNTED], minlength=size)
        return counts


class TextsHash:
    """A running hash of a part's texts: equal texts in equal order of the same part, equal hash."""

    def __init__(self, part: str) -> None:
        self._digest = hashlib.sha256()
        self.update([part])

    def update(self, texts: Iterable[str]) -> None:
        """Add texts; each ends with a byte that UTF-8 never holds."""
        for text in texts:
            self._digest.update(text.encode() + b"\xff")

    def copy(self) -> "TextsHash":
        """One that goes on from here by itself."""
        other = object.__new__(TextsHash)
        other._digest = self._digest.copy()
        return other

    @property
    def value(self) -> str:
        """SHA-256, hex."""
        return self._digest.hexdigest()


def files(directory: Path, part: str) -> list[Path]:
    """The shard files of a part, in order."""
    return sorted(directory.glob(f"{part}-*.shard"))


def open_part(directory: Path, part: str, tokenizer: Tokenizer) -> Part:
    """Map a part and check that its files are whole and belong together.

    Raises:
        Damaged: a file is not what it was when it was written.
        Mismatch: a file belongs to another vocabulary or to other texts, or one is missing.
    """
    shards, texts = [], TextsHash(part).value
    for path in files(directory, part):
        shard = open_shard(path, tokenizer)
        _check_texts(path, shard.before, texts)
        shards.append(shard)
        texts = shard.texts
    path = directory / f"{part}.weights"
    header, body = sealed.read(path)
    sealed.verify(path, header, body)
    _check_texts(path, header["texts"], texts)
    return Part(tuple(shards), body.view("<f4"))


def open_shard(path: Path, tokenizer: Tokenizer) -> Shard:
    """Map one shard file and check that it is whole and made with this tokenizer.

    Raises:
        Damaged, Mismatch: see `open_part`.
    """
    header, body = sealed.read(path)
    vocab_hash = str(header.get("vocab_hash"))
    if vocab_hash != tokenizer.hash:
        raise Mismatch(
            f"'{path}' was made with vocabulary {vocab_hash[:12]}, "
            f"but the run's vocabulary is {tokenizer.hash[:12]}",
            AGAIN,
        )
    sealed.verify(path, header, body)
    dtype = np.dtype(_DTYPES[header["dtype"]])
    behind = header["n_tokens"] * dtype.itemsize
    tokens, offsets = body[:behind].view(dtype), body[behind:].view("<u8")
    return Shard(tokens, offsets, header["n_chars"], header["before"], header["texts"])


def _check_texts(path: Path, said: str, found: str) -> None:
    if said != found:
        raise Mismatch(
            f"'{path}' belongs behind texts {said[:12]}, "
            f"but the files before it hold texts {found[:12]}: one is missing, swapped or foreign",
            AGAIN,
        )
