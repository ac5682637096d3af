"""Most popular completion on lines that can be counted by hand, and against going through all."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import family, stop
from prompt_gen.errors import Damaged, InvalidRequest
from prompt_gen.evaluate.baselines import popular
from prompt_gen.evaluate.baselines.popular import Popular

TEN_LINES = [
    ("头痛怎么办？", 3),
    ("头痛怎么办", 1),  # of one family with the line above
    ("头痛吃药。还有别的吗", 1),  # these two are one up to the sentence's end
    ("头痛吃药。谢谢", 1),
    ("头痛", 2),  # nothing to add
    ("头晕", 1),
    ("a head", 1),
]


def made(documents: list[tuple[str, int]], directory: Path, **settings: int) -> Popular:
    popular.build(documents, directory)
    return popular.load(directory, EngineConfig(**settings))


def shown(found: Popular, typed: str) -> list[tuple[str, float, str]]:
    return [(c.completion, c.score, c.finish_reason) for c in found.complete(typed)]


def test_ten_lines(tmp_path: Path) -> None:
    found = made(TEN_LINES, tmp_path)
    assert shown(found, "头痛") == [("怎么办？", 3 / 8, "sentence"), ("吃药。", 2 / 8, "sentence")]
    assert shown(found, "头") == [
        ("痛怎么办？", 3 / 9, "sentence"),
        ("痛", 2 / 9, "eos"),  # as frequent as 痛吃药。, and the first of the two by its characters
        ("痛吃药。", 2 / 9, "sentence"),
        ("晕", 1 / 9, "eos"),
    ]
    assert shown(found, "头痛怎么办？") == shown(found, "头疼") == []


def test_continuations_that_are_cut_alike_add_up(tmp_path: Path) -> None:
    found = made(
        [("一二三四五", 2), ("一二三四六", 1), ("一七八九十", 2)], tmp_path, max_chars=3, n=1
    )
    assert shown(found, "一") == [("二三四", 3 / 5, "length")]


def test_the_same_text_twice_adds_up(tmp_path: Path) -> None:
    found = made([("甲乙", 1), ("甲丙", 2), ("甲乙", 2)], tmp_path)
    assert shown(found, "甲") == [("乙", 3 / 5, "eos"), ("丙", 2 / 5, "eos")]


def test_only_the_last_line_counts_and_all_of_it_is_kept(tmp_path: Path) -> None:
    (candidate,) = made(TEN_LINES, tmp_path).complete("别的\n  a")
    assert (candidate.text, candidate.completion) == ("别的\n  a head", " head")
    assert candidate.source == "corpus"


@pytest.mark.parametrize("text", ["", " ", "头痛\n", "\u3000"])
def test_blank_text_has_no_continuation(tmp_path: Path, text: str) -> None:
    assert made(TEN_LINES, tmp_path).complete(text) == []


def test_half_a_surrogate_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="surrogate"):
        made(TEN_LINES, tmp_path).complete("头\ud83d")


def test_nothing_there_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="cannot be read"):
        popular.load(tmp_path, EngineConfig())


texts = st.text("甲乙。.？， a\U0010ffff", min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(deadline=None)
@given(
    documents=st.lists(st.tuples(texts, st.integers(1, 3)), max_size=30),
    typed=texts,
    max_chars=st.integers(1, 5),
)
def test_no_line_is_missed(
    tmp_path_factory: pytest.TempPathFactory,
    documents: list[tuple[str, int]],
    typed: str,
    max_chars: int,
) -> None:
    counts: Counter[str] = Counter()
    n_lines = 0
    for text, count in documents:
        if text.startswith(typed):
            n_lines += count
            stopped = stop(text[len(typed) :], typed, max_chars, ended=True)
            if stopped and stopped.completion.strip():
                counts[stopped.completion] += count
    found = made(documents, tmp_path_factory.mktemp("lines"), n=20, max_chars=max_chars)
    candidates = found.complete(typed)
    assert [c.score for c in candidates] == sorted((c.score for c in candidates), reverse=True)
    assert all(c.score == counts[c.completion] / n_lines for c in candidates)
    assert {family(c.completion) for c in candidates} == {family(text) for text in counts}
    for candidate in candidates:
        kin = [n for text, n in counts.items() if family(text) == family(candidate.completion)]
        assert counts[candidate.completion] == max(kin)
