"""The table of errors: its documentation is what it does."""

import errno
import inspect
import re

import pytest

from prompt_gen import errors
from prompt_gen.errors import PromptGenError


def all_errors() -> dict[str, type[PromptGenError]]:
    classes = inspect.getmembers(errors, inspect.isclass)
    return {name: kind for name, kind in classes if issubclass(kind, PromptGenError)}


def test_the_documented_tree_is_the_tree() -> None:
    rows = re.findall(r"^[ │├└─]*(\w+) +(\d+) +(\d+)", errors.__doc__ or "", re.MULTILINE)
    documented = {name: (int(code), int(status)) for name, code, status in rows}
    real = {name: (k.exit_code, k.http_status) for name, k in all_errors().items()}
    del real["PromptGenError"]
    assert documented == real


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, errors.StorageError),
        (errno.EDQUOT, errors.StorageError),
        (errno.EACCES, errors.StorageError),
        (errno.EROFS, errors.StorageError),
        (errno.ENOENT, errors.NotFound),
        (errno.EIO, errors.StorageError),
    ],
)
def test_operating_system_errors_name_the_place(number: int, kind: type) -> None:
    ours = errors.from_os_error(OSError(number, "reason", "/some/place"))
    assert type(ours) is kind
    assert "/some/place" in ours.message
    assert ours.hint


def test_did_you_mean_names_the_nearest_word() -> None:
    assert errors.did_you_mean("qwen2", ["qwen3", "gpt2"]) == "Did you mean 'qwen3'?"
    assert errors.did_you_mean("xyz", ["b", "a"]) == "Known: a, b"
