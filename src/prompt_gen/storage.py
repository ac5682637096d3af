"""Files that appear whole or not at all, and directories that vouch for what is in them.

What is written is staged beside its place under a name of its own, forced to the disk, measured,
and then renamed: a reader, a crash, a full disk or a power cut sees the old content or the new.
"""

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_gen import lock
from prompt_gen.errors import Damaged

if TYPE_CHECKING:
    import numpy as np

_AGAIN = "Take it from a copy, or train again with --force"
SUMS = "SHA256SUMS"  # as `sha256sum -c` reads it
_STAGED, _ASIDE = ".partial", ".old"


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Force a file's or a directory's content to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no directories
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes | str, *, private: bool = False) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new, never half.

    A private file is for whom its directory belongs to, also where another (root) writes it.
    """
    data = data.encode("utf-8") if isinstance(data, str) else data
    staged = _staged_name(path)
    try:
        staged.touch(0o600 if private else 0o666, exist_ok=False)
        if private and os.name != "nt" and os.geteuid() == 0:
            owner = path.parent.stat()
            os.chown(staged, owner.st_uid, owner.st_gid)
        with _claimed(staged):
            write_whole(staged, data)
            sync(staged)
            staged.replace(path)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    sync(path.parent)


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write all bytes of a file.

    Raises:
        OSError: it has another size afterwards, whatever the system said while writing.
    """
    path.write_bytes(data)
    if (found := path.stat().st_size) != len(data):
        why = f"{found:,} of {len(data):,} bytes were written"
        raise OSError(errno.ENOSPC, why, str(path))


def link(old: Path, new: Path) -> None:
    """The same file at a second place; a copy where the file system has no hard links."""
    try:
        os.link(old, new)
    except OSError:
        shutil.copyfile(old, new)


def save_array(path: Path, array: "np.ndarray") -> None:
    """Write what `np.save` writes; that loses the end of an array on a full disk in silence."""
    import numpy as np

    form = np.lib.format
    with path.open("wb") as file:
        form.write_array_header_1_0(file, form.header_data_from_array_1_0(array))
        file.write(np.ascontiguousarray(array).data)


@contextmanager
def staged_directory(path: Path, *, keep_first: bool = False) -> Iterator[Path]:
    """A new directory beside `path` that takes its place when the block ends well.

    After an error the staged files are removed and `path` is as it was. With `keep_first` a `path`
    that another process has made meanwhile is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = _staged_name(path)
    staged.mkdir()
    try:
        with _claimed(staged):
            yield staged
            for file in staged.rglob("*"):
                sync(file)
            sync(staged)
            if keep_first and path.exists():
                shutil.rmtree(staged)
            else:
                replace_directory(staged, path)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def replace_directory(staged: Path, path: Path) -> None:
    """Move `staged` to `path`; an old `path` steps aside first and is then removed."""
    aside = path.with_name(f".{path.name}{_ASIDE}")
    shutil.rmtree(aside, ignore_errors=True)
    if path.exists():
        path.rename(aside)
    try:
        staged.rename(path)
    except BaseException:
        put_back(path.parent)
        raise
    sync(path.parent)
    shutil.rmtree(aside, ignore_errors=True)


def stepped_aside(parent: Path) -> Iterator[tuple[Path, Path]]:
    """What stepped aside for a directory that has not come, and where it was."""
    for aside in parent.glob(f".*{_ASIDE}"):
        path = parent / aside.name.removeprefix(".").removesuffix(_ASIDE)
        if not path.exists():
            yield aside, path


def put_back(parent: Path) -> None:
    """Give back what stepped aside for a directory that never came."""
    for aside, path in stepped_aside(parent):
        aside.rename(path)


def clear_leftovers(parent: Path) -> None:
    """Remove what processes that are gone had staged in a directory."""
    if os.name == "nt" or not parent.is_dir():
        return  # Windows opens no directories, so that nobody could say which are in use
    for left in parent.iterdir():
        if left.name.startswith(".") and left.name.endswith(_STAGED) and _is_left(left):
            shutil.rmtree(left, ignore_errors=True)
            with suppress(OSError):
                left.unlink()


def _staged_name(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{_STAGED}")


@contextmanager
def _claimed(staged: Path) -> Iterator[None]:
    """Have other processes see, while the block runs, that this is no leftover."""
    if os.name == "nt":
        yield
        return
    descriptor = os.open(staged, os.O_RDONLY)
    try:
        with suppress(OSError):
            lock.seize(descriptor)
        yield
    finally:
        os.close(descriptor)


def _is_left(staged: Path) -> bool:
    """Whether no process is at work on it any more."""
    try:
        descriptor = os.open(staged, os.O_RDONLY)
    except OSError:
        return False
    try:
        return lock.seize(descriptor)
    except OSError:
        return False  # no locks here: it may be somebody's
    finally:
        os.close(descriptor)


def write_sealed(directory: Path, files: dict[str, bytes]) -> None:
    """Write files and, in `SHA256SUMS`, the checksums of what was meant to be in them."""
    for name, data in files.items():
        write_whole(directory / name, data)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    write_whole(directory / SUMS, _sums(digests))


def check_sealed(directory: Path, names: Sequence[str]) -> None:
    """Compare every byte of the files that `write_sealed` wrote with the checksums.

    Raises:
        Damaged: a file is missing or has changed, the checksums themselves included.
    """
    try:
        said = (directory / SUMS).read_bytes()
        found = {name: file_hash(directory / name) for name in names}
    except OSError as error:
        raise Damaged(f"'{error.filename}' cannot be read: {error.strerror}", _AGAIN) from error
    if _sums(found) != said:
        lines = {name: _sums({name: digest}) for name, digest in found.items()}
        changed = ", ".join(name for name in names if lines[name] not in said) or SUMS
        raise Damaged(f"'{directory}' is damaged: {changed} is not what was written", _AGAIN)


def _sums(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items()).encode()
