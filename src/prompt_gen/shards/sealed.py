"""One file of the shards: a header that vouches for itself and for the arrays behind it.

The header takes 4 096 bytes: a magic number, then JSON padded with spaces. Its `sha256` is that of
the arrays' bytes followed by the rest of the header, so no bit of the file can change unnoticed.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.errors import Damaged

MAGIC = b"PGSHARD\n"
VERSION = 2
HEADER_BYTES = 4096
AGAIN = "Make the shards again: prompt-gen tokenize DIR --force"


class Writer:
    """Takes arrays one after another; the file counts once it is sealed."""

    def __init__(self, path: Path) -> None:
        self.n_bytes = HEADER_BYTES
        self._digest = hashlib.sha256()
        self._file = path.open("wb")
        self._file.seek(HEADER_BYTES)

    def append(self, array: np.ndarray) -> None:
        """Write an array's elements behind those that are there."""
        self._digest.update(array.data)
        self.n_bytes += self._file.write(array.data)

    def seal(self, header: dict[str, Any]) -> None:
        """Write the header and close the file."""
        header = {"version": VERSION, **header}
        self._digest.update(json.dumps(header).encode())
        header["sha256"] = self._digest.hexdigest()
        self._file.seek(0)
        self._file.write((MAGIC + json.dumps(header).encode()).ljust(HEADER_BYTES))
        self._file.close()


def read(path: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The header and the bytes behind it, mapped; `verify` says whether they are whole.

    Raises:
        Damaged: it is no file of this version.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
        header = json.loads(head.removeprefix(MAGIC))
        if not head.startswith(MAGIC) or header["version"] != VERSION:
            raise ValueError(f"no shard of version {VERSION}")
        if path.stat().st_size == HEADER_BYTES:  # an empty map is not allowed
            return header, np.empty(0, np.uint8)
        mapped = np.memmap(path, np.uint8, "r", offset=HEADER_BYTES)
        return header, mapped.view(np.ndarray)  # whose pieces are had in half the time
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"'{path}' is not a whole shard: {error}", AGAIN) from error


def verify(path: Path, header: dict[str, Any], body: np.ndarray) -> None:
    """Compare content and header with the header's checksum.

    Raises:
        Damaged: they differ; both checksums are named.
    """
    digest = hashlib.sha256(body.data)
    digest.update(json.dumps({k: v for k, v in header.items() if k != "sha256"}).encode())
    found, said = digest.hexdigest(), str(header.get("sha256"))
    if found != said:
        raise Damaged(
            f"'{path}' is damaged: its content is {found[:12]}, its header says {said[:12]}", AGAIN
        )
