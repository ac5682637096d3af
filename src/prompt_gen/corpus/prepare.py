"""Lines to documents: cleaned, private data masked, with the hashes that later steps go by.

This is the part that takes time for each line; it runs in worker processes, a chunk of lines at a
time.
"""

from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from heapq import nsmallest
from itertools import groupby
from zlib import crc32

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.clean import RULES, Cleaner
from prompt_gen.corpus.encoding import BAD_BYTES, SURROGATES
from prompt_gen.corpus.privacy import KINDS, Privacy, example
from prompt_gen.corpus.readers import Line
from prompt_gen.corpus.spool import DOCUMENT, ROW
from prompt_gen.errors import UnknownChoice, did_you_mean
from prompt_gen.text import normal_form

CHUNK_LINES = 4096
CHUNK_CHARS = 1 << 20
N_SAMPLES = 50
SHOWN_CHARS = 400  # of a text that the report shows
N_EXAMPLES = 5  # masked examples for each kind of private data
_KIND_BITS = {kind: 1 << i for i, kind in enumerate(KINDS)}


@dataclass
class Chunk:
    """Lines of one file, in order; what belongs together is in one chunk."""

    file: int
    lines: list[Line]
    n_lines: int = 0  # with different numbers
    goes_on: bool = False  # its first block began in the chunk before

    def __getstate__(self) -> tuple[int, int, bool, list[tuple]]:
        """Columns, which go to another process in a third of the time."""
        return self.file, self.n_lines, self.goes_on, list(zip(*self.lines, strict=True))

    def __setstate__(self, state: tuple[int, int, bool, list[tuple]]) -> None:
        self.file, self.n_lines, self.goes_on, columns = state
        self.lines = list(map(Line, *columns))


@dataclass
class Tally:
    """What a report tells about lines and documents."""

    characters: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # by code point
    lengths: Counter[int] = field(default_factory=Counter)  # documents by characters
    changes: Counter[str] = field(default_factory=Counter)  # lines by cleaning rule
    private: Counter[str] = field(default_factory=Counter)  # finds by kind
    examples: dict[str, list[str]] = field(default_factory=dict)
    samples: list[tuple[int, str, tuple[str, ...], str]] = field(default_factory=list)

    def n_chars(self) -> int:
        """Characters of all documents."""
        return int(self.characters.sum())

    def add(self, other: "Tally") -> None:
        """Count another chunk's in."""
        few, many = sorted((self.characters, other.characters), key=len)
        self.characters = many.copy()
        self.characters[: len(few)] += few
        for name in ("lengths", "changes", "private"):
            getattr(self, name).update(getattr(other, name))
        for kind, texts in other.examples.items():
            known = self.examples.setdefault(kind, [])
            known += [text for text in texts if text not in known][: N_EXAMPLES - len(known)]
        self.samples = nsmallest(N_SAMPLES, {*self.samples, *other.samples})


@dataclass
class Prepared:
    """A chunk's rows (`first` counted within the chunk), documents, texts and reasons by number."""

    rows: np.ndarray
    documents: np.ndarray
    texts: list[bytes]
    reasons: list[str]  # row["reason"] - 1 is an index into it
    goes_on: bool  # the first block began in the chunk before
    tally: Tally


def chunks(file: int, lines: Iterable[Line], whole_file: bool) -> Iterator[Chunk]:
    """Lines in chunks; a block of lines is never cut, unless it is far larger than a chunk."""
    waiting: list[Line] = []
    n_chars, n_lines, block, last, goes_on = 0, 0, -1, -1, False
    for line in lines:
        is_full = len(waiting) >= CHUNK_LINES or n_chars > CHUNK_CHARS
        if is_full and not whole_file and (line.block != block or n_chars > 8 * CHUNK_CHARS):
            yield Chunk(file, waiting, n_lines, goes_on)
            waiting, n_chars, n_lines, goes_on = [], 0, 0, line.block == block
        waiting.append(line)
        n_chars += len(line.text)
        n_lines += line.number != last
        block, last = line.block, line.number
    if waiting:
        yield Chunk(file, waiting, n_lines, goes_on)


class Preparer:
    """What is done to every chunk, by the settings.

    Raises:
        UnknownChoice: a rule or a kind of private data that there is not.
        MissingExtra: folding needs a library that is not installed.
    """

    def __init__(self, config: CorpusConfig) -> None:
        on = {rule.name: rule.default for rule in RULES} | dict(config.rules)
        for name in set(on) - {rule.name for rule in RULES}:
            raise UnknownChoice(
                f"unknown cleaning rule '{name}'", did_you_mean(name, [r.name for r in RULES])
            )
        on["fold"] = bool(config.fold) and on.get("fold", True)
        self._by_line = config.document == "line"
        if not self._by_line:
            on["long"] = False  # a document of several lines is not cut inside one of them
        names = [name for name, is_on in on.items() if is_on]
        self._clean = Cleaner(names, config.max_chars, config.fold)
        self._protect = Privacy.of(config)
        self._replace = config.on_bad_bytes == "replace"
        self._whole_file = config.document == "file"

    def __call__(self, chunk: Chunk) -> Prepared:
        """The chunk's rows and documents."""
        return _Work(self, chunk).done()


