"""The documents of one part on disk, read as they are asked for.

`PART.json` is a JSON array with one text per line, as in the book. Beside it are arrays with one
number per document: `counts` says how many input lines it stands for, `groups` is equal for
near-duplicates, and for the held-out parts `seen` counts its first characters that a training
document begins with as well.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from prompt_gen.errors import Damaged
from prompt_gen.storage import save_array

_SPECIAL = re.compile(r'["\\\x00-\x1f]')  # what JSON escapes
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
                    yield _text(line.rstrip(",\n"))
                    n_read += 1
        except (OSError, ValueError) as error:
            raise Damaged(f"'{self.path}' is damaged: {error}", _AGAIN) from error
        if n_read != len(self):
            raise Damaged(
                f"'{self.path}' is damaged: it holds {n_read:,} of {len(self):,} documents", _AGAIN
            )

    @cached_property
    def n_chars(self) -> int:
        """Characters of all texts; takes a pass over them."""
        return sum(map(len, self))

    @cached_property
    def counts(self) -> np.ndarray:
        """int32: input lines that each document stands for."""
        return self._array("counts")

    @cached_property
    def groups(self) -> np.ndarray:
        """int32: equal for near-duplicates, counted from 0 in the order of first sight."""
        return self._array("groups")

    @cached_property
    def seen(self) -> np.ndarray:
        """int16: first characters, up to 64, that some training document begins with.

        A prefix of a held-out document is a seen one if it is no longer than that.
        """
        return self._array("seen")

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


def _text(spelled: str) -> str:
    """The text of a JSON string; most need no parser."""
    if "\\" not in spelled and len(spelled) > 1 and spelled[0] == spelled[-1] == '"':
        return spelled[1:-1]
    return json.loads(spelled)


def _spelled(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if _SPECIAL.search(text) else f'"{text}"'


class Writer:
    """Writes a part: its texts one by one, its arrays at once."""

    def __init__(self, directory: Path, part: str) -> None:
        self._stem = directory / part
        self._file = (directory / f"{part}.json").open("w", encoding="utf-8")
        self._before = "[\n"

    def add(self, text: str) -> None:
        """Append a document."""
        self._file.write(self._before + _spelled(text))
        self._before = ",\n"

    def keep(self, name: str, array: np.ndarray) -> None:
        """Write an array with one number for each document."""
        save_array(Path(f"{self._stem}.{name}.npy"), array)

    def close(self) -> None:
        """Finish the texts."""
        self._file.write("[\n]\n" if self._before == "[\n" else "\n]\n")
        self._file.close()
