"""Files with labels to texts: what is understood, and what is refused with its line."""

import gzip
from pathlib import Path

import pytest

from prompt_gen.config import TuneConfig
from prompt_gen.errors import BadText, CorpusTooSmall
from prompt_gen.tasks import TASKS, Labelled, classify, parts, tag

PAIRS = [Labelled(("头痛，怎么办",), ("症状",)), Labelled(("吃什么药",), ("药",))]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'text,label\n"头痛，怎么办",症状\n吃什么药,药\n'),
        ("a.csv", "label,text\r\n症状,头痛，怎么办\r\n药,吃什么药\r\n"),
        ("a.csv", "\ufefftext,category\n头痛，怎么办,症状\n\n吃什么药,药\n"),
        ("a.tsv", "症状\t头痛，怎么办\n药\t吃什么药\n"),  # no header
        (
            "a.jsonl",
            '{"text": "头痛，怎么办", "label": "症状"}\n{"label": "药", "text": "吃什么药"}\n',
        ),
        ("a.csv", "query,意图,id\n头痛，怎么办,症状,1\n吃什么药,药,2\n"),
    ],
)
def test_texts_and_labels_are_found(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    if content.startswith("症状"):  # without a header the column with fewer values is the label
        content += "药\t吃哪种药\n"
    path.write_text(content, "utf-8")
    assert classify.read([path], TuneConfig())[:2] == PAIRS


def test_columns_can_be_named_and_packed_files_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress("a,b,c\n头痛，怎么办,x,症状\n吃什么药,y,药\n".encode()))
    config = TuneConfig(text_field="a", label_field="c")
    assert classify.read([path], config) == PAIRS


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "text,label\n头痛,\n", r"line 2: 'label' is empty"),
        ("a.csv", "text,label\n头痛,症状,多\n", r"line 2: 3 columns, the first line has 2"),
        ("a.csv", "a,b,c\n头痛,x,症状\n", "which of its columns is the label"),
        ("a.csv", "", "holds no labelled text"),
        ("a.jsonl", '{"text": "头痛", "label": "a"}\n[1]\n', "line 2: no object"),
        ("a.jsonl", '{"text": "头痛"\n', "line 1: not JSON"),
        ("a.txt", "头痛\n", "is no table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    with pytest.raises(BadText, match=said):
        classify.read([path], TuneConfig())


def test_an_unknown_column_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n头痛,症状\n", "utf-8")
    with pytest.raises(BadText, match=r"no column 'lable'.*'label'"):
        classify.read([path], TuneConfig(label_field="lable"))


def test_tags_of_all_schemes_become_bio(tmp_path: Path) -> None:
    path = tmp_path / "a.bio"
    chinese = "头\tB_symptom\n痛\tI_symptom\n了\tO\n"
    english = "U.N. NNP U-org\nin IN O\nNew NNP B-place\nYork NNP L-place\n"
    path.write_text(f"-DOCSTART- O\n\n{chinese}\n\n{english}", "utf-8")
    assert tag.read([path], TuneConfig()) == [
        Labelled(("头", "痛", "了"), ("B-symptom", "I-symptom", "O")),
        Labelled(("U.N.", "in", "New", "York"), ("B-org", "O", "B-place", "I-place")),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("头\tB-a\n痛\n", "line 2: '痛' has no tag"),
        ("头\tB-a\n痛\tX-a\n", "line 2: 'X-a' is no tag"),
    ],
)
def test_a_wrong_tag_is_said_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.bio"
    path.write_text(content, "utf-8")
    with pytest.raises(BadText, match=said):
        tag.read([path], TuneConfig())


def test_parts_share_no_text_and_do_not_depend_on_the_order(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [f"text {i % 150},{i % 3}" for i in range(300)]
    found = []
    for order in (rows, rows[::-1]):
        path.write_text("\n".join(["text,label", *order]) + "\n", "utf-8")
        made = parts(classify.read, [path], TuneConfig())
        sets = [{each.pieces for each in part} for part in (made.train, made.validation, made.test)]
        assert sum(map(len, sets)) == len(set.union(*sets))
        assert all(len(part) > 8 for part in sets)
        found.append(sets)
    assert found[0] == found[1]
    assert made.labels == ["0", "1", "2"]


def test_too_few_texts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n头痛,症状\n", "utf-8")
    with pytest.raises(CorpusTooSmall, match="1 labelled texts leave"):
        parts(classify.read, [path], TuneConfig())


def test_what_is_not_known_of_the_test_part_is_told(tmp_path: Path) -> None:
    files = {"a": [f"t{i},x" for i in range(40)], "b": ["t1,x", "new,y"]}
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label", *rows]), "utf-8")
    test = str(tmp_path / "b.csv")
    made = parts(classify.read, [tmp_path / "a.csv"], TuneConfig(test=test, validation=test))
    facts = made.facts()
    assert facts["test_texts_in_train"] == 1
    assert facts["unknown_labels"] == ["y"]


def test_the_rows_of_the_table_are_the_files_of_tasks() -> None:
    shared = {"augment", "labelled", "reading", "counting", "tables"}
    files = {path.stem for path in Path(classify.__file__).parent.glob("*.py")}
    assert files - {"__init__"} - shared == set(TASKS)
    for name in TASKS:
        assert TASKS.load(name).HEAD.startswith("For")
