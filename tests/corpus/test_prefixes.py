"""Seen prefixes: the neighbours' answer is that of comparing with every text."""

from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.corpus.prefixes import MAX_CHARS, seen_chars

TEXTS = st.lists(st.text(st.sampled_from("甲乙丙"), max_size=6), max_size=12)


@given(TEXTS, TEXTS)
def test_it_is_the_longest_common_beginning(held_out: list[str], train: list[str]) -> None:
    for text, seen in zip(held_out, seen_chars(held_out, train), strict=True):
        possible = [n for n in range(len(text) + 1) if any(t.startswith(text[:n]) for t in train)]
        assert seen == max(possible, default=0)


def test_long_texts_are_compared_up_to_a_bound() -> None:
    assert seen_chars(["长" * 100], ["长" * 200]).tolist() == [MAX_CHARS]
