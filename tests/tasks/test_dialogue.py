"""Conversations from files to tokens."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.config import TuneConfig
from prompt_gen.engine import Completer
from prompt_gen.errors import BadText
from prompt_gen.tasks import Labelled, dialogue, parts

PAIR = {"question": "头痛怎么办", "answer": " 多休息。\n少看手机。 "}
TURNS = [("user", "头痛"), ("assistant", "多久了？"), ("user", "三天"), ("assistant", "去看医生")]


def test_pairs_and_conversations_are_read(tmp_path: Path) -> None:
    rows = [
        PAIR,
        {"turns": [{"role": role, "text": text} for role, text in TURNS]},
        {"messages": [{"role": role, "content": text} for role, text in TURNS[:2]]},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    assert dialogue.read([path], TuneConfig()) == [
        Labelled(("头痛怎么办", "多休息。\n少看手机。"), ()),
        Labelled(("头痛", "多久了？", "三天", "去看医生"), ()),
        Labelled(("头痛", "多久了？"), ()),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"question": "a"}', "line 2: 'answer' is no text"),
        ('{"question": "a", "answer": " "}', "line 2: 'answer' is no text, or empty"),
        ('{"turns": [{"role": "user", "text": "a"}]}', "line 2: 'turns' is no list of questions"),
        (
            '{"turns": [{"role": "user", "text": "a"}, {"role": "user", "text": "b"}]}',
            "line 2, turn 2: the role is not 'assistant'",
        ),
        ('{"question": "a", "answer": "\\ud800"}', "line 2: 'answer'"),
        ("[]", "line 2: no object"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f"{json.dumps(PAIR)}\n{line}\n", "utf-8")
    with pytest.raises(BadText, match=said):
        dialogue.read([path], TuneConfig())


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("question,answer\na,b\n", "utf-8")
    with pytest.raises(BadText, match="no file of JSON lines"):
        dialogue.read([tmp_path / "a.csv"], TuneConfig())


def test_equal_questions_come_into_one_part(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"question": f"q{i % 90}", "answer": f"a{i}"} for i in range(270)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    made = parts(dialogue.read, [path], TuneConfig(), n_first=1)
    asked = [{each.pieces[0] for each in part} for part in (made.train, made.validation, made.test)]
    assert sum(map(len, asked)) == len(set.union(*asked)) == 90


@given(st.lists(st.text("头痛怎么办 ab", min_size=1), min_size=1, max_size=6), st.integers(8, 40))
def test_pieces_hold_all_that_has_room(
    completer: Completer, answers: list[str], n_most: int
) -> None:
    tokenizer = completer.tokenizer
    turns = [turn for at, answer in enumerate(answers) for turn in (f"{at}吗", answer)]
    found = dialogue.spoken(tokenizer, turns, n_most)
    n_all = sum(len(ids) + 1 for ids in tokenizer.encode_batch(turns))
    assert n_all == sum(len(each.tokens) - 1 + each.n_cut for each in found)
    for each in found:
        assert each.tokens[0] == tokenizer.bos_id
        assert len(each.tokens) == len(each.answers) <= n_most
        assert any(each.answers)
    if sum(each.n_cut for each in found) == 0:
        said = [t for each in found for t, a in zip(each.tokens, each.answers, strict=True) if a]
        texts = [[*ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(answers)]
        assert said == [token for ids in texts for token in ids]


def test_a_pair_without_room_keeps_the_end_of_its_question(completer: Completer) -> None:
    tokenizer = completer.tokenizer
    question, answer = "头" * 30, "痛" * 30
    (found,) = dialogue.spoken(tokenizer, (question, answer), 21)
    asked = [t for t, a in zip(found.tokens[1:], found.answers[1:], strict=True) if not a]
    assert asked == [*tokenizer.encode(question), tokenizer.eos_id][-10:]
    assert found.answers.count(True) == 10


def test_the_newest_turns_count_and_the_question_is_whole(completer: Completer) -> None:
    tokenizer = completer.tokenizer
    turns = ("头痛", "多久了？", "三天", "去看医生", "看哪一科")
    sizes = [len(tokenizer.encode(turn)) + 1 for turn in turns]
    for first in (0, 2, 4):
        n_most = 1 + sum(sizes[first:])
        ids = dialogue.before_answer(tokenizer, turns, n_most)
        assert len(ids) == n_most
        assert tokenizer.decode(ids) == "".join(turns[first:])
    assert len(dialogue.before_answer(tokenizer, turns, 1)) == 1 + sizes[4]
