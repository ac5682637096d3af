"""Accepted lines as a corpus: from enough users, once for each, and only what stayed."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig, FeedbackConfig
from prompt_gen.corpus import readers
from prompt_gen.corpus.readers import Reading
from prompt_gen.errors import UsageError
from prompt_gen.feedback import Event, Kind
from prompt_gen.feedback.lines import Lines, accepted, check_format, write
from prompt_gen.feedback.store import Store
from prompt_gen.run import Run
from tests.feedback.stores import NOW_MS, event


def found(directory: Path, *events: Event, **settings: object) -> Lines:
    config = FeedbackConfig.model_validate({"retention_days": 0} | settings)
    with Store(config, directory) as store:
        for sent in events:
            store.record([sent])
        return accepted(store)


def of(user: str | None, prompt: str = "高血压患者", text: str = "要注意饮食", **fields) -> Event:
    return event(user=user, prompt=prompt, text=text, **fields)


def test_a_line_counts_once_for_each_user(tmp_path: Path) -> None:
    users = ("anna", "anna", "bo", None, None)
    events = [of(user, session=f"s{i % 7}") for user in users for i in range(20)]
    lines = found(tmp_path, *events, of("eve", "别的", "内容"))
    assert lines.users == {"高血压患者要注意饮食": 3, "别的内容": 1}
    assert list(lines.of_enough(3)) == ["高血压患者要注意饮食"] * 3
    assert lines.n_below(3) == 1


@pytest.mark.parametrize("n_attackers", [1, 4])
def test_fewer_than_enough_users_teach_nothing_however_often_they_try(
    tmp_path: Path, n_attackers: int
) -> None:
    poison = [of(f"attacker-{i}", "药", "随便吃") for i in range(n_attackers) for _ in range(50)]
    good = [of(f"user-{i}") for i in range(5)]
    lines = found(tmp_path, *poison, *good)
    assert set(lines.of_enough(FeedbackConfig().min_users)) == {"高血压患者要注意饮食"}


def test_what_did_not_stay_is_left_out(tmp_path: Path) -> None:
    gone, stayed, changed = (of("a", f"第{i}行", "候选") for i in range(3))
    kept = {"prompt": None, "user": "a"}
    lines = found(
        tmp_path, gone, stayed, changed,
        event(Kind.KEPT, completion=gone.completion, retained_chars=0, text=None, **kept),
        event(Kind.KEPT, completion=stayed.completion, retained_chars=2, text=None, **kept),
        event(Kind.KEPT, completion=changed.completion, retained_chars=1, text="候", **kept),
    )  # fmt: skip
    assert lines.users == {"第1行候选": 1, "第2行候": 1}


def test_of_a_line_that_grew_the_last_state_counts(tmp_path: Path) -> None:
    steps = [("高", "血压"), ("高血压患者", "要"), ("高血压患者要", "注意"), ("糖尿病", "患者")]
    events = [of("a", prompt, text, at_ms=NOW_MS + i) for i, (prompt, text) in enumerate(steps)]
    assert found(tmp_path, *events).users == {"高血压患者要注意": 1, "糖尿病患者": 1}


def test_other_text_fields_have_lines_of_their_own(tmp_path: Path) -> None:
    events = [of("a", "高", "血压", session="1"), of("a", "高血压", "患者", session="2")]
    assert set(found(tmp_path, *events).users) == {"高血压", "高血压患者"}


def test_without_texts_there_are_no_lines(tmp_path: Path) -> None:
    assert found(tmp_path, of("a"), texts="none").users == {}


@pytest.mark.parametrize("suffix", [".txt", ".jsonl"])
@settings(max_examples=25, deadline=None)
@given(
    lines=st.lists(
        st.tuples(st.text("高血压患a\n\u2028\x85\r \\\"'{}", max_size=6), st.text(max_size=6))
    )
)
@example(lines=[("{", '"}\\'), ("a\u2028b", "c\x0bd"), ("x", "\ufeffy"), ("\ufeff", "\x07b")])
def test_what_is_written_is_what_a_corpus_reads(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, lines: list[tuple[str, str]]
) -> None:
    where = tmp_path_factory.mktemp("export")
    events = [of("a", p, t, session=f"s{i}") for i, (p, t) in enumerate(lines) if "\0" not in t]
    exported = list(found(where, *events).of_enough(1))
    path = where / f"lines{suffix}"
    assert write(exported, path) == len(exported)
    kind = "jsonl" if suffix == ".jsonl" else "text"
    read = (
        readers.read(
            kind, Reading(path, path.name, "auto", ("text",) if suffix == ".jsonl" else ())
        )
        if exported
        else ()
    )
    assert [line.text for line in read] == exported


def test_a_corpus_is_made_of_it(tmp_path: Path) -> None:
    events = [of("a", f"第{i}位患者需要", f"注意第{i * 7}条饮食与休息的建议") for i in range(60)]
    path = tmp_path / "lines.jsonl"
    write(found(tmp_path, *events).of_enough(1), path)
    made = corpus.read([path], CorpusConfig(workers=1), Run(tmp_path / "run"), lambda *_: None)
    texts = {text for part in (made.train, made.validation, made.test) for text in part}
    assert "第3位患者需要注意第21条饮食与休息的建议" in texts


def test_a_format_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(UsageError, match=r"lines\.csv"):
        check_format(Path("lines.csv"))
