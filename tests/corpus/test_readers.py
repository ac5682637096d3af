"""Every format: what is in it comes out, numbered, and what is broken is accounted for."""

import csv as csv_module
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_gen.corpus import readers
from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.errors import BadText

QUIET = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
TEXTS = st.lists(
    st.text(st.sampled_from("甲乙a\"'\\,;\t{}[]😀 "), min_size=1, max_size=8), min_size=1
)


def read(path: Path, data: str | bytes, kind: str, *fields: str) -> tuple[list[Line], Reading]:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    reading = Reading(path, path.name, fields=fields)
    return list(readers.read(kind, reading)), reading


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines if not line.bad]


def test_every_kind_has_a_name_and_a_reader() -> None:
    assert set(readers.KINDS) == set(readers.READERS)
    for kind, ends in readers.KINDS.items():
        assert all(readers.kind_of(f"A{end.upper()}") == kind for end in ends)
    assert readers.kind_of("notes.docx") == ""


def test_lines_between_blank_ones_belong_together_when_they_are_few(tmp_path: Path) -> None:
    lines, _ = read(tmp_path / "f", "问\n答\n\n问\n答\n" + "\n" + "长\n" * 9, "text")
    assert [line.number for line in lines] == [*range(1, 16)]
    blocks = [line.block for line in lines if line.text]
    assert blocks[0] == blocks[1] != blocks[2] == blocks[3]
    assert len(set(blocks[4:])) == 9


@QUIET
@given(TEXTS)
def test_json_arrays_come_back(tmp_path: Path, wanted: list[str]) -> None:
    for dumped in (json.dumps(wanted), json.dumps(wanted, ensure_ascii=False, indent=1)):
        lines, _ = read(tmp_path / "f", dumped, "json")
        assert texts(lines) == wanted
        assert [line.number for line in lines] == [*range(1, len(wanted) + 1)]


@QUIET
@given(TEXTS)
def test_objects_come_back_from_arrays_and_lines(tmp_path: Path, wanted: list[str]) -> None:
    rows = [{"id": i, "text": text, "tag": "x"} for i, text in enumerate(wanted)]
    array, _ = read(tmp_path / "f", json.dumps(rows, indent=2), "json", "text")
    one_each, _ = read(tmp_path / "g", "\n".join(map(json.dumps, rows)), "jsonl", "text")
    assert texts(array) == texts(one_each) == wanted


@QUIET
@given(TEXTS)
def test_quoted_tables_come_back(tmp_path: Path, wanted: list[str]) -> None:
    out = io.StringIO()
    writer = csv_module.writer(out)
    writer.writerow(["id", "text"])
    writer.writerows([[i, text.replace(" ", "\n")] for i, text in enumerate(wanted)])
    lines, _ = read(tmp_path / "f", out.getvalue(), "csv", "text")
    assert texts(lines[1:]) == [text.replace(" ", "\n") for text in wanted]


def test_a_long_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    wanted = [f"第{i}句" * (i % 50) + "。" for i in range(20_000)] + ["长" * 300_000]
    for dumped in (json.dumps(wanted), json.dumps(wanted, indent=0)):
        lines, _ = read(tmp_path / "f", dumped, "json")
        assert texts(lines) == wanted


@pytest.mark.parametrize(
    ("kind", "data", "good", "bad"),
    [
        ("jsonl", '"甲"\n{"a": \n"乙"\n\n', ["甲", "乙"], ["not JSON", "blank"]),
        ("jsonl", '"甲"\n3\n{"a": 1}\n', ["甲"], ["no text in the record"] * 2),
        ("json", '["甲", "乙" "丙", tru, "丁"]', ["甲", "乙", "丙", "丁"], ["not JSON"]),
        ("json", '[\n"甲",\n"乙\n,"丙",\n"丁"', ["甲", "丙", "丁"], ["not JSON"]),
        ("json", '[{"t": "甲"},\n{"t": "乙",},\n{"t": "丙"}]', ["甲", "丙"], ["not JSON"]),
        ("json", '["甲"]["乙"]', ["甲", "乙"], []),
        ("json", '"甲"\n"乙"', ["甲", "乙"], []),
        ("json", '["甲", {"t": "乙', ["甲"], ["not JSON"]),
        ("csv", 'text,n\n甲,1\n"乙,2\n丙,3\n丁,4\n', ["甲", '"乙', "丙", "丁"], ["header"]),
        ("csv", 'text,n\n5" 钉子,1\n6" 钉子,2\n', ['5" 钉子', '6" 钉子'], ["header"]),
        ("tsv", 'text\tn\n"甲\t1\n"乙"\t2\n', ['"甲', "乙"], ["header"]),
    ],
)  # fmt: skip
def test_what_is_broken_costs_itself_only(
    tmp_path: Path, kind: str, data: str, good: list[str], bad: list[str]
) -> None:
    lines, _ = read(tmp_path / "f", data, kind)
    assert texts(lines) == good
    assert [line.bad for line in lines if line.bad] == bad


@pytest.mark.parametrize(
    ("data", "field", "header"),
    [
        ("text,category\n我要挂号,a\n发烧了,b\n", "text", True),
        ("id;问题\n1;我要挂号\n2;发烧了\n", "问题", True),
        ("我要挂号怎么办？,0.5\n发烧了怎么办？,0.1\n", "1", False),
        ("1,我要挂号\n2,发烧了\n", "2", False),
        ("id|content|note\n1|我要挂号|急\n2|发烧了|\n", "content", True),
    ],
)
def test_the_text_column_is_guessed(tmp_path: Path, data: str, field: str, header: bool) -> None:
    lines, reading = read(tmp_path / "f", data, "csv")
    assert reading.found_fields == (field,)
    assert (lines[0].bad == "header") is header
    assert len(texts(lines)) == 2


