"""Write the bundled corpus files: ``python -m tools.bundled_corpus [--stats] [folder]``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from . import health_lines, helpdesk_lines
from .health import health_labelled
from .helpdesk import helpdesk_labelled

DATA = Path(__file__).resolve().parents[2] / "src" / "prompt_gen" / "data"


def write(path: Path, lines: list[str]) -> None:
    """Write one line each, UTF-8 with LF, whatever the platform."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    print(f"{path}: {len(lines)} lines")


def show_shares(name: str, labelled: Iterable[tuple[str, str]]) -> None:
    """Print the patterns that gave the most lines."""
    counts = Counter(pattern for pattern, _ in labelled)
    total = counts.total()
    print(f"{name}: {len(counts)} patterns, {total} lines")
    for pattern, count in counts.most_common(5):
        print(f"  {count / total:.2%}  {pattern}")


def main() -> None:
    """Write both files, or only show the shares of the patterns."""
    parser = argparse.ArgumentParser(description="Write the bundled corpus files.")
    parser.add_argument("folder", nargs="?", type=Path, default=DATA, help="where to write")
    parser.add_argument("--stats", action="store_true", help="show pattern shares, write nothing")
    options = parser.parse_args()
    if options.stats:
        show_shares("health-zh", health_labelled())
        show_shares("helpdesk-en", helpdesk_labelled())
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    write(options.folder / "health-zh.txt", health_lines())
    write(options.folder / "helpdesk-en.txt", helpdesk_lines())


if __name__ == "__main__":
    main()
