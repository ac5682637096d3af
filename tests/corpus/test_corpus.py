"""The corpus station: every line has one fate, and what is made does not depend on the way."""

import gzip
import json
import random
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import PARTS, Corpus
from prompt_gen.errors import BadText, Damaged, NotFound, UsageError
from prompt_gen.run import Event, Run
from prompt_gen.text import normal_form

CONFIG = CorpusConfig()
QUIET = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)


def rows_of(run: Run) -> list[dict]:
    return pq.read_table(run.station("corpus") / "ledger.parquet").to_pylist()


def all_texts(made: Corpus) -> list[str]:
    return [text for part in PARTS for text in getattr(made, part)]


def read(tmp_path: Path, data: str | bytes, name: str = "lines.txt", **config: object) -> Corpus:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return corpus.read([path], CorpusConfig.model_validate(config), Run(tmp_path / "run"))


def test_every_line_has_its_fate(tmp_path: Path) -> None:
    long = "多喝温水，按时休息。" * 60
    text = f"甲乙\n\n 甲乙 \n丙丁\n甲乙\n{long}\n电话13800138000\n。。。\n"
    made = read(tmp_path, text)
    rows = rows_of(Run(tmp_path / "run"))
    assert [row["line"] for row in rows] == [*range(1, 9)]
    fates = [(row["fate"], row["reason"], row["changes"], row["private"]) for row in rows]
    assert (
        fates
        == [
            ("kept", "", "", ""),
            ("dropped", "blank", "spaces", ""),
            ("merged", "exact duplicate", "spaces", ""),
            ("kept", "", "", ""),
            ("merged", "exact duplicate", "", ""),
            ("split", "", "long", ""),
            ("masked", "", "", "phone"),
            ("dropped", "no letters", "letters", ""),
        ]
        or fates
    )
    assert rows[2]["documents"] == rows[0]["documents"]
    counts = {
        t: n for p in PARTS for t, n in zip(getattr(made, p), getattr(made, p).counts, strict=True)
    }
    assert (counts["甲乙"], counts["丙丁"], counts["电话〔电话〕"]) == (3, 1, 1)
    assert sum(made.facts["fates"].values()) == made.facts["lines"] == 8
    train = list(made.train)
    assert "".join(train[i] for i in rows[5]["documents"]) == long


LINES = st.lists(
    st.text(st.sampled_from("甲乙 \t丙ab\u3000。１"), max_size=5), min_size=1, max_size=30
)


@QUIET
@given(LINES)
def test_no_line_is_lost(tmp_path: Path, lines: list[str]) -> None:
    """With cleaning off, a line is a document, one of several with its normal form, or blank."""
    rules = {"rules": dict.fromkeys(("html", "width", "numbers", "tails", "letters"), False)}
    wanted = {normal_form(line) for line in lines} - {""}
    if not wanted:
        with pytest.raises(BadText):
            read(tmp_path, "\n".join(lines) + "\n", **rules)
        return
    made = read(tmp_path, "\n".join(lines) + "\n", **rules)
    assert sorted(map(normal_form, all_texts(made))) == sorted(wanted)
    rows = rows_of(Run(tmp_path / "run"))
    assert len(rows) == len(lines) == made.facts["lines"]
    for row, line in zip(rows, lines, strict=True):
        if not line.strip():
            assert (row["fate"], row["reason"]) == ("dropped", "blank")
        else:
            documents = list(getattr(made, row["part"]))
            assert [normal_form(documents[i]) for i in row["documents"]] == [normal_form(line)]
    counts = sum(int(getattr(made, part).counts.sum()) for part in PARTS)
    assert counts == sum(bool(line.strip()) for line in lines)


def test_the_most_frequent_spelling_stands_for_all(tmp_path: Path) -> None:
    made = read(tmp_path, "ct检查\nCT检查\nCT 检查\nCT检查\n")
    assert all_texts(made) == ["CT检查"]