class _Work:
    """One chunk while it is worked on."""

    def __init__(self, preparer: Preparer, chunk: Chunk) -> None:
        self._p = preparer
        self._chunk = chunk
        self._reasons: dict[str, int] = {}
        self._rows: list[tuple[int, ...]] = []
        self._texts: list[str] = []
        self._blocks: list[int] = []
        self._tally = Tally()
        self._block_ids: dict[int, int] = {}

    def done(self) -> Prepared:
        """Go through the lines."""
        if self._p._by_line:
            for line in self._chunk.lines:
                self._line(line)
        else:
            key = (lambda line: 0) if self._p._whole_file else (lambda line: line.block)
            for _, lines in groupby(self._chunk.lines, key):
                self._paragraph(list(lines))
        self._count()
        return Prepared(
            np.array(self._rows, ROW),
            self._hashed(),
            self._encoded,
            list(self._reasons),
            self._chunk.goes_on,
            self._tally,
        )

    def _line(self, line: Line) -> None:
        texts, reason, changes, masked = self._prepared(line)
        self._sample(line, texts, reason, masked)
        first = len(self._texts)
        for text in texts:
            self._texts.append(text)
            self._blocks.append(self._block(line.block))
        self._row(line, first, len(texts), reason, changes, masked)

    def _paragraph(self, lines: list[Line]) -> None:
        """One document of the lines that have text."""
        first = len(self._texts)
        kept: list[str] = []
        for line in lines:
            texts, reason, changes, masked = self._prepared(line)
            self._sample(line, texts, reason, masked)
            kept += texts
            self._row(line, first, 1 if texts else 0, reason, changes, masked)
        if kept:
            self._texts.append("\n".join(kept))
            self._blocks.append(self._block(lines[0].block))

    def _prepared(self, line: Line) -> tuple[list[str], str, int, int]:
        """Texts, or why there are none; bits of the rules and kinds that changed them."""
        text = line.text
        if line.bad:
            return [], line.bad, 0, 0
        if not text.isascii() and SURROGATES.search(text):
            if not self._p._replace:
                return [], BAD_BYTES, 0, 0
            text = SURROGATES.sub("\ufffd", text)
        texts, changes, reason = self._p._clean(text)
        if changes:
            for i, rule in enumerate(RULES):
                if changes >> i & 1:
                    self._tally.changes[rule.name] += 1
        if not self._p._protect:
            return texts, reason, changes, 0
        return self._protected(texts, reason, changes)

    def _protected(
        self, texts: list[str], reason: str, changes: int
    ) -> tuple[list[str], str, int, int]:
        kept, masked = [], 0
        for text in texts:
            safe, found = self._p._protect(text)
            if found:
                self._tally.private.update(found)
                masked |= sum({_KIND_BITS[kind] for kind in found})
                for kind, shown in example(self._p._protect, text):
                    known = self._tally.examples.setdefault(kind, [])
                    if len(known) < N_EXAMPLES and shown not in known:
                        known.append(shown)
            if safe is None:
                return [], "private data", changes, masked
            kept.append(safe)
        return kept, reason, changes, masked

    def _row(self, line: Line, first: int, n: int, reason: str, changes: int, masked: int) -> None:
        code = 0 if n else self._reasons.setdefault(reason, len(self._reasons) + 1)
        row: tuple[int, ...] = (self._chunk.file, line.number, first, n, code, changes, masked)
        if self._rows and self._rows[-1][1] == line.number:
            row = _merged(self._rows.pop(), row)
        self._rows.append(row)

    def _block(self, block: int) -> int:
        return self._block_ids.setdefault(block, len(self._block_ids))

    def _sample(self, line: Line, texts: list[str], reason: str, masked: int) -> None:
        """A line with a low scrambled number is shown in the report, private data masked.

        Cleaning can lay private data bare that the line itself hid: then what it was is not shown.
        """
        order = (line.number * 0x9E3779B1 + self._chunk.file * 0x85EBCA6B) & 0xFFFFFFFF
        samples = self._tally.samples
        if len(samples) == N_SAMPLES and order >= samples[-1][0]:
            return
        if not line.text or line.text.isspace():
            return
        before = SURROGATES.sub("\ufffd", line.text)
        if self._p._protect:
            before = "" if masked and not texts else self._p._protect(before)[0] or ""
            before = "\n".join(texts) if masked else before
        before = before[:SHOWN_CHARS] or "…"
        after = tuple(text[:SHOWN_CHARS] for text in texts)
        sample = (order, before, after, reason)
        if sample not in samples:
            insort(samples, sample)
            del samples[N_SAMPLES:]

    def _count(self) -> None:
        codes = np.frombuffer("".join(self._texts).encode("utf-32-le"), "<u4")
        self._tally.characters = np.bincount(codes)
        self._tally.lengths.update(map(len, self._texts))

    def _hashed(self) -> np.ndarray:
        self._encoded = [text.encode("utf-8") for text in self._texts]
        records = np.empty(len(self._texts), DOCUMENT)
        records["size"] = [len(data) for data in self._encoded]
        keys = b"".join(
            sha256(normal_form(text).encode("utf-8")).digest()[:8] for text in self._texts
        )
        records["key"] = np.frombuffer(keys, ">u8")
        records["surface"] = [crc32(data) for data in self._encoded]
        records["block"] = self._blocks
        return records


def _merged(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The row of a line of which two pieces were prepared one after the other."""
    file, number, first, n, reason, changes, masked = one
    _, _, next_first, more, next_reason, more_changes, more_masked = other
    is_same = n and more and first == next_first  # two lines of one paragraph's document
    n_all = n if is_same else n + more
    return (
        file,
        number,
        first if n else next_first,
        n_all,
        0 if n_all else reason or next_reason,
        changes | more_changes,
        masked | more_masked,
    )


def joined(held: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows behind the one that was held back, which may be of the same line as their first."""
    if len(held) and (held[0]["file"], held[0]["number"]) == (rows[0]["file"], rows[0]["number"]):
        one = np.array([_merged(held[0].item(), rows[0].item())], ROW)
        return np.concatenate([one, rows[1:]])
    return np.concatenate([held, rows])
