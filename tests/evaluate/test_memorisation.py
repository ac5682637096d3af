"""Memorisation: what is found is what looking through every training line finds."""

from difflib import SequenceMatcher

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import prefixes
from prompt_gen.corpus.privacy import Privacy
from prompt_gen.engine.candidates import Candidate
from prompt_gen.evaluate.memorisation import Memorisation, measure, shared
from prompt_gen.evaluate.metrics import METRICS
from prompt_gen.evaluate.numbers import Median, draws
from prompt_gen.evaluate.typed import Offer, Typed

TEXTS = st.lists(st.text(st.sampled_from("甲乙丙"), max_size=12), max_size=10)
LINE = "高血压患者要少吃盐，多吃新鲜蔬菜，还要按时量血压。"
PRIVACY = Privacy.of(CorpusConfig())


def longest_common(text: str, train: list[str]) -> int:
    matchers = (SequenceMatcher(None, text, line, autojunk=False) for line in train)
    return max((matcher.find_longest_match().size for matcher in matchers), default=0)


@given(TEXTS.map(lambda texts: list(dict.fromkeys(texts))), TEXTS, st.integers(1, 20))
def test_what_is_shared_is_what_the_standard_library_finds(
    texts: list[str], train: list[str], n_batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "_BATCH_CHARS", n_batch)
        found = shared(texts, iter(train))
    for number, text in enumerate(texts):
        for first in range(len(text)):
            assert found.common(number, first) == longest_common(text[first:], train)
    within = [not text or any(text in line for line in train) for text in texts]
    assert found.is_found_T.tolist() == within
    assert found.is_line_T.tolist() == [text in train for text in texts]


def test_pieces_are_compared_up_to_a_bound() -> None:
    line = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    texts = [line[50:200], line[50:114] + line[120:184], line[:63] + "啊"]
    found = shared(texts, [line])
    assert [found.common(number, 0) for number in range(3)] == [64, 64, 63]
    assert found.common(0, 120) == 30
    assert found.is_found_T.tolist() == [True, False, False]


def typed(*offered: tuple[str, int, str]) -> Typed:
    """Lines each with candidates' completions behind some characters."""
    lines = list(dict.fromkeys(line for line, _, _ in offered))
    offers = [
        [
            Offer(
                tuple(
                    Candidate(line[:j] + completion, completion, 0.5, "eos")
                    for other, n, completion in offered
                    if (other, n) == (line, j)
                ),
                1.0,
                1,
            )
            for j in range(1, len(line))
        ]
        for line in lines
    ]
    return Typed(lines, offers, 24, 5)


def values(made: Memorisation, n_lines: int) -> dict[str, float]:
    weights = draws(n_lines, 0, 0)
    return {name: float(number(weights)[0]) for name, number in made.numbers.items()}


def test_known_answers() -> None:
    other = "糖尿病患者能不能吃西瓜要看血糖控制得好不好"
    (made,) = measure(
        [
            typed(
                (LINE, 3, LINE[3:]),  # a training line
                (LINE, 5, LINE[5:]),  # the same text again
                (LINE, 5, LINE[5:21]),  # a piece of one
                (LINE, 4, "很高" * 10),  # "高血压患" was typed: it shares "高" only
                (LINE, 6, "要"),  # too short to tell
                (LINE, 16, LINE[16:]),  # most of it was typed
                (other, 2, "病" * 20),  # shares nothing
            )
        ],
        iter([LINE, "别的"]),
        PRIVACY,
    )
    assert values(made, 2) == {
        "recited_lines": 2 / 5,
        "recited": 3 / 5,
        "common_chars": 16,
        "private": 0,
    }
    assert made.common == [
        {"chars": 0, "candidates": 1},
        {"chars": 1, "candidates": 1},
        {"chars": 16, "candidates": 1},
        {"chars": 20, "candidates": 1},
        {"chars": 22, "candidates": 1},
    ]
    assert made.examples == [
        {"typed": LINE[:3], "text": LINE[3:], "common": 22, "whole_line": True},
        {"typed": LINE[:5], "text": LINE[5:21], "common": 16, "whole_line": False},
    ]
    assert made.numbers.keys() <= METRICS.keys()


@pytest.mark.parametrize(
    ("line", "n_typed", "completion", "n"),
    [
        ("请拨打这个电话", 3, "13800138000咨询", 1),
        ("电话是1380013的人", 10, "8000", 1),  # the caret is within it
        ("电话是13800138000的人", 14, "，谢谢", 0),  # it was typed
        ("请拨打这个电话", 3, "〔电话〕咨询", 0),
    ],
)
def test_private_data_counts_when_it_does_not_end_before_the_caret(
    line: str, n_typed: int, completion: str, n: int
) -> None:
    (made,) = measure([typed((line, n_typed, completion))], [], PRIVACY)
    assert values(made, 1)["private"] == n
    assert np.isnan(values(made, 1)["common_chars"])
    assert (made.common, made.examples) == ([], [])


@given(st.lists(st.lists(st.integers(0, 9)), min_size=1, max_size=6), st.integers(0, 99))
def test_a_median_is_that_of_the_values_of_the_lines_drawn(
    values_of: list[list[int]], seed: int
) -> None:
    counts = [np.bincount(np.array(values, np.int64), minlength=10) for values in values_of]
    weights = draws(len(values_of), 5, seed)
    for row, found in zip(weights, Median(np.array(counts))(weights), strict=True):
        drawn = [v for n, values in zip(row, values_of, strict=True) for v in values * int(n)]
        assert found == np.median(drawn) if drawn else np.isnan(found)


def test_numbers_follow_the_lines_that_are_drawn() -> None:
    other = "糖尿病患者能不能吃西瓜要看血糖控制得好不好"
    (made,) = measure(
        [typed((LINE, 3, LINE[3:]), (other, 2, "电" * 20), (other, 2, "话" * 20))], [LINE], PRIVACY
    )
    weights = np.array([[1, 1], [2, 1], [3, 1], [1, 0], [0, 5]])
    assert made.numbers["recited"](weights).tolist() == [1 / 3, 2 / 4, 3 / 5, 1, 0]
    assert made.numbers["common_chars"](weights).tolist() == [0, 11, 22, 22, 0]
