"""The documents of one part on disk, read as they are asked for.

`PART.json` is a JSON array with one text per line, as in the book; `PART.counts.npy` says how many
input lines each stands for, `PART.groups.npy` which of them are near-duplicates of one another.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged

_AGAIN = "Make it again: prompt-gen corpus FILE --out DIR --force"


class Documents:
    """Texts in order; can be gone through any number of times, and never all in memory.

    Raises:
        Damaged: while going through them, where the file is not what was written.
    """

    def __init__(self, directory: Path, part: str) -> None:
        self.path = directory / f"{part}.json"
        self._directory = directory
        self._part = part

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[str]:
        n_read = 0
        try:
            with self.path.open(encoding="utf-8") as file:
                for line in islice(file, 1, None):
                    if line.startswith("]"):
                        break
                    yield json.loads(line.rstrip(",\n"))
                    n_read += 1
        except (OSError, ValueError) as error:
            raise Damaged(f"'{self.path}' is damaged: {error}", _AGAIN) from error
        if n_read != len(self):
            raise Damaged(
                f"'{self.path}' is damaged: it holds {n_read:,} of {len(self):,} documents", _AGAIN
            )

    @property
    def n_chars(self) -> int:
        """Characters of all texts; takes a pass over them."""
        return self._n_chars

    @cached_property
    def _n_chars(self) -> int:
        return sum(map(len, self))

    @cached_property
    def counts(self) -> np.ndarray:
        """int32: input lines that each document stands for."""
        return self._array("counts")

    @cached_property
    def groups(self) -> np.ndarray:
        """int32: equal for near-duplicates, counted from 0 in the order of first sight."""
        return self._array("groups")

    @property
    def weights(self) -> np.ndarray:
        """float32: how often an epoch of training should show each document.

        A group that stands for N lines weighs sqrt(N) in all, a document in it by its share of
        them: a line that occurs nine times counts thrice, nine near-duplicates a third each.
        """
        totals = np.bincount(self.groups, self.counts)
        return (self.counts / np.sqrt(totals[self.groups])).astype(np.float32)

    def _array(self, name: str) -> np.ndarray:
        path = self._directory / f"{self._part}.{name}.npy"
        try:
            return np.load(path)
        except (OSError, ValueError) as error:
            raise Damaged(f"'{path}' is damaged: {error}", _AGAIN) from error


def write(
    directory: Path, part: str, texts: Iterable[str], counts: np.ndarray, groups: np.ndarray
) -> None:
    """Write a part, as many texts as there are counts and groups."""
    with (directory / f"{part}.json").open("w", encoding="utf-8") as file:
        before = "[\n"
        for text in texts:
            file.write(before + json.dumps(text, ensure_ascii=False))
            before = ",\n"
        file.write("\n]\n" if before == ",\n" else "[\n]\n")
    np.save(directory / f"{part}.counts.npy", counts.astype(np.int32))
    np.save(directory / f"{part}.groups.npy", groups.astype(np.int32))