def test_other_separators_are_letters_of_a_cell(tmp_path: Path) -> None:
    data = 'id,text,n\n1,"甲，\u2028乙\x85丙",x\n'
    lines, _ = read(tmp_path / "f", data, "csv", "text")
    assert texts(lines) == ["甲，\u2028乙\x85丙"]


def test_a_cell_may_be_longer_than_the_module_takes_by_itself(tmp_path: Path) -> None:
    data = f'id,text,n\n1,"{"长，" * 100_000}",x\n2,短,y\n'
    lines, _ = read(tmp_path / "f", data, "csv", "text")
    assert texts(lines) == ["长，" * 100_000, "短"]


def test_the_sign_of_a_spreadsheet_is_no_header(tmp_path: Path) -> None:
    lines, reading = read(tmp_path / "f", "sep=;\nid;text\n1;甲，乙\n2;丙\n", "csv")
    assert (texts(lines), reading.found_fields) == (["甲，乙", "丙"], ("text",))


def test_columns_of_one_name_and_blanks_around_names(tmp_path: Path) -> None:
    lines, _ = read(tmp_path / "f", "text, text ,n\n甲,乙,1\n", "csv", "text", "text 2")
    assert texts(lines) == ["甲", "乙"]


def test_texts_inside_of_a_field(tmp_path: Path) -> None:
    rows = [{"turns": [{"who": "a", "say": "问"}, {"who": "b", "say": "答"}]}, {"turns": []}]
    lines, _ = read(tmp_path / "f", "\n".join(map(json.dumps, rows)), "jsonl", "turns.say")
    assert [(line.number, line.text, line.bad) for line in lines] == [
        (1, "问", ""),
        (1, "答", ""),
        (2, "", "no text in the record"),
    ]


def test_a_field_may_come_late_but_must_come(tmp_path: Path) -> None:
    rows = [{"text": f"句{i}"} for i in range(150)] + [{"text": "末", "body": "尾"}]
    data = "\n".join(map(json.dumps, rows))
    assert len(texts(read(tmp_path / "f", data, "jsonl", "text", "body")[0])) == 152
    with pytest.raises(BadText, match="no field 'boddy'"):
        read(tmp_path / "f", data, "jsonl", "text", "boddy")


def test_no_guess_between_two_texts(tmp_path: Path) -> None:
    data = "title,body\n发烧,怎么办\n头痛,吃什么药\n"
    with pytest.raises(BadText, match="several fields with text: title, body") as caught:
        read(tmp_path / "f", data, "csv")
    assert "--field" in caught.value.hint
    lines, _ = read(tmp_path / "f", data, "csv", "title", "body")
    assert texts(lines) == ["发烧", "怎么办", "头痛", "吃什么药"]
    assert [line.block for line in lines] == [1, 2, 2, 3, 3]


def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadText, match="no field 'texts'") as caught:
        read(tmp_path / "f", "text,n\n发烧,1\n", "csv", "texts")
    assert "'text'" in caught.value.hint


def test_commas_in_an_unquoted_last_cell_are_text(tmp_path: Path) -> None:
    lines, _ = read(tmp_path / "f", "id,text\n1,a, b, and c\n", "csv")
    assert texts(lines) == ["a, b, and c"]


def test_parquet_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table(
        {"id": [1, 2, 3], "text": ["甲", None, "丙"], "turns": [["一", "二"], [], None]}
    )
    pq.write_table(table, path)
    lines, _ = read(path, path.read_bytes(), "parquet", "text")
    assert texts(lines) == ["甲", "丙"]
    assert [line.number for line in lines] == [1, 2, 3]
    assert texts(read(path, path.read_bytes(), "parquet", "turns")[0]) == ["一", "二"]
    with pytest.raises(BadText, match="no field 'texts'"):
        read(path, path.read_bytes(), "parquet", "texts")
    with pytest.raises(BadText, match="not a whole Parquet file"):
        read(path, path.read_bytes()[:-20], "parquet", "text")


def test_columns_are_told_apart_without_names(tmp_path: Path) -> None:
    lines, reading = read(tmp_path / "f", "糖尿病\t2\n高血压\t1\n", "tsv")
    assert (texts(lines), reading.found_fields) == (["糖尿病", "高血压"], ("1",))


@pytest.mark.data
def test_real_tables(data: Path) -> None:
    def count(name: str, kind: str, *fields: str) -> SimpleNamespace:
        reading = Reading(data / name, name, fields=fields)
        lines = list(readers.read(kind, reading))
        return SimpleNamespace(texts=texts(lines), reading=reading)

    banking = count("banking77/train.csv", "csv")
    with (data / "banking77/train.csv").open(encoding="utf-8", newline="") as file:
        assert banking.texts == [row["text"] for row in csv_module.DictReader(file)]
    sample = count("encoding/gb18030-sample.csv", "csv", "title", "ask", "answer")
    assert len(sample.texts) == 3 * 445
    assert sample.reading.found_encoding == "gb18030"
    assert len(count("queries-en/dev.tsv", "tsv").texts) == 3748
    assert len(count("banking77/categories.json", "json").texts) == 77
