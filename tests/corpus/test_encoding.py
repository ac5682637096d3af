"""Bytes to lines: the encoding is found, and a bad byte costs its own line only."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.corpus import encoding
from prompt_gen.corpus.encoding import BAD, Decoder, Unfinished
from prompt_gen.errors import BadText, SettingError

SIMPLIFIED = "高血压患者要注意饮食，少吃盐。\n糖尿病患者可以吃苹果吗？\n" * 3
TRADITIONAL = "高血壓患者應該注意飲食，少吃鹽。\n糖尿病可以吃水果嗎？請問醫生。\n" * 3
FRENCH = "Le café est très bon. À l’été prochain, garçon !\nDéjà vu, où êtes-vous ?\n"


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (SIMPLIFIED, "gbk", "gb18030"),
        (SIMPLIFIED + "𠮷野家的药\n", "gb18030", "gb18030"),  # a code of four bytes
        ("你好\n", "gbk", "gb18030"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (FRENCH.replace("’", "'"), "latin-1", "cp1252"),
        (FRENCH, "cp1252", "cp1252"),
        ("これは日本語です。薬を飲んでください。\n", "shift_jis", "shift_jis"),
        ("이것은 한국어 텍스트입니다. 약을 드세요.\n", "euc-kr", "euc_kr"),
        ("plain ASCII\n", "ascii", "ascii"),
        ("ASCII first\n" * 200_000 + SIMPLIFIED, "gbk", "gb18030"),
        ("ASCII first\n" * 200_000 + SIMPLIFIED, "utf-8", "utf-8"),
    ],
)
def test_encodings_are_found(text: str, written: str, found: str) -> None:
    decoder = Decoder(cut(text.encode(written), 1 << 20), "a file")
    assert list(decoder) == text.splitlines()
    assert decoder.encoding == found
    assert not decoder.bad.n


@given(
    st.lists(st.text(st.sampled_from("甲a é\t\u2028😀"), max_size=6), min_size=1),
    st.sampled_from(["utf-8", "utf-16", "gb18030"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 7),
)
def test_lines_do_not_depend_on_where_blocks_end(
    lines: list[str], written: str, end: str, size: int
) -> None:
    data = (end.join(lines) + end).encode(written)
    assert list(Decoder(cut(data, size), "a file", written)) == lines


@pytest.mark.parametrize("written", ["utf-8", "gb18030", "big5hkscs"])
def test_a_bad_byte_costs_its_line_only_and_its_place_is_known(written: str) -> None:
    text = TRADITIONAL if written.startswith("big5") else SIMPLIFIED
    lines = text.encode(written).split(b"\n")
    lines[2] = lines[2][:6] + b"\xff" + lines[2][6:]
    decoder = Decoder([b"\n".join(lines)], "a file")
    read = list(decoder)
    assert decoder.encoding == written
    assert [i for i, line in enumerate(read) if BAD in line] == [2]
    assert read[:2] + read[3:] == text.splitlines()[:2] + text.splitlines()[3:]
    assert decoder.bad.offsets[0] == len(b"\n".join(lines[:2])) + 1 + 6


@given(st.integers(1, 9))
def test_offsets_do_not_depend_on_blocks(size: int) -> None:
    data = SIMPLIFIED.encode()[:30] + b"\xff" + SIMPLIFIED.encode()[30:] + b"\xe4\xb8"
    decoder = Decoder(cut(data, size), "a file", "utf-8")
    list(decoder)
    assert decoder.bad.offsets == [30, len(data) - 2]


def test_a_stray_byte_at_the_beginning_does_not_decide_for_the_rest() -> None:
    chinese = SIMPLIFIED.encode() * 40
    for filler in (20_000, 200_000):  # in one block with the rest, and blocks before it
        data = b"caf\xe9\n" + b"plain line\n" * filler + chinese
        decoder = Decoder(cut(data, 1 << 20), "a file")
        lines = list(decoder)
        assert decoder.encoding == "utf-8"
        assert lines[-240:] == SIMPLIFIED.splitlines() * 40


@pytest.mark.parametrize("name", ["rot13", "hex", "idna", "undefined", "nothing"])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match=name):
        encoding.check_encoding(name)


def test_a_binary_file_is_refused() -> None:
    for data in (bytes(range(256)) * 40, b"\x00" * 100 + "文".encode(), b"PK\x03\x04\x01\x02" * 99):
        with pytest.raises(BadText, match="binary"):
            list(Decoder([data], "a file"))


def test_a_line_too_long_for_the_memory_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "MAX_LINE_CHARS", 50)
    text = "多喝温水。" * 100 + "\n短\n"
    read = list(Decoder(cut(text.encode(), 64), "a file", max_line_chars=50))
    *pieces, last, short = read
    assert all(type(piece) is Unfinished and piece.endswith("。") for piece in pieces)
    assert "".join(pieces) + last == "多喝温水。" * 100
    assert type(last) is str
    assert short == "短"


@pytest.mark.data
def test_real_files(data: Path) -> None:
    for name, n_bad in (("gb18030-not-gbk.txt", 0), ("gb18030-invalid.txt", 1)):
        decoder = Decoder([(data / "encoding" / name).read_bytes()], name)
        lines = list(decoder)
        assert decoder.encoding == "gb18030"
        assert sum(BAD in line for line in lines) == n_bad
    assert decoder.bad.offsets[0] == 27395
