"""The personal layer: what it counts for whom, how it fades, and what it leaves on the disk."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import PersonalConfig
from prompt_gen.engine.personalised import Personalised
from prompt_gen.errors import Damaged, InvalidRequest, OutputExists, StorageError
from prompt_gen.memory import personal as module
from prompt_gen.memory.personal import Personal
from prompt_gen.vocab import TOKENIZERS, Tokenizer

DAY = 86_400
LINE, OTHER = "患者血压平稳", "建议低盐饮食"
TOKENIZER = Tokenizer(TOKENIZERS.load("char").fit([LINE, OTHER, "血压偏高"] * 5, 600))
RNG = np.random.default_rng(0)
BASE_V = RNG.dirichlet(np.ones(TOKENIZER.size))

texts = st.text("患者血压平稳低盐 ab", min_size=1, max_size=12)
contexts = st.lists(st.integers(2, TOKENIZER.size - 1), max_size=6)


class Clock:
    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def made(path: Path | None = None, clock: Callable[[], float] | None = None, **how) -> Personal:
    return Personal(TOKENIZER, PersonalConfig(**how), path, clock or Clock())


def begun(line: str = LINE, n: int = 2) -> tuple[list[int], int]:
    """BOS and the first tokens of a line, and the next one."""
    ids = [TOKENIZER.bos_id, *TOKENIZER.encode(line), TOKENIZER.eos_id]
    return ids[:n], ids[n]


def probability(personal: Personal, user: str = "a", line: str = LINE) -> float:
    """Of the right token within a line."""
    context, token = begun(line)
    return float(personal.adjusted(user, [context], BASE_V[None])[0, token])


BEFORE = probability(made())


def test_a_line_counts_from_the_next_call_on() -> None:
    personal = made()
    assert personal.learn("a", f"  {LINE}\n")
    once = probability(personal)
    assert personal.learn("a", LINE)
    assert BEFORE < once < probability(personal)


def test_probabilities_are_those_of_the_posterior() -> None:
    personal = made()
    personal.learn("a", LINE)
    context, token = begun()
    wanted_V = BASE_V
    per_token = module.counted._concentration(0, 0)  # nothing to judge one line by
    for _ in context:
        counts_V = np.eye(TOKENIZER.size)[token]
        wanted_V = (counts_V + per_token * wanted_V) / (1 + per_token)
    assert personal.adjusted("a", [context], BASE_V[None])[0] == pytest.approx(wanted_V)


def test_who_repeats_himself_is_believed_sooner() -> None:
    habits, none = made(), made()
    for i in range(40):
        habits.learn("a", f"{OTHER}{chr(0x4E00 + i)}")
        none.learn("a", "".join(RNG.permutation(list(OTHER))) + chr(0x4E00 + i))
    for personal in (habits, none):
        personal.learn("a", LINE)
    assert probability(habits) > 1.5 * probability(none)


@settings(deadline=None)
@given(lines=st.lists(st.tuples(st.sampled_from("abc"), texts), max_size=8), tails=contexts)
def test_rows_sum_to_one(lines: list[tuple[str, str]], tails: list[int]) -> None:
    personal = made(shared_users=2)
    for user, line in lines:
        personal.learn(user, line)
    rows = [[TOKENIZER.bos_id], tails]
    for _, line in lines:
        ids = [TOKENIZER.bos_id, *TOKENIZER.encode(line)]
        rows += [ids[:end] for end in range(1, len(ids) + 1)]
    adjusted_BV = personal.adjusted("a", rows, np.tile(BASE_V, (len(rows), 1)))
    assert (adjusted_BV >= 0).all()
    assert np.abs(adjusted_BV.sum(axis=1) - 1).max() < 1e-9


@settings(deadline=None)
@given(context=contexts)
def test_unseen_contexts_are_left_alone(context: list[int]) -> None:
    personal = made()
    personal.learn("a", LINE)
    seen = set(TOKENIZER.encode(LINE))
    context = [token for token in context if token not in seen]
    rows_BV = np.stack([BASE_V, BASE_V])
    assert personal.adjusted("a", [context, []], rows_BV) is rows_BV
    mixed_BV = personal.adjusted("a", [context, begun()[0]], rows_BV)
    assert np.array_equal(mixed_BV[0], BASE_V)
    assert np.array_equal(rows_BV[1], BASE_V)  # nothing is written into what was handed in
    assert not np.array_equal(mixed_BV[1], BASE_V)


def test_counts_fade_with_age() -> None:
    clock = Clock()
    personal = made(clock=clock, half_life_days=10)
    personal.learn("a", LINE)
    personal.learn("a", LINE)
    found = []
    for days in (0, 10, 300):
        clock.now = 1_700_000_000 + days * DAY
        found.append(probability(personal))
    assert found[0] > found[1] > found[2] == pytest.approx(BEFORE, rel=1e-4)
    clock.now = 0  # a clock that was put back makes nothing count more
    assert probability(personal) == found[0]


def test_a_line_counts_so_often_a_day() -> None:
    clock = Clock()
    personal = made(clock=clock, daily_lines=2)
    assert [personal.learn("a", LINE) for _ in range(3)] == [True, True, False]
    assert personal.learn("b", LINE)
    clock.now += DAY
    assert personal.learn("a", LINE)
    assert personal.export("a")[0]["times"] == 3
    assert not personal.learn("a", " \t ")


def test_nobody_changes_anything_for_others_alone() -> None:
    clock = Clock()
    personal = made(clock=clock)
    for _ in range(30):
        clock.now += DAY
        personal.learn("a", LINE)
    personal.learn("b", LINE)
    assert probability(personal, "d") == probability(personal, "nobody") == BEFORE
    personal.learn("c", LINE)
    shared = probability(personal, "d")
    assert shared > BEFORE
    personal.learn("a", LINE)
    personal.learn("a", LINE)
    assert probability(personal, "d") == shared  # each user counts once
    personal.forget("b")
    assert probability(personal, "d") == BEFORE


def test_a_user_counts_an_n_gram_of_all_once() -> None:
    lines = [f"{LINE}{tail}" for tail in "一二三四"]
    few, many = made(shared_users=2), made(shared_users=2)
    for user in ("a", "b"):
        few.learn(user, lines[0])
        for line in lines:
            many.learn(user, line)
    assert probability(many, "d", lines[0]) == pytest.approx(probability(few, "d", lines[0]))


def test_forgetting_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    personal = made(path)
    for line in (LINE, LINE, OTHER):
        personal.learn("a", line)
    personal.learn("b", LINE)
    assert personal.forget("a", "没有这行") == 0
    assert personal.forget("a", LINE) == 1
    assert probability(personal, "a") == BEFORE != probability(personal, "b")
    assert path.read_text("utf-8").count(LINE) == 1
    assert personal.forget("b") == 1
    assert LINE.encode() not in path.read_bytes()
    assert personal.forget("a") == 1
    assert path.read_bytes() == b""
    assert personal.export("a") == []


def test_what_is_kept_can_be_read() -> None:
    clock = Clock(0)
    personal = made(clock=clock)
    for line in (LINE, OTHER, LINE):
        clock.now += DAY
        personal.learn("a", line)
    assert personal.export("a") == [
        {"line": OTHER, "when": "1970-01-03T00:00:00+00:00", "times": 1},
        {"line": LINE, "when": "1970-01-04T00:00:00+00:00", "times": 2},
    ]


def test_a_file_that_is_opened_again_says_the_same(tmp_path: Path) -> None:
    clock = Clock(1_700_000_000.123)
    personal = made(tmp_path / "lines.jsonl", clock, shared_users=2, max_lines=3)
    for user, line in [
        ("a", OTHER),
        ("b", LINE),
        ("a", LINE),
        ("a", "甲"),
        ("a", "乙"),
        ("b", "乙"),
    ]:
        clock.now += 1000.7
        personal.learn(user, line)
    personal.close()
    again = made(tmp_path / "lines.jsonl", clock, shared_users=2, max_lines=3)
    assert OTHER not in (tmp_path / "lines.jsonl").read_text("utf-8")
    for user in ("a", "b", "c"):
        assert again.export(user) == personal.export(user)
        assert probability(again, user) == pytest.approx(probability(personal, user), rel=1e-12)


def test_a_torn_last_row_is_left_out(tmp_path: Path, caplog) -> None:
    path = tmp_path / "lines.jsonl"
    personal = made(path)
    personal.learn("a", LINE)
    personal.learn("a", OTHER)
    personal.close()
    path.write_bytes(path.read_bytes()[:-9])
    again = made(path)
    assert "not written whole" in caplog.text
    again.learn("a", "血压偏高")
    again.close()
    assert [row["line"] for row in made(path).export("a")] == [LINE, "血压偏高"]


@pytest.mark.parametrize("content", ["my notes\nmore\n", "my notes", '{"user": "a", "line": 1}\n'])
def test_another_file_is_refused_and_left_alone(tmp_path: Path, content: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(content, "utf-8")
    with pytest.raises(Damaged, match="row 1 of"):
        made(path)
    assert path.read_text("utf-8") == content
    path.unlink()
    thread = threading.Thread(target=lambda: made(path).close())  # nobody has it any more
    thread.start()
    thread.join()
    assert path.read_bytes() == b""


def test_a_line_that_cannot_be_written_does_not_count(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "lines.jsonl"
    personal = made(path)
    personal.learn("a", OTHER)
    kept = path.read_bytes()
    monkeypatch.setattr(module.Path, "open", _full(Path.open))
    with pytest.raises(StorageError, match="the disk is full"):
        personal.learn("a", LINE)
    monkeypatch.undo()
    assert path.read_bytes() == kept
    assert [row["line"] for row in personal.export("a")] == [OTHER]
    assert personal.learn("a", LINE)


def _full(real: Callable) -> Callable:
    """`Path.open` on a disk that has room for half of what is written."""

    def opened(path: Path, *args, **how):
        file = real(path, *args, **how)

        class Half:
            tell, truncate = file.tell, file.truncate

            def write(self, data: bytes) -> int:
                return file.write(data[: len(data) // 2])

            def __enter__(self):
                return self

            def __exit__(self, *why) -> None:
                file.close()

        return Half()

    return opened


def test_one_process_has_the_file(tmp_path: Path) -> None:
    personal, refused = made(tmp_path / "lines.jsonl"), []

    def second() -> None:
        with pytest.raises(OutputExists) as caught:
            made(tmp_path / "lines.jsonl")
        refused.append(caught.value)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    assert "lines.jsonl" in refused[0].message
    personal.close()


def test_the_oldest_lines_go_first(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MAX_STALE", 0)
    path = tmp_path / "lines.jsonl"
    personal = made(path, max_lines=2)
    for line in (LINE, OTHER, LINE, "血压偏高"):
        personal.learn("a", line)
    assert [row["line"] for row in personal.export("a")] == [LINE, "血压偏高"]
    assert probability(personal, line=OTHER) == BASE_V[begun(OTHER)[1]]
    assert OTHER.encode() not in path.read_bytes()


@pytest.mark.parametrize("user", ["", "x" * 201, "a\nb", "a\x7f", "\ud800", 3])
def test_a_user_needs_a_name(user) -> None:
    for call in (made().export, made().forget, lambda u: made().learn(u, LINE)):
        with pytest.raises(InvalidRequest, match="user"):
            call(user)


@pytest.mark.parametrize("line", ["一\n二", "\udc00", "长" * 2001, None])
def test_a_line_is_one_line_of_text(line) -> None:
    with pytest.raises(InvalidRequest, match="line"):
        made().learn("a", line)


def test_a_completer_goes_on_as_its_user_does(completer) -> None:
    """Through the engine: the line is offered to who wrote it, and to nobody else."""
    personal = Personal(completer.tokenizer, PersonalConfig())
    line, typed = "高血压鲲鹏扶摇直上九万里", "高血压鲲鹏"

    def offered(user: str) -> list[str]:
        model = Personalised(completer.model, personal, user)
        again = type(completer)(completer.tokenizer, model, completer.config)
        return [candidate.text for candidate in again.complete(typed)]

    plain = [candidate.text for candidate in completer.complete(typed)]
    assert offered("a") == plain
    for _ in range(3):
        personal.learn("a", line)
    assert offered("a")[0] == line
    assert offered("b") == plain