def test_the_corpus_does_not_depend_on_the_order_of_lines_or_the_number_of_processes(
    tmp_path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [line for line in lines for _ in range(1 + len(line) % 3)]
    shuffled = random.Random(1).sample(written, len(written))
    first = read(tmp_path, "\n".join(written))
    sides = {part: set(getattr(first, part)) for part in PARTS}
    weights = dict(zip(first.train, first.train.weights.tolist(), strict=True))
    monkeypatch.setattr("prompt_gen.corpus.make.WORTH_BYTES", 0)
    monkeypatch.setattr("prompt_gen.corpus.prepare.CHUNK_LINES", 100)
    (tmp_path / "other").mkdir()
    second = read(tmp_path / "other", "\n".join(shuffled), workers=2)
    assert {part: set(getattr(second, part)) for part in PARTS} == sides
    assert dict(zip(second.train, second.train.weights.tolist(), strict=True)) == weights
    names = ("fates", "documents", "chars", "near_duplicates")
    assert [first.facts[n] for n in names] == [second.facts[n] for n in names]


def test_pairs_and_near_duplicates_are_on_one_side(tmp_path: Path) -> None:
    rng = random.Random(3)
    words = [chr(0x4E00 + i) for i in range(3000)]
    questions = ["".join(rng.sample(words, 16)) for _ in range(400)]
    blocks = [f"{q}\n{q}呢\n答：{q[::-1]}" for q in questions]
    made = read(tmp_path, "\n\n".join(blocks))
    side = {text: part for part in PARTS for text in getattr(made, part)}
    assert made.facts["near_duplicates"] == {"groups": 400, "documents": 800}
    for q in questions:
        assert side[q] == side[f"{q}呢"] == side[f"答：{q[::-1]}"]
    assert len(made.test) >= 8
    pairs = dict(zip(made.train, made.train.groups.tolist(), strict=True))
    assert all(
        pairs[q] == pairs[f"{q}呢"] != pairs[f"答：{q[::-1]}"] for q in questions if q in pairs
    )


def test_weights_are_the_square_root_of_the_lines_of_a_group(tmp_path: Path) -> None:
    often, once = ["高血压要注意什么"] * 9, ["完全不同的另一句话"]
    near = ["糖尿病可以吃什么水果呢好"] * 3 + ["糖尿病可以吃什么水果呢"]
    made = read(tmp_path, "\n".join(often + once + near), test=0, validation=0)
    weights = dict(zip(made.train, made.train.weights.tolist(), strict=True))
    assert weights == pytest.approx(
        {
            "高血压要注意什么": 3,
            "完全不同的另一句话": 1,
            "糖尿病可以吃什么水果呢好": 1.5,
            "糖尿病可以吃什么水果呢": 0.5,
        }
    )


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        ("line", ["一上", "一下", "二"]),
        ("paragraph", ["一上\n一下", "二"]),
        ("file", ["一上\n一下\n二"]),
    ],
)
def test_documents_of_several_lines(tmp_path: Path, document: str, wanted: list[str]) -> None:
    made = read(tmp_path, "一上\n 一下\n\n二\n", document=document, test=0, validation=0)
    assert all_texts(made) == wanted
    rows = rows_of(Run(tmp_path / "run"))
    assert [row["fate"] for row in rows] == ["kept", "kept", "dropped", "kept"]
    words = ("一上", "一下", "二")
    where = [next(i for i, text in enumerate(wanted) if word in text) for word in words]
    assert [row["documents"] for row in rows if row["documents"]] == [[i] for i in where]


@pytest.mark.parametrize(
    ("policy", "texts", "reason"),
    [
        ("skip-line", ["甲乙丙", "丁戊己"], "bytes that fit no character"),
        ("replace", ["甲乙丙", "好\ufffd坏", "丁戊己"], ""),
    ],
)
def test_bad_bytes(tmp_path: Path, policy: str, texts: list[str], reason: str) -> None:
    data = "甲乙丙\n好".encode() + b"\xff" + "坏\n丁戊己\n".encode()
    made = read(tmp_path, data, on_bad_bytes=policy)
    assert all_texts(made) == texts
    assert made.facts["files"][0]["bad_offsets"] == [13]
    assert rows_of(Run(tmp_path / "run"))[1]["reason"] == reason
    with pytest.raises(BadText, match="offset 13"):
        read(tmp_path, data, on_bad_bytes="fail")


