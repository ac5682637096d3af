"""What happened to every line that was read, and why: exactly one row per line.

`ledger.parquet` has the columns file, line (from 1), fate (`kept`, `merged`, `dropped`), reason,
part and document (index within the part; for a merged line, of the document it is counted in).
"""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_SCHEMA = pa.schema(
    [
        ("file", pa.dictionary(pa.int32(), pa.string())),
        ("line", pa.int64()),
        ("fate", pa.dictionary(pa.int32(), pa.string())),
        ("reason", pa.dictionary(pa.int32(), pa.string())),
        ("part", pa.dictionary(pa.int32(), pa.string())),
        ("document", pa.int64()),
    ]
)


class Ledger:
    """Rows in the order of reading; the totals must add up to the lines read."""

    def __init__(self) -> None:
        self._rows: dict[str, list] = {name: [] for name in _SCHEMA.names}

    def add(self, file: str, line: int, fate: str, reason: str, text_id: int | None) -> None:
        """Enter a line's fate; `text_id` counts distinct texts in the order of first sight."""
        for name, value in zip(
            _SCHEMA.names, (file, line, fate, reason, None, text_id), strict=True
        ):
            self._rows[name].append(value)

    def place(self, parts: list[str]) -> None:
        """Turn text ids into parts and positions within them, once the split is known."""
        seen: Counter[str] = Counter()
        places = []
        for part in parts:
            places.append((part, seen[part]))
            seen[part] += 1
        for row, text_id in enumerate(self._rows["document"]):
            if text_id is not None:
                self._rows["part"][row], self._rows["document"][row] = places[text_id]

    def totals(self, n_lines: int) -> dict[str, int]:
        """Lines by fate and reason.

        Raises:
            AssertionError: they do not add up to `n_lines`; a bug, never the user's fault.
        """
        fates = zip(self._rows["fate"], self._rows["reason"], strict=True)
        counts = Counter(f"{fate}: {reason}" if reason else fate for fate, reason in fates)
        if sum(counts.values()) != n_lines:
            raise AssertionError(f"{n_lines} lines read, {sum(counts.values())} accounted for")
        return dict(sorted(counts.items()))

    def write(self, path: Path) -> None:
        """Save as Parquet."""
        pq.write_table(pa.table(self._rows, schema=_SCHEMA), path, compression="zstd")
