"""Our counts beside those of scikit-learn and seqeval."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from prompt_gen.tasks import Labelled, classify, tag

TAGS = ("O", "B-a", "I-a", "B-b", "I-b")
PARTS = ("precision", "recall", "f1")


@settings(deadline=None)  # what is loaded at the first call takes long
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1))
def test_numbers_of_labels_are_those_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    gold, found = zip(*pairs, strict=True)
    numbers = classify.numbers(
        [Labelled((str(i),), (label,)) for i, label in enumerate(gold)], [(f,) for f in found]
    )
    once = np.ones((1, len(pairs)))
    assert numbers["accuracy"](once)[0] == pytest.approx(accuracy_score(gold, found))
    for average in ("macro", "micro"):
        expected = precision_recall_fscore_support(gold, found, average=average, zero_division=0)
        for name, value in zip(PARTS, expected, strict=False):
            assert numbers[f"{average}_{name}"](once)[0] == pytest.approx(value)


def test_a_weight_counts_a_text_so_many_times() -> None:
    gold, found = ["a", "b", "c", "a"], ["a", "a", "c", "b"]
    weights = [3, 0, 2, 1]
    made = [Labelled((str(i),), (label,)) for i, label in enumerate(gold)]
    numbers = classify.numbers(made, [(f,) for f in found])
    repeated = [np.repeat(row, weights) for row in (gold, found)]
    expected = precision_recall_fscore_support(*repeated, average="macro", zero_division=0)
    weighted = np.array([weights], float)
    assert [numbers[f"macro_{name}"](weighted)[0] for name in PARTS] == pytest.approx(expected[:3])


SENTENCES = st.lists(
    st.lists(st.tuples(st.sampled_from(TAGS), st.sampled_from(TAGS)), min_size=1, max_size=12),
    min_size=1,
    max_size=6,
)


@given(st.lists(st.sampled_from(TAGS), max_size=12))
def test_entities_are_those_of_seqeval(tags: list[str]) -> None:
    expected = [(kind, start, end + 1) for kind, start, end in get_entities(tags)]
    assert tag.entities(tags) == expected


@settings(deadline=None, max_examples=40)
@given(SENTENCES)
@pytest.mark.filterwarnings("ignore")
def test_numbers_of_entities_are_those_of_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    gold, found = ([[pair[i] for pair in row] for row in sentences] for i in (0, 1))
    assume(any(tag != "O" for rows in (gold, found) for row in rows for tag in row))
    made = [Labelled(("x",) * len(row), (*row,)) for row in gold]
    numbers = tag.numbers(made, found)
    once = np.ones((1, len(made)))
    for average in ("micro", "macro"):
        for name, score in zip(PARTS, (precision_score, recall_score, f1_score), strict=True):
            expected = score(gold, found, average=average, zero_division=0)
            assert numbers[f"{average}_{name}"](once)[0] == pytest.approx(expected)
