"""Token ids of documents in one memory-mapped file per part.

A shard file is a header of 4 096 bytes (a magic number, then JSON padded with spaces), the token
ids of all documents one after another, and the offsets at which documents begin. Every document is
BOS, its tokens, EOS.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.corpus import Corpus
from prompt_gen.errors import Damaged, Mismatch, UsageError
from prompt_gen.run import Event, Run, Watch, fingerprint, silent
from prompt_gen.vocab import Tokenizer

MAGIC = b"PGSHARD\n"
VERSION = 1
HEADER_BYTES = 4096
_BATCH = 10_000  # documents encoded at a time
PARTS = ("train", "validation")


@dataclass(frozen=True)
class Shard:
    """The documents of one part, end to end; document i is tokens[offsets[i]:offsets[i + 1]]."""

    tokens: np.ndarray
    offsets: np.ndarray
    n_chars: int
    vocab_hash: str

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> np.ndarray:
        """The ids of one document, BOS and EOS included."""
        return self.tokens[self.offsets[index] : self.offsets[index + 1]]

    @property
    def n_tokens(self) -> int:
        """Tokens of all documents, BOS and EOS included."""
        return int(self.offsets[-1])


@dataclass(frozen=True)
class ShardSet:
    """The shards of a run and the fingerprint of their making."""

    train: Shard
    validation: Shard
    fingerprint: str


def write(corpus: Corpus, tokenizer: Tokenizer, run: Run, watch: Watch = silent) -> ShardSet:
    """Encode the training and validation documents, or load the shards when nothing has changed."""
    print_ = fingerprint(VERSION, corpus.fingerprint, tokenizer.hash)
    if run.fingerprint("shards") == print_:
        watch(Event("shards", "skipped"))
        return load(run, tokenizer)
    total = len(corpus.train) + len(corpus.validation)
    watch(Event("shards", "start", total=total))
    facts: dict[str, Any] = {"vocab_hash": tokenizer.hash}
    done = 0
    with run.write_station("shards", print_, facts) as staged:
        for part in PARTS:
            texts = getattr(corpus, part)
            documents = []
            for ids in _encode(texts, tokenizer):
                documents.append(ids)
                done += 1
                if done % _BATCH == 0:
                    watch(Event("shards", "progress", done, total))
            header = _write(staged / f"{part}.shard", documents, texts, tokenizer)
            facts[f"{part}_tokens"] = header["n_tokens"]
            facts[f"{part}_chars"] = header["n_chars"]
    watch(Event("shards", "done", facts=facts))
    return load(run, tokenizer)


def _encode(texts: Iterable[str], tokenizer: Tokenizer) -> Iterator[list[int]]:
    waiting = iter(texts)
    while batch := list(islice(waiting, _BATCH)):
        for ids in tokenizer.encode_batch(batch):
            yield [tokenizer.bos_id, *ids, tokenizer.eos_id]


def _write(
    path: Path, documents: list[list[int]], texts: Iterable[str], tokenizer: Tokenizer
) -> dict[str, Any]:
    dtype = np.uint16 if tokenizer.size <= 1 << 16 else np.uint32
    lengths = [len(ids) for ids in documents]
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.uint64)]).astype("<u8")
    tokens = np.fromiter((i for ids in documents for i in ids), dtype, count=sum(lengths))
    body = tokens.tobytes() + offsets.tobytes()
    header = {
        "version": VERSION,
        "dtype": np.dtype(dtype).name,
        "n_tokens": len(tokens),
        "n_documents": len(documents),
        "n_chars": sum(map(len, texts)),
        "vocab_hash": tokenizer.hash,
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    head = MAGIC + json.dumps(header).encode()
    path.write_bytes(head.ljust(HEADER_BYTES) + body)
    return header


def load(run: Run, tokenizer: Tokenizer) -> ShardSet:
    """Map the shards of a run.

    Raises:
        UsageError: the run has none.
        Mismatch: they were made with another vocabulary.
        Damaged: a file is not what it was.
    """
    print_ = run.fingerprint("shards")
    if print_ is None:
        raise UsageError(
            f"'{run.path}' has no token shards", f"Make them first: prompt-gen tokenize {run.path}"
        )
    where = run.station("shards")
    train, validation = (open_shard(where / f"{part}.shard", tokenizer) for part in PARTS)
    return ShardSet(train, validation, print_)


def open_shard(path: Path, tokenizer: Tokenizer) -> Shard:
    """Map one shard file and check that it is whole and made with this tokenizer."""
    again = "Make the shards again: prompt-gen tokenize DIR --force"
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
        header = json.loads(head.removeprefix(MAGIC))
        if not head.startswith(MAGIC) or header["version"] != VERSION:
            raise ValueError(f"no shard of version {VERSION}")
        dtype = np.dtype(header["dtype"])
        n_tokens, n_documents = header["n_tokens"], header["n_documents"]
        tokens = np.empty(0, dtype)
        if n_tokens:  # an empty map is not allowed
            tokens = np.memmap(path, dtype, "r", offset=HEADER_BYTES, shape=(n_tokens,))
        behind = HEADER_BYTES + n_tokens * dtype.itemsize
        offsets = np.fromfile(path, "<u8", offset=behind).astype(np.int64)
        digest = hashlib.sha256(tokens.data)
        digest.update(offsets.astype("<u8").data)
    except (OSError, ValueError, KeyError) as error:
        raise Damaged(f"'{path}' is not a whole shard: {error}", again) from error
    if header["vocab_hash"] != tokenizer.hash:
        raise Mismatch(
            f"'{path}' was made with vocabulary {header['vocab_hash'][:12]}, "
            f"but the run's vocabulary is {tokenizer.hash[:12]}",
            again,
        )
    if len(offsets) != n_documents + 1 or digest.hexdigest() != header["sha256"]:
        raise Damaged(
            f"'{path}' is damaged: its content is {digest.hexdigest()[:12]}, "
            f"its header says {header['sha256'][:12]}",
            again,
        )
    return Shard(tokens, offsets, header["n_chars"], header["vocab_hash"])
