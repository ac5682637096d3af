"""The split: by content alone, stable, and never across one normal form."""

from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.split import split
from prompt_gen.text import normal_form

CONFIG = CorpusConfig()
TEXTS = [f"第{i}条：多喝温水，按时休息" for i in range(3000)]


def test_shares_are_those_of_the_settings() -> None:
    parts = split(TEXTS, CONFIG)
    for part, share in (("test", CONFIG.test), ("validation", CONFIG.validation)):
        assert abs(parts.count(part) / len(parts) - share) < 0.01


def test_order_and_company_do_not_matter() -> None:
    alone = dict(zip(TEXTS[:2000], split(TEXTS[:2000], CONFIG), strict=True))
    among = dict(zip(TEXTS[::-1], split(TEXTS[::-1], CONFIG), strict=True))
    assert all(among[text] == part for text, part in alone.items())


@given(
    st.lists(
        st.sampled_from(
            ["a", "A", "ａ", "b", "B", "c", "C", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"]
        ),
        min_size=1,
    )
)
def test_one_normal_form_is_on_one_side(texts: list[str]) -> None:
    sides: dict[str, set[str]] = {}
    for text, part in zip(texts, split(texts, CONFIG), strict=True):
        sides.setdefault(normal_form(text), set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())


def test_a_small_corpus_has_held_out_parts_too() -> None:
    parts = split(TEXTS[:100], CONFIG)
    assert parts.count("test") >= 8
    assert parts.count("validation") >= 8
    assert parts.count("train") >= 80


def test_a_single_line_is_for_training() -> None:
    assert split(["第一句话"], CONFIG) == ["train"]
