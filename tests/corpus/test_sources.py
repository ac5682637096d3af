"""Which files are read, and how they are unpacked."""

import gzip
import io
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from prompt_gen.corpus import stream
from prompt_gen.corpus.sources import find
from prompt_gen.corpus.stream import Stream
from prompt_gen.errors import BadText, NotFound


def names(tmp_path: Path, *given: str) -> list[str]:
    found = find([tmp_path / name for name in given], "auto", tmp_path)
    return [str(source.path.relative_to(tmp_path)) for source in found]


def test_a_directory_is_searched(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.txt", "b/a.csv.gz", "b/picture.png", "a.md", "c.JSON", "d.parquet.zst"):
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path, ".") == ["a.md", "b/a.csv.gz", "c.JSON", "d.parquet.zst", "z.txt"]


def test_a_pattern_finds_files(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("a1.txt", "a2.txt", "b/a3.txt", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert names(tmp_path, "a*.txt") == ["a1.txt", "a2.txt"]
    assert names(tmp_path, "**/a*.txt") == ["a1.txt", "a2.txt", "b/a3.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_bytes(b"x")
    assert names(tmp_path, "a[1].txt") == ["a[1].txt"]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert names(tmp_path, "a.txt", "a.txt", "*.txt") == ["a.txt"]


def test_the_standard_input_is_kept_while_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO("甲\n乙\n".encode())))
    (source,) = find(["-"], "auto", tmp_path)
    assert (source.name, source.kind) == ("stdin", "text")
    assert source.path.read_text("utf-8") == "甲\n乙\n"


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("missing.txt", NotFound, "no such file"),
        ("*.csv", NotFound, "no file fits"),
        ("table.xlsx", BadText, "not of a kind that is read"),
        ("nothing", BadText, "no text in the directory"),
    ],
)
def test_what_cannot_be_read_is_refused(
    tmp_path: Path, name: str, kind: type, message: str
) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(kind, match=message) as caught:
        find([tmp_path / name], "auto", tmp_path)
    assert caught.value.hint


def test_no_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file was given"):
        find([], "auto", tmp_path)


TEXT = "\n".join(f"第{i}行：多喝温水" for i in range(30_000)).encode()
PACKED = {
    "gz": gzip.compress(TEXT),
    "gz in parts": gzip.compress(TEXT[:100_000]) + gzip.compress(TEXT[100_000:]),
    "zst": zstandard.compress(TEXT),
    "zst in parts": zstandard.compress(TEXT[:100_000]) + zstandard.compress(TEXT[100_000:]),
}


@pytest.mark.parametrize("way", PACKED)
def test_packed_files_are_unpacked_whatever_their_name(tmp_path: Path, way: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(PACKED[way])
    blocks = Stream(path)
    assert b"".join(blocks) == TEXT
    assert not blocks.damage


@pytest.mark.parametrize("way", PACKED)
@pytest.mark.parametrize("harm", ["cut", "junk"])
def test_damage_is_said_and_what_comes_before_it_is_kept(
    tmp_path: Path, way: str, harm: str
) -> None:
    path = tmp_path / "lines.txt"
    whole = PACKED[way]
    path.write_bytes(whole[: len(whole) * 3 // 4] if harm == "cut" else whole + b"junk behind it")
    blocks = Stream(path)
    data = b"".join(blocks)
    assert blocks.damage
    assert TEXT.startswith(data)
    assert len(data) > len(TEXT) // 4 if harm == "cut" else data == TEXT


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_UNPACKED", 1 << 21)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"a\n" * (1 << 23)))
    blocks = Stream(path)
    assert sum(map(len, blocks)) <= 1 << 22
    assert "more than 100 times" in blocks.damage


def test_files_of_the_given_format_need_no_known_name(tmp_path: Path) -> None:
    (tmp_path / "export.dat").write_text("a,b\n")
    (source,) = find([tmp_path / "export.dat"], "csv", tmp_path)
    assert source.kind == "csv"
