"""Small texts of small alphabets, in which everything occurs again."""

import numpy as np
from hypothesis import strategies as st

from prompt_gen.memory import index
from prompt_gen.memory.index import Index

BOS, EOS, SIZE = 0, 1, 6
Lines = list[tuple[list[int], int]]  # ids without BOS and EOS, and how many lines they stand for

word_lists = st.lists(st.integers(2, SIZE - 1), max_size=8)
some_lines = st.lists(st.tuples(word_lists, st.integers(1, 3)), min_size=1, max_size=30)


def documents(lines: Lines) -> list[np.ndarray]:
    return [np.array([BOS, *words, EOS]) for words, _ in lines]


def indexed(lines: Lines) -> Index:
    return index.build(documents(lines), np.array([count for _, count in lines]), SIZE)
