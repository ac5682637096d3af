"""Small texts of small alphabets, in which everything occurs again."""

import numpy as np
from hypothesis import strategies as st

from prompt_gen.memory import sorting
from prompt_gen.memory.index import Index
from prompt_gen.memory.sorting import EndToEnd

BOS, EOS, SIZE = 0, 1, 6
Lines = list[tuple[list[int], int]]  # ids without BOS and EOS, and how many lines they stand for

word_lists = st.lists(st.integers(2, SIZE - 1), max_size=8)
some_lines = st.lists(st.tuples(word_lists, st.integers(1, 3)), min_size=1, max_size=30)


def documents(lines: Lines) -> list[np.ndarray]:
    return [np.array([BOS, *words, EOS]) for words, _ in lines]


def indexed(lines: Lines) -> Index:
    counts = np.array([count for _, count in lines])
    return sorting.index_of([EndToEnd.of(documents(lines))], counts, SIZE)
