"""What happened to every line that was read, and why: exactly one row per line.

`ledger.parquet` has the columns

    file, line    where it stands; in an array or a column file the number of the record
    fate          kept, merged, split, masked or dropped
    reason        why it was dropped; "exact duplicate" where it was merged
    changes       the cleaning rules that changed it
    private       the kinds of private data found in it
    part          train, validation or test
    documents     where its text went: indices within the part
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from prompt_gen.corpus.clean import names
from prompt_gen.corpus.privacy import KINDS
from prompt_gen.corpus.split import PARTS

FATES = ("kept", "merged", "split", "masked", "dropped")
KEPT, MERGED, SPLIT, MASKED, DROPPED = range(len(FATES))
_WORD = pa.dictionary(pa.int32(), pa.string())
SCHEMA = pa.schema(
    [
        ("file", _WORD),
        ("line", pa.int64()),
        ("fate", _WORD),
        ("reason", _WORD),
        ("changes", _WORD),
        ("private", _WORD),
        ("part", _WORD),
        ("documents", pa.list_(pa.int32())),
    ]
)


@dataclass(frozen=True)
class Places:
    """Where every document that was read went, by its number."""

    ranks: np.ndarray  # int32 by document: the rank of the different one that stands for it
    is_chosen: np.ndarray  # bool by document: it stands for itself
    part: np.ndarray  # uint8 by rank: index into PARTS
    index: np.ndarray  # int32 by rank: within the part


class Ledger:
    """Writes rows in the order of reading; the totals must add up to the lines read."""

    def __init__(self, path: Path, files: Sequence[str], reasons: Sequence[str]) -> None:
        self._writer = pq.ParquetWriter(path, SCHEMA, compression="zstd")
        self._files = pa.array(files, pa.string())
        self._reasons = ["", *reasons, "exact duplicate"]
        self.totals: Counter[str] = Counter()

    def add(self, rows: np.ndarray, places: Places) -> None:
        """Enter rows of the type spool.ROW."""
        n = rows["n_documents"]
        first = np.where(n > 0, rows["first"], 0)
        fates = np.full(len(rows), KEPT, np.int32)
        fates[rows["masked"] > 0] = MASKED
        fates[n > 1] = SPLIT
        fates[(n > 0) & (_n_chosen(rows, places) == 0)] = MERGED
        fates[n == 0] = DROPPED
        reasons = np.where(fates == MERGED, len(self._reasons) - 1, rows["reason"])
        documents = _documents(rows, places)
        part = np.where(n > 0, places.part[places.ranks[first]].astype(np.int32), -1)
        columns = {
            "file": pa.DictionaryArray.from_arrays(pa.array(rows["file"]), self._files),
            "line": pa.array(rows["number"]),
            "fate": _words(fates, FATES),
            "reason": _words(reasons.astype(np.int32), self._reasons),
            "changes": _bits(rows["changes"], names),
            "private": _bits(rows["masked"], _kinds),
            "part": _words(part, PARTS),
            "documents": documents,
        }
        self._writer.write_table(pa.table(columns, SCHEMA))
        counts = np.bincount(fates * len(self._reasons) + reasons)
        for code in np.flatnonzero(counts).tolist():
            fate, why = FATES[code // len(self._reasons)], self._reasons[code % len(self._reasons)]
            self.totals[f"{fate}: {why}" if why else fate] += int(counts[code])

    def close(self, n_lines: int) -> dict[str, int]:
        """Finish the file; lines by fate and reason.

        Raises:
            AssertionError: they do not add up to `n_lines`; a bug, never the user's fault.
        """
        self._writer.close()
        if self.totals.total() != n_lines:
            raise AssertionError(f"{n_lines} lines read, {self.totals.total()} accounted for")
        return dict(sorted(self.totals.items()))


def _n_chosen(rows: np.ndarray, places: Places) -> np.ndarray:
    """How many documents of each row stand for themselves."""
    if not rows["n_documents"].any():
        return np.zeros(len(rows), np.int64)
    begin = int(rows["first"].min())
    end = int((rows["first"] + rows["n_documents"]).max())
    until = np.concatenate([[0], np.cumsum(places.is_chosen[begin:end])])
    first = rows["first"] - begin
    return until[first + rows["n_documents"]] - until[first]


def _documents(rows: np.ndarray, places: Places) -> pa.ListArray:
    """The indices of each row's documents within their part."""
    n = rows["n_documents"].astype(np.int64)
    ends = np.cumsum(n)
    inner = np.repeat(rows["first"] - (ends - n), n) + np.arange(ends[-1] if len(ends) else 0)
    values = places.index[places.ranks[inner]] if len(inner) else np.empty(0, np.int32)
    borders = np.concatenate([[0], ends]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(borders), pa.array(values, pa.int32()))


def _words(codes: np.ndarray, words: Sequence[str]) -> pa.DictionaryArray:
    """Codes below zero are missing."""
    indices = pa.array(codes, pa.int32(), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _bits(masks: np.ndarray, names_of: Callable[[int], Iterable[str]]) -> pa.DictionaryArray:
    values, codes = np.unique(masks, return_inverse=True)
    words = [" ".join(names_of(int(mask))) for mask in values]
    return _words(codes.astype(np.int32), words)


def _kinds(mask: int) -> tuple[str, ...]:
    return tuple(kind for i, kind in enumerate(KINDS) if mask >> i & 1)


def row_of(path: Path, file: str, line: int, n_back: int) -> dict | None:
    """The row of a line, or of a record that begins less than `n_back` lines before it."""
    filters = [("file", "==", file), ("line", "<=", line), ("line", ">", line - n_back)]
    rows = pq.read_table(path, filters=filters).to_pylist()
    return max(rows, key=lambda row: row["line"], default=None)


def source_of(path: Path, part: str, document: int) -> dict | None:
    """The row of the line that a document was taken from."""
    filters = [("part", "==", part), ("fate", "!=", "merged")]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            table = pa.Table.from_batches([batch]).filter(pq.filters_to_expression(filters))
            lists = table["documents"].combine_chunks()
            at = np.flatnonzero(lists.flatten().to_numpy() == document)
            if len(at):
                row = lists.value_parent_indices()[int(at[0])].as_py()
                return table.slice(row, 1).to_pylist()[0]
    return None
