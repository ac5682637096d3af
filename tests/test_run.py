"""The run directory: whole files, and nothing lost when a crash comes between two steps."""

from pathlib import Path

import pytest

from prompt_gen.run import Run
from prompt_gen.storage import staged_directory, write_atomic


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


def test_a_crash_between_the_two_renames_is_put_right(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.begin()
    with staged_directory(run.station("training") / "best") as staged:
        (staged / "weights").write_text("old")
    best = run.station("training") / "best"
    best.rename(best.with_name(".best.old"))  # as if the power had gone just here
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
