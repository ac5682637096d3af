"""Files appear whole or not at all, and nothing is lost when a crash comes between two steps."""

import multiprocessing
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from prompt_gen.run import Run
from prompt_gen.storage import clear_leftovers, save_array, staged_directory, write_atomic


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomic(path, "old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_failed_block_leaves_the_old_directory(tmp_path: Path) -> None:
    with staged_directory(tmp_path / "best") as staged:
        (staged / "a").write_text("old")
    with pytest.raises(IsADirectoryError), staged_directory(tmp_path / "best") as staged:
        staged.write_text("a directory cannot be written like a file")
    assert (tmp_path / "best" / "a").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["best"]


@pytest.mark.parametrize("name", ["bundle", "training/best", "training/checkpoints/step-00000060"])
def test_a_crash_between_the_two_renames_is_put_right(tmp_path: Path, name: str) -> None:
    run = Run(tmp_path / "run")
    run.begin()
    best = run.path / name
    with staged_directory(best) as staged:
        (staged / "weights").write_text("old")
    best.rename(best.with_name(f".{best.name}.old"))  # as if the power had gone just here
    Run(tmp_path / "run")
    assert (best / "weights").read_text() == "old"


def test_a_failing_second_rename_puts_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staged_directory(tmp_path / "best") as staged:
        (staged / "weights").write_text("old")
    true_rename = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise OSError(5, "input/output error")
        return true_rename(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OSError, match="input/output"), staged_directory(tmp_path / "best"):
        pass
    assert (tmp_path / "best" / "weights").read_text() == "old"


def test_two_threads_write_one_file(tmp_path: Path) -> None:
    texts = ["a" * 100_000, "b" * 100_000]
    writers = [
        threading.Thread(target=lambda t=t: [write_atomic(tmp_path / "f", t) for _ in range(20)])
        for t in texts
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (tmp_path / "f").read_text() in texts
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def _die_while_staging(path: Path) -> None:
    with staged_directory(path) as staged:
        (staged / "half").write_text("half")
        os._exit(9)


def test_what_the_dead_had_staged_is_cleared_and_what_the_living_have_is_not(
    tmp_path: Path,
) -> None:
    child = multiprocessing.get_context("fork").Process(
        target=_die_while_staging, args=(tmp_path / "best",)
    )
    child.start()
    child.join()
    assert len(list(tmp_path.glob(".best.*.partial"))) == 1
    with staged_directory(tmp_path / "best") as mine:
        clear_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == [mine]


def test_of_two_who_make_the_same_the_first_stays(tmp_path: Path) -> None:
    with staged_directory(tmp_path / "base", keep_first=True) as late:
        (late / "who").write_text("late")
        with staged_directory(tmp_path / "base", keep_first=True) as first:
            (first / "who").write_text("first")
    assert (tmp_path / "base" / "who").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["base"]


def test_a_file_that_came_out_short_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_atomic(tmp_path / "f", "the old one")
    true_write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda self, data: true_write(self, data[:3]))
    with pytest.raises(OSError, match="3 of 11 bytes"):
        write_atomic(tmp_path / "f", "the new one")
    assert (tmp_path / "f").read_text() == "the old one"


@pytest.mark.parametrize("array", [np.arange(7, dtype=np.int16), np.zeros((2, 3)), np.empty(0)])
def test_arrays_are_what_numpy_writes(tmp_path: Path, array: np.ndarray) -> None:
    save_array(tmp_path / "ours.npy", array)
    np.save(tmp_path / "theirs.npy", array)
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "theirs.npy").read_bytes()
