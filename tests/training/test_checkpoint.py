"""Whatever happens to the disk: an old or a new checkpoint is loaded, and never a wrong one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from prompt_gen.errors import Damaged, from_os_error
from prompt_gen.run import Run
from prompt_gen.storage import check_sealed, staged_directory, write_sealed
from prompt_gen.training import checkpoint
from prompt_gen.training.average import Average
from tests.power import DAMAGES, after_a_cut, contents, lay_out, recorded

PRINT = "0123456789abcdef"


def held(seed: int, width: int = 24) -> checkpoint.Held:
    """A model one step into training."""
    torch.manual_seed(seed)
    model = nn.Linear(width, width)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(width)).sum().backward()
    optimizer.step()
    average = Average()
    average.add(model)
    return checkpoint.Held(model, [optimizer], average)


def save(directory: Path, step: int, seed: int | None = None, width: int = 24) -> None:
    state = {"progress": {"step": step, "n_tokens": 7 * step}}
    checkpoint.save(directory, held(seed or step, width), state, PRINT, keep=2)


def loaded(directory: Path) -> int:
    """The step of the newest whole checkpoint, whose weights are those of the step."""
    path, state, _ = checkpoint.newest(directory, PRINT)
    step = state["progress"]["step"]
    ours, other = held(99), held(step)
    checkpoint.restore(path, ours)
    assert state["progress"]["n_tokens"] == 7 * step
    for mine, theirs in zip(ours.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    return step


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("two")
    save(directory, 1)
    save(directory, 2)
    return directory


def spoiled(two: Path, name: str, change: bytes | None) -> None:
    """With a changed file in the newer checkpoint, the older one is loaded and the reason given."""
    with TemporaryDirectory() as where:
        copy = Path(shutil.copytree(two, Path(where) / "copy"))
        path = copy / "step-00000002" / name
        path.unlink() if change is None else path.write_bytes(change)
        found, _, problems = checkpoint.newest(copy, PRINT)
        assert (found.name, len(problems)) == ("step-00000001", 1)
        assert "step-00000002" in problems[0]
        assert "damaged-step-00000002" in {each.name for each in copy.iterdir()}


FILES = ("model.safetensors", "optimizer.safetensors", "state.json", "SHA256SUMS")


@settings(max_examples=250, deadline=None)
@given(name=st.sampled_from(FILES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_every_flipped_bit_is_noticed(two: Path, name: str, place: float, bit: int) -> None:
    data = bytearray((two / "step-00000002" / name).read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    spoiled(two, name, bytes(data))


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True))
def test_every_cut_is_noticed(two: Path, name: str, share: float) -> None:
    data = (two / "step-00000002" / name).read_bytes()
    spoiled(two, name, data[: int(share * len(data))])


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_a_foreign_file_is_noticed(two: Path, name: str) -> None:
    spoiled(two, name, None)
    spoiled(two, name, (two / "step-00000001" / name).read_bytes())


def test_the_newest_is_that_of_the_highest_step_whatever_the_clock_says(two: Path) -> None:
    for number, path in enumerate(sorted(two.iterdir(), reverse=True)):
        os.utime(path, (number * 1e9, number * 1e9))
    assert loaded(two) == 2


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_a_power_cut_leaves_an_old_or_a_new_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / "checkpoints"
    save(where, 1)
    save(where, 2)
    before = contents(where)
    with recorded(where, monkeypatch) as log:
        save(where, 3)
    assert [row[0] for row in log].count("sync") >= 6  # four files and two directories
    states = {
        tuple(sorted(after_a_cut(before, log, n_done, n_named, damage).items()))
        for n_done in range(len(log) + 1)
        for n_named in range(n_done + 1)
        for damage in DAMAGES
    }
    found = set()
    for state in states:
        with TemporaryDirectory() as name:
            lay_out(Path(name), dict(state))
            found.add(loaded(Path(name)))
    assert found == {2, 3}
    assert loaded(where) == 3


@linux
def test_a_power_cut_leaves_the_old_or_the_new_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(content: bytes) -> None:
        with staged_directory(training / "best") as staged:
            write_sealed(staged, {"weights": content * 500})

    run = Run(tmp_path / "run")
    run.begin()
    training = run.station("training")
    write(b"old")
    before = contents(run.path)
    with recorded(run.path, monkeypatch) as log:
        write(b"new")
    found = set()
    for n_done in range(len(log) + 1):
        for n_named in range(n_done + 1):
            for damage in DAMAGES:
                with TemporaryDirectory() as name:
                    lay_out(Path(name), after_a_cut(before, log, n_done, n_named, damage))
                    best = Run(name).station("training") / "best"
                    check_sealed(best, ["weights"])
                    found.add((best / "weights").read_bytes()[:3])
    assert found == {b"old", b"new"}


@pytest.fixture
def disk(tmp_path: Path):
    """A file system of 256 kB; needs root and Linux."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(where)]
    can_mount = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("mount")
    if not can_mount or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_leaves_the_old_checkpoint_and_is_said(disk: Path) -> None:
    """Free space from none to enough, by pages, while the second checkpoint is written."""
    saved = set()
    for n_filled in range(0, 256 << 10, 4096):
        where = disk / "checkpoints"
        save(where, 1)
        filling = disk / "filling"
        try:
            filling.write_bytes(bytes(n_filled))
        except OSError:
            n_filled = -1  # more than there is: the disk is full
        try:
            save(where, 2)
            saved.add(True)
            assert loaded(where) == 2
        except OSError as error:
            saved.add(False)
            told = from_os_error(error)
            assert (told.exit_code, "the disk is full" in told.message) == (3, True)
            assert loaded(where) == 1
            assert [path.name for path in where.iterdir()] == ["step-00000001"]
        filling.unlink(missing_ok=True)
        shutil.rmtree(where)
    assert saved == {True, False}


def test_best_weights_that_are_not_what_was_written_are_refused(tmp_path: Path) -> None:
    with staged_directory(tmp_path / "best") as staged:
        write_sealed(staged, {"model.safetensors": b"weights", "config.json": b"{}"})
    checkpoint.check_best(tmp_path / "best")
    (tmp_path / "best" / "model.safetensors").write_bytes(b"weighty")
    with pytest.raises(Damaged, match=r"model\.safetensors is not what was written"):
        checkpoint.check_best(tmp_path / "best")
