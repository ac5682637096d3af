"""Documents to the shard files of a part, a bounded batch in memory at a time."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged, Mismatch
from prompt_gen.shards import sealed
from prompt_gen.shards.part import TextsHash, files, open_shard
from prompt_gen.storage import link
from prompt_gen.vocab import Tokenizer

_BATCH_CHARS = 1 << 18  # characters and line ends encoded at a time
# A character takes at most 4 tokens (one per byte) of 4 bytes; BOS, EOS and the offset take 16.
_BYTES_PER_CHAR = 16


class PartWriter:
    """Writes a part into files of at most `max_bytes` each (a longer document has its own).

    Result: files as `part.open_part` wants them, once all is added and `finish` is called.
    """

    def __init__(self, directory: Path, part: str, tokenizer: Tokenizer, max_bytes: int) -> None:
        self.n_kept = 0  # documents of older files that were taken over
        self.n_encoded = 0
        self.n_tokens = 0
        self.n_chars = 0
        self._directory = directory
        self._part = part
        self._tokenizer = tokenizer
        self._max = max_bytes
        room = (max_bytes - sealed.HEADER_BYTES) // _BYTES_PER_CHAR - 1
        self._batch_chars = min(_BATCH_CHARS, room)
        self._texts = TextsHash(part)
        self._n_files = 0
        self._shard: _ShardWriter | None = None

    def keep(self, old: Path, texts: Iterable[str]) -> None:
        """Take over the files of an older part as long as they hold these texts, byte for byte."""
        waiting = iter(texts)
        for path in files(old, self._part):
            try:
                shard = open_shard(path, self._tokenizer)
            except (Damaged, Mismatch):
                return  # what cannot be taken over is encoded again
            ahead = self._texts.copy()
            ahead.update(islice(waiting, len(shard)))
            if (shard.before, shard.texts) != (self._texts.value, ahead.value):
                return
            link(path, self._next_path())
            self._texts = ahead
            self.n_kept += len(shard)
            self.n_tokens += len(shard.tokens)
            self.n_chars += shard.n_chars

    def add(self, texts: Iterable[str]) -> Iterator[int]:
        """Encode texts into new files; yields how many documents the part has by now."""
        for batch, (tokens, lengths) in self._encoded(_batches(texts, self._batch_chars)):
            if self._shard and self._shard.n_bytes + tokens.nbytes + 8 * len(batch) > self._max:
                self._close()
            if not self._shard:
                self._shard = _ShardWriter(self._next_path(), self._texts.value)
            n_chars = sum(map(len, batch))
            self._shard.append(tokens, lengths, n_chars)
            self._texts.update(batch)
            self.n_encoded += len(batch)
            self.n_tokens += len(tokens)
            self.n_chars += n_chars
            yield self.n_kept + self.n_encoded

    def _encoded(
        self, batches: Iterator[list[str]]
    ) -> Iterator[tuple[list[str], tuple[np.ndarray, np.ndarray]]]:
        """Batches with their ids; the next one is encoded while this one is written."""
        with ThreadPoolExecutor(1) as ahead:
            under_way: tuple[list[str], Future] | None = None
            for batch in batches:
                following = batch, ahead.submit(self._encode, batch)
                if under_way:
                    yield under_way[0], under_way[1].result()
                under_way = following
            if under_way:
                yield under_way[0], under_way[1].result()

    def _encode(self, batch: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """The ids of all texts end to end, and how many each has, BOS and EOS included."""
        bos, eos = (self._tokenizer.bos_id,), (self._tokenizer.eos_id,)
        documents = self._tokenizer.encode_batch(batch)
        lengths = np.fromiter(map(len, documents), np.int64, len(documents)) + 2
        dtype = "<u2" if self._tokenizer.size <= 1 << 16 else "<u4"
        framed = chain.from_iterable((bos, ids, eos) for ids in documents)
        return np.fromiter(chain.from_iterable(framed), dtype, lengths.sum()), lengths

    def finish(self, weights: np.ndarray) -> None:
        """Close the last file and write the documents' weights."""
        if self._shard:
            self._close()
        writer = sealed.Writer(self._directory / f"{self._part}.weights")
        writer.append(weights.astype("<f4"))
        writer.seal({"dtype": "float32", "n_documents": len(weights), "texts": self._texts.value})

    def _close(self) -> None:
        assert self._shard
        self._shard.seal(self._tokenizer.hash, self._texts.value)
        self._shard = None

    def _next_path(self) -> Path:
        self._n_files += 1
        return self._directory / f"{self._part}-{self._n_files - 1:05}.shard"


class _ShardWriter:
    """One shard file in the making; only its offsets are in memory."""

    def __init__(self, path: Path, before: str) -> None:
        self._file = sealed.Writer(path)
        self._before = before
        self._offsets = [np.zeros(1, "<u8")]
        self._header = {"dtype": "", "n_tokens": 0, "n_documents": 0, "n_chars": 0}

    @property
    def n_bytes(self) -> int:
        """Size of the file if it were sealed now."""
        return self._file.n_bytes + sum(offsets.nbytes for offsets in self._offsets)

    def append(self, tokens: np.ndarray, lengths: np.ndarray, n_chars: int) -> None:
        self._file.append(tokens)
        self._offsets.append((self._header["n_tokens"] + np.cumsum(lengths)).astype("<u8"))
        self._header["dtype"] = tokens.dtype.name
        self._header["n_tokens"] += len(tokens)
        self._header["n_documents"] += len(lengths)
        self._header["n_chars"] += n_chars

    def seal(self, vocab_hash: str, texts: str) -> None:
        self._file.append(np.concatenate(self._offsets))
        chained = {"vocab_hash": vocab_hash, "before": self._before, "texts": texts}
        self._file.seal(self._header | chained)


def _batches(texts: Iterable[str], n_chars: int) -> Iterator[list[str]]:
    """Texts by as many as have `n_chars` characters and ends together, at least one."""
    batch, size = [], 0
    for text in texts:
        size += len(text) + 1
        if batch and size > n_chars:
            yield batch
            batch, size = [], len(text) + 1
        batch.append(text)
    if batch:
        yield batch
