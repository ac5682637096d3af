"""Clicks from files, and ranks beside those of scikit-learn."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from prompt_gen.config import TuneConfig
from prompt_gen.errors import BadText
from prompt_gen.tasks import Labelled, rank

PAIRS = [Labelled(("头痛", "偏头痛吃什么"), ("1",)), Labelled(("头痛", "孕妇护肤"), ("0",))]
ITEMS = st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=2, max_size=6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "query,item,clicked\n头痛,偏头痛吃什么,1\n头痛,孕妇护肤,0\n"),
        ("a.tsv", "clicked\ttitle\tquery\ntrue\t偏头痛吃什么\t头痛\nFalse\t孕妇护肤\t头痛\n"),
        (
            "a.jsonl",
            '{"query": "头痛", "item": "偏头痛吃什么", "clicked": true}\n'
            '{"query": "头痛", "item": "孕妇护肤", "clicked": 0}\n',
        ),
    ],
)
def test_pairs_and_clicks_are_found(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    assert rank.read([tmp_path / name], TuneConfig()) == PAIRS
    assert [*rank.pairs([tmp_path / name])] == [pair.pieces for pair in PAIRS]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("query,item,clicked\n头痛,护肤,maybe\n", "line 2: it is not known whether 'maybe'"),
        ("query,item,clicked\n头痛,,1\n", "line 2: 'item' is empty"),
        ("query,item\n头痛,护肤\n", "no column"),
        ("", "it is empty"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(content, "utf-8")
    with pytest.raises(BadText, match=said):
        rank.read([tmp_path / "a.csv"], TuneConfig())


def made(rows: list[list[tuple[bool, int]]]) -> tuple[list[Labelled], np.ndarray]:
    pairs = [
        Labelled((f"q{at}", f"i{number}"), ("1" if clicked else "0",))
        for at, row in enumerate(rows)
        for number, (clicked, _) in enumerate(row)
    ]
    return pairs, np.array([score for row in rows for _, score in row], float)


@settings(deadline=None, max_examples=60)
@given(ITEMS)
def test_ranks_are_those_of_scikit_learn_and_of_all_orders(row: list[tuple[bool, int]]) -> None:
    clicked = [click for click, _ in row]
    assume(any(clicked) and not all(clicked))
    found = rank.numbers(*made([row]))
    once = np.ones((1, 1))
    scores = [[score for _, score in row]]
    for k in (1, 3, 5, 10):
        assert found[f"ndcg@{k}"](once)[0] == pytest.approx(ndcg_score([clicked], scores, k=k))
    orders = [
        1 / next(place for place, at in enumerate(order, 1) if clicked[at])
        for order in itertools.permutations(range(len(row)))
        if all(scores[0][a] >= scores[0][b] for a, b in itertools.pairwise(order))
    ]
    assert found["mrr"](once)[0] == pytest.approx(np.mean(orders))


def test_numbers_are_means_over_queries_in_which_something_is_to_be_ranked() -> None:
    rows = [[(True, 2), (False, 1)], [(True, 1), (False, 2)], [(False, 1), (False, 2)]]
    pairs, scores = made(rows)
    mrr = rank.numbers(pairs, scores)["mrr"]
    assert mrr(np.array([[1.0, 1.0], [3.0, 1.0]])).tolist() == pytest.approx([0.75, 0.875])