def test_what_was_good_in_a_damaged_file_is_kept_and_the_damage_said(tmp_path: Path) -> None:
    text = "\n".join(f"第{i}条：多喝温水" for i in range(20_000))
    data = gzip.compress(text.encode())
    made = read(tmp_path, data[: len(data) // 2], "lines.txt.gz")
    assert "not whole" in made.facts["files"][0]["damage"]
    assert len(made.train) > 5000
    with pytest.raises(BadText, match="not whole"):
        read(tmp_path, data[: len(data) // 2], "lines.txt.gz", on_bad_bytes="fail")


def test_a_run_does_not_read_what_it_made(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("高血压\n糖尿病\n", "utf-8")
    (tmp_path / ".hidden.txt").write_text("隐藏\n", "utf-8")
    first = corpus.read([tmp_path], CONFIG, Run(tmp_path / "run"))
    again = corpus.read([tmp_path], CONFIG, Run(tmp_path / "run"))
    assert first.facts["lines"] == 2
    assert again.fingerprint == first.fingerprint


def test_the_same_file_by_two_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("高血压\n", "utf-8")
    paths = [tmp_path / "a.txt", tmp_path / "." / "sub" / ".." / "a.txt", tmp_path]
    (tmp_path / "sub").mkdir()
    assert corpus.read(paths, CONFIG, Run(tmp_path / "run")).facts["lines"] == 1


def test_the_training_part_is_never_empty(tmp_path: Path) -> None:
    made = read(tmp_path, "\n".join(f"{c}患者要注意饮食和休息还要多喝水" for c in "甲乙丙丁戊己"))
    assert len(made.train) == 6


def test_nothing_is_held_out_where_none_is_wanted(tmp_path: Path, lines: list[str]) -> None:
    made = read(tmp_path, "\n".join(lines), test=0, validation=0)
    assert (len(made.test), len(made.validation)) == (0, 0)


def test_a_record_larger_than_a_chunk_stays_in_one_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_gen.corpus.prepare.CHUNK_CHARS", 100)
    records = [[f"第{i}段第{j}句{chr(0x4E00 + i * 60 + j)}" for j in range(60)] for i in range(60)]
    made = read(tmp_path, json.dumps(records), "r.json", near_duplicates=0, test=0.2)
    side = {text: part for part in PARTS for text in getattr(made, part)}
    for record in records:
        assert len({side[text] for text in record}) == 1
    for row, record in zip(rows_of(Run(tmp_path / "run")), records, strict=True):
        documents = list(getattr(made, row["part"]))
        assert [documents[i] for i in row["documents"]] == record


def test_private_data_is_in_no_file_of_the_station(tmp_path: Path) -> None:
    hidden = "138\u200b1234\u200b5670", "1381234&#53;670", "13812345670", "１３８１２３４５６７０"
    text = "\n".join(["长" * 390 + "电话13812345670", *(f"电话{number}好" for number in hidden)])
    read(tmp_path, f"{text}\n13812345670\n", on_bad_bytes="fail")
    for path in (tmp_path / "run").rglob("*"):
        if path.suffix == ".json":
            assert not re.search(r"3812|1234|&#53", path.read_text("utf-8").split('"sha256"')[0])
    report = json.loads((tmp_path / "run" / "corpus" / "report.json").read_text("utf-8"))
    shown = json.dumps([report["samples"], report["examples"]], ensure_ascii=False)
    assert not re.search("3812|1234|&#53|４５６", shown)


def test_a_file_that_is_no_text_is_left_out_of_several_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("高血压\n", "utf-8")
    (tmp_path / "b.txt").write_bytes(bytes(range(256)) * 9)
    made = corpus.read([tmp_path], CONFIG, Run(tmp_path / "run"))
    assert all_texts(made) == ["高血压"]
    assert "binary" in made.facts["files"][1]["damage"]
    with pytest.raises(BadText, match="binary"):
        corpus.read([tmp_path / "b.txt"], CONFIG, Run(tmp_path / "run"))


def test_a_line_too_long_for_the_memory_has_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_gen.corpus.readers.text.MAX_LINE_CHARS", 1000)
    monkeypatch.setattr("prompt_gen.corpus.prepare.CHUNK_CHARS", 2000)
    monkeypatch.setattr("prompt_gen.corpus.stream.BLOCK_BYTES", 3000)
    sentences = [f"第{i}句话讲的是另外一件事情。" for i in range(2000)]
    made = read(tmp_path, "".join(sentences) + "\n短句\n", near_duplicates=0, max_chars=20)
    assert sorted(all_texts(made)) == sorted([*sentences, "短句"])
    assert [(row["line"], row["fate"]) for row in rows_of(Run(tmp_path / "run"))] == [
        (1, "split"),
        (2, "kept"),
    ]


def test_held_out_documents_know_which_prefixes_were_seen(tmp_path: Path) -> None:
    made = read(tmp_path, "\n".join(f"第{i}条说{chr(0x4E00 + i)}" for i in range(600)))
    train = list(made.train)
    for text, seen in zip(made.test, made.test.seen.tolist(), strict=True):
        assert any(t.startswith(text[:seen]) for t in train)
        assert not any(t.startswith(text[: seen + 1]) for t in train)


def test_texts_are_those_of_the_lines_that_have_any(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text('{"text": " 高血压 "}\n\n{"text": null}\n{"text": "糖尿病"}\n', "utf-8")
    assert list(corpus.texts([path], CONFIG)) == ["高血压", "糖尿病"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.jsonl", b'"\xe7\x94\xb2"\n{"text": \n', "line 2: not JSON"),
        ("a.json", b'["a", tru, "b"]', "line 2: not JSON"),
        ("a.jsonl", b'"\\ud83d"\n', "line 1: bytes that fit no character"),
        ("a.txt", b"\xe7\x94\xb2\n\xe7\x94\xb2\xff\n", "line 2: bytes that fit no character"),
    ],
)
def test_texts_that_cannot_be_read_are_refused(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(BadText, match=f"{name}', {why}"):
        list(corpus.texts([tmp_path / name], CONFIG))


def test_parts_are_json_arrays_of_lines(tmp_path: Path, corpus_file: Path) -> None:
    run = Run(tmp_path / "run")
    made = corpus.read([corpus_file], CONFIG, run)
    for part in PARTS:
        text = (run.station("corpus") / f"{part}.json").read_text("utf-8")
        assert json.loads(text) == list(getattr(made, part))
        assert len(text.splitlines()) == len(getattr(made, part)) + 2


def test_unchanged_input_is_not_read_again(tmp_path: Path, corpus_file: Path) -> None:
    run, events = Run(tmp_path / "run"), list[Event]()
    first = corpus.read([corpus_file], CONFIG, run)
    again = corpus.read([corpus_file], CONFIG.model_copy(update={"workers": 1}), run, events.append)
    assert again.fingerprint == first.fingerprint
    assert [event.state for event in events] == ["skipped"]
    changed = CorpusConfig(test=0.1)
    assert corpus.read([corpus_file], changed, run).fingerprint != first.fingerprint


def test_nothing_is_left_behind_by_what_failed(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        corpus.read([tmp_path / "missing.txt"], CONFIG, Run(tmp_path / "run"))
    (tmp_path / "blank.txt").write_text("\n\n")
    with pytest.raises(BadText, match="no line with text"):
        corpus.read([tmp_path / "blank.txt"], CONFIG, Run(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_fields_of_files_without_fields(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--field text was given"):
        read(tmp_path, "高血压\n", fields=["text"])


def test_a_run_without_a_corpus_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="prompt-gen corpus"):
        corpus.load(Run(tmp_path / "run"))


@pytest.mark.parametrize("name", ["train.json", "train.counts.npy"])
def test_a_damaged_corpus_is_refused(tmp_path: Path, corpus_file: Path, name: str) -> None:
    run = Run(tmp_path / "run")
    corpus.read([corpus_file], CONFIG, run)
    (run.station("corpus") / name).write_bytes(b"[\n")
    with pytest.raises(Damaged, match=name.split(".")[0]):
        list(corpus.load(run).train)


@pytest.mark.data
def test_real_lines_are_accounted_for(data: Path, tmp_path: Path) -> None:
    made = corpus.read([data / "bench" / "medical-zh.dev.txt"], CONFIG, Run(tmp_path / "run"))
    assert sum(made.facts["fates"].values()) == made.facts["lines"] == 790
    assert np.sum([getattr(made, p).counts.sum() for p in PARTS]) >= 780
