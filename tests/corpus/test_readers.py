"""Files to lines: encodings, line ends, and one clear error for what cannot be read."""

import gzip
from pathlib import Path

import pytest

from prompt_gen.corpus import readers
from prompt_gen.errors import BadText, NotFound

TEXT = "高血压要注意饮食。\n糖尿病患者可以吃苹果吗？\n"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
    ],
)
def test_encodings_are_found(tmp_path: Path, encoding: str, said: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(TEXT.encode(encoding))
    source = readers.read(path)
    assert source.lines == TEXT.splitlines()
    assert source.encoding == said


def test_four_byte_gb18030_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes("𠮷野家的药\n".encode("gb18030"))
    assert readers.read(path).lines == ["𠮷野家的药"]


def test_gz_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert readers.read(path).lines == TEXT.splitlines()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(tmp_path: Path, end: str) -> None:
    path = tmp_path / "lines.txt"
    path.write_bytes(end.join(["一", "", "二\u2028三", ""]).encode())
    assert readers.read(path).lines == ["一", "", "二\u2028三"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.txt", b"", "is empty"),
        ("blank.txt", b" \n\n", "is empty"),
        ("binary.txt", bytes(range(256)) * 40, "binary"),
        ("zeros.txt", b"\x00" * 100 + "文".encode(), "binary"),
        ("broken.txt", TEXT.encode() + b"\xff\n", r"at byte 65 \(0xff, line 3\)"),
        ("cut.txt.gz", gzip.compress(TEXT.encode())[:-9], "not a whole .gz"),
        ("no.txt.gz", b"plain", "not a whole .gz"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(BadText, match=message) as caught:
        readers.read(path)
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_directory_is_searched(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("z.txt", "b/a.txt.gz", "b/picture.png", "a.md"):
        (tmp_path / name).write_bytes(b"x")
    names = [str(path.relative_to(tmp_path)) for path in readers.find([tmp_path])]
    assert names == ["a.md", "b/a.txt.gz", "z.txt"]


def test_a_file_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    assert readers.find([path, path, tmp_path]) == [path]


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("missing.txt", NotFound, "no such file"),
        ("table.xlsx", BadText, "kind that is read"),
        ("nothing", BadText, "no text in the directory"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, name: str, kind: type, message: str) -> None:
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    (tmp_path / "nothing").mkdir()
    with pytest.raises(kind, match=message):
        readers.find([tmp_path / name])


@pytest.mark.data
def test_real_gb18030_files(data: Path) -> None:
    read = readers.read(data / "encoding" / "gb18030-not-gbk.txt")
    assert read.encoding == "gb18030"
    with pytest.raises(BadText, match="at byte 27395"):
        readers.read(data / "encoding" / "gb18030-invalid.txt")
