"""`metrics.jsonl`: a line for everything a training told, in the order of its steps."""

import json
import math
from pathlib import Path
from typing import Any

from prompt_gen.run import write_atomic

FILE = "metrics.jsonl"

Row = dict[str, Any]  # state, step, and facts


def append(path: Path, row: Row) -> None:
    """Add a row in one write: a kill leaves at most this one broken.

    Numbers that are none (NaN, infinite) are left out, as JSON has no word for them.
    """
    line = json.dumps(_finite(row), ensure_ascii=False, default=str) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(line.encode("utf-8", "replace"))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        known = {name: _finite(inner) for name, inner in value.items()}
        return {name: inner for name, inner in known.items() if inner is not None}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(path: Path) -> tuple[list[Row], int]:
    """The rows of a file, and how many broken lines were skipped; none where it is not there."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    rows = [row for line in lines if (row := _row(line)) is not None]
    return rows, len(lines) - len(rows)


def _row(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    is_row = isinstance(row, dict) and isinstance(row.get("step"), int) and "state" in row
    return row if is_row else None


def cut(path: Path, step: int) -> None:
    """Leave the rows up to a step, and nothing broken: the run goes on from there."""
    if path.exists():
        kept = [json.dumps(row, ensure_ascii=False) for row in read(path)[0] if row["step"] <= step]
        write_atomic(path, "".join(f"{row}\n" for row in kept))
