"""Similar questions: what scikit-learn finds, and what is kept of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from prompt_gen.engine.answered import Questions, written
from prompt_gen.errors import Damaged
from prompt_gen.text import normal_form

QUESTIONS = st.lists(st.text("高血压糖aB 1", min_size=1, max_size=9), min_size=1, max_size=8)


@settings(deadline=None, max_examples=50)
@given(QUESTIONS, st.text("高血压糖尿aB1", min_size=1, max_size=9))
def test_scores_are_those_of_scikit_learn(questions: list[str], asked: str) -> None:
    texts = [f"x{each}" for each in questions]
    found = Questions([(each, f"{i}") for i, each in enumerate(texts)]).alike(asked, 100)
    stock = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 3), sublinear_tf=True, preprocessor=normal_form
    )
    # What no question holds counts in the length of this one as if one were without it.
    known = stock.fit_transform(texts)
    grams = stock.build_analyzer()(asked)
    lost = [gram for gram in grams if gram not in stock.vocabulary_]
    (query,) = stock.transform([asked]).toarray()
    shared = query @ known.toarray().T
    if lost or not query.any():
        return
    scores = {int(each.answer): each.score for each in found}
    expected = {i: score for i, score in enumerate(shared) if score > 0}
    assert scores.keys() == expected.keys()
    for i, score in expected.items():
        assert scores[i] == pytest.approx(score)
    assert [each.score for each in found] == sorted(scores.values(), reverse=True)


def test_an_equal_question_is_first_and_unknown_parts_count_against(tmp_path: Path) -> None:
    pairs = [("高血压吃什么药", "遵医嘱"), ("高血压能运动吗", "可以"), ("感冒吃什么药", "多喝水")]
    (tmp_path / "a").write_bytes(written([*pairs, pairs[0]]))
    questions = Questions.load(tmp_path / "a")
    best = questions.alike("高血压吃什么药", 5)
    assert (best[0].question, best[0].answer) == pairs[0]
    assert best[0].score == pytest.approx(1)
    assert len(best) == 3
    partly = questions.alike("高血压吃什么药比较好呢")[0]
    assert 0.3 < partly.score < 0.9
    assert questions.alike("weather", 5) == []
    assert questions.alike("", 5) == []
    assert np.isfinite(questions.alike("药")[0].score)


def test_a_broken_file_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"question": "x"}\n', "utf-8")
    with pytest.raises(Damaged, match="cannot be read"):
        Questions.load(tmp_path / "a")
