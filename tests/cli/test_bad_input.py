"""Bad input: one clear error, an exit code of 2 or 3, and never a traceback."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from prompt_gen.run import Run
from tests.cli.running import here, refused


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    files = {
        "empty.txt": b"",
        "binary.txt": bytes(range(256)) * 100,
        "broken.txt": "好\n".encode() * 5 + b"\xff\xff",
        "small.txt": "高血压要注意饮食。\n".encode(),
        "nothing/picture.png": b"\x89PNG",
        "foreign/notes.txt": b"mine",
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("missing.txt", 2, ("no such file", "missing.txt")),
        ("nothing", 3, ("no text in the directory",)),
        ("empty.txt", 3, ("no line with text",)),
        ("binary.txt", 3, ("binary",)),
        ("broken.txt", 3, ("2 times a byte that fits no character, at 20, 21", "too few")),
        ("small.txt", 3, ("too few", "At least")),
    ],
)
def test_bad_text(bad: Path, name: str, code: int, says: tuple[str, ...]) -> None:
    out = bad / "run"
    refused(code, "train", bad / name, "--out", out, "--steps", "5", says=says)
    assert not (out / "bundle").exists()


def test_bad_bytes_can_be_an_error(bad: Path) -> None:
    args = ("corpus", bad / "broken.txt", "--out", bad / "run", "--on-bad-bytes")
    refused(3, *args, "fail", says=("broken.txt", "offset 20", "skip-line"))
    refused(2, *args, "ignore", says=("on_bad_bytes", "'fail'"))
    assert not (bad / "run").exists()


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("corpus.rules={htm=false}", ("'htm'", "'html'")),
        ('corpus.privacy=["mail"]', ("'mail'", "'email'")),
        ("corpus.format=cvs", ("'cvs'", "'csv'")),
        ("corpus.encoding=utf-9", ("utf-9", "utf-8")),
        ("corpus.privacy_words=none.txt", ("none.txt",)),
    ],
)
def test_unknown_parts_of_the_corpus_station(
    bad: Path, setting: str, says: tuple[str, ...]
) -> None:
    refused(2, "corpus", bad / "small.txt", "--out", bad / "run", "--set", setting, says=says)
    assert not (bad / "run").exists()


def test_an_out_that_is_not_ours_is_left_alone(bad: Path, corpus_file: Path) -> None:
    for out in ("foreign", "small.txt"):
        refused(2, "train", corpus_file, "--out", bad / out, "--force", says=("--out",))
    assert (bad / "foreign" / "notes.txt").read_bytes() == b"mine"
    assert [p.name for p in (bad / "foreign").iterdir()] == ["notes.txt"]


def test_an_out_that_cannot_be_made(bad: Path, corpus_file: Path) -> None:
    refused(3, "corpus", corpus_file, "--out", "/proc/prompt-gen", says=("/proc/prompt-gen",))


def test_a_trained_out_offers_resume_and_force(trained: Run, corpus_file: Path) -> None:
    refused(2, "train", corpus_file, "--out", trained.path, says=("--resume", "--force", "already"))


def test_resume_takes_no_other_settings(trained: Run) -> None:
    args = ("train", "--out", trained.path, "--resume", "--minutes", "3")
    refused(2, *args, says=("--minutes", "--force"))


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("train.minute=3", ("unknown setting 'train.minute'", "'train.minutes'")),
        ("trian.minutes=3", ("unknown setting 'trian'", "'train'")),
        ("train.minutes=soon", ("train.minutes", "'soon'")),
        ("train.minutes=-1", ("train.minutes", "-1")),
        ("minutes", ("section.key=value",)),
        ("vocab.kind=bpf", ("unknown vocabulary 'bpf'", "'bpe'")),
        ("model.architecture=qwen4", ("unknown architecture 'qwen4'", "'qwen3'")),
    ],
)
def test_bad_settings(
    tmp_path: Path, corpus_file: Path, setting: str, says: tuple[str, ...]
) -> None:
    refused(2, "train", corpus_file, "--out", tmp_path / "run", "--set", setting, says=says)


def test_a_bad_settings_file_is_named(tmp_path: Path, corpus_file: Path) -> None:
    path = tmp_path / "my.toml"
    args = ("corpus", corpus_file, "--out", tmp_path / "run", "--config", path)
    refused(2, *args, says=("my.toml",))
    path.write_text("[train\n")
    refused(2, *args, says=("my.toml", "not a TOML file"))
    path.write_text("[corpus]\ntets = 0.1\n")
    refused(2, *args, says=("corpus.tets", "'corpus.test'"))


def test_the_environment_is_checked_too(tmp_path: Path, corpus_file: Path) -> None:
    args = ("corpus", corpus_file, "--out", tmp_path / "run")
    refused(2, *args, says=("corpus.test", "1.5"), PROMPT_GEN_CORPUS__TEST="1.5")


@pytest.mark.parametrize("command", ["complete", "evaluate", "serve"])
def test_what_is_no_bundle(bad: Path, command: str) -> None:
    refused(2, command, bad / "foreign", says=("holds no bundle", "prompt-gen train"))
    refused(2, command, bad / "nowhere", says=("no such directory",))


def test_a_damaged_bundle(trained: Run, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(trained.station("bundle"), tmp_path / "bundle"))
    with (copy / "model.safetensors").open("r+b") as file:
        file.seek(9000)
        file.write(b"\x99\x99")
    refused(3, "complete", copy, "高", says=("model.safetensors", "SHA-256"))


def test_stations_out_of_order(tmp_path: Path, corpus_file: Path) -> None:
    refused(2, "vocab", tmp_path / "run", says=("not a run directory", "prompt-gen corpus"))
    here("corpus", corpus_file, "--out", tmp_path / "run")
    refused(2, "tokenize", tmp_path / "run", says=("no vocabulary", "prompt-gen vocab"))


def test_a_port_in_use(trained: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(2, "serve", trained.path, "--port", port, says=(port, "--port"))


def test_an_address_that_is_not_loopback(trained: Run, tmp_path: Path) -> None:
    refused(
        2,
        "serve",
        trained.path,
        "--host",
        "0.0.0.0",
        says=("0.0.0.0", "keys add"),
        PROMPT_GEN_SERVE__KEYS=str(tmp_path / "keys.json"),
    )


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of two megabytes; needs root and Linux."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted here (needs root)")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path, corpus_file: Path) -> None:
    out = small_disk / "run"
    args = (
        "train", corpus_file, "--out", out, "--steps", "30", "--vocab-size", "900",
        "--set", "model.layers=2", "--set", "model.width=256",
    )  # fmt: skip
    refused(3, *args, says=("the disk is full", "Free some space"))
    run = Run(out)
    assert run.fingerprint("corpus")
    assert not (out / "bundle").exists()
    assert not list(out.rglob("*.partial"))


def test_resume_takes_neither_files_nor_force(trained: Run, corpus_file: Path) -> None:
    before = trained.fingerprint("corpus")
    refused(2, "train", corpus_file, "--out", trained.path, "--resume", says=("files", "--force"))
    refused(2, "train", "--out", trained.path, "--resume", "--force", says=("files", "--force"))
    assert trained.fingerprint("corpus") == before
    assert (trained.path / "bundle").is_dir()


def test_a_broken_run_directory_and_environment(tmp_path: Path, corpus_file: Path) -> None:
    out = tmp_path / "run"
    here("corpus", corpus_file, "--out", out)
    (out / "run.json").write_text('{"form')
    refused(3, "vocab", out, says=("run.json",))
    other = tmp_path / "other"
    refused(2, "corpus", corpus_file, "--out", other, says=("PROMPT_GEN_",), PROMPT_GEN_TRAIN="abc")


def test_a_device_that_is_not_there(trained: Run, tmp_path: Path, corpus_file: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    args = ("train", corpus_file, "--out", tmp_path / "run", "--set", "train.device=cuda")
    refused(2, *args, says=("train.device", "cuda", "cpu"))
