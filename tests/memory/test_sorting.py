"""The index of documents is the same however they lie and in whatever blocks they are read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.memory import estimate, follows, sorting
from prompt_gen.memory.estimate import Estimator
from prompt_gen.memory.sorting import EndToEnd
from tests.memory.corpora import SIZE, Lines, documents, some_lines

INDEX = ("text", "packed", "firsts", "steps", "counts")
FREQUENT = ("lows", "starts", "tokens", "counts")


def made(lines: Lines, n_pieces: int = 1) -> Estimator:
    parts = [part for part in np.array_split(np.arange(len(lines)), n_pieces) if len(part)]
    texts = documents(lines)
    pieces = [EndToEnd.of([texts[i] for i in part]) for part in parts]
    index = sorting.index_of(pieces, np.array([count for _, count in lines]), SIZE)
    return estimate.build(index, SIZE, 3)


def same(one: Estimator, other: Estimator) -> None:
    for name in INDEX:
        assert np.array_equal(getattr(one.index, name), getattr(other.index, name)), name
    assert np.array_equal(one.discounts, other.discounts)
    for ours, theirs in zip(one.frequent, other.frequent, strict=True):
        for name in FREQUENT:
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    assert np.array_equal(follows.repeated(one.index, 3), follows.repeated(other.index, 3))


@settings(deadline=None)
@given(lines=some_lines, n_pieces=st.integers(1, 4), block=st.integers(1, 7))
def test_pieces_and_blocks_change_nothing(lines: Lines, n_pieces: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(follows, "MAX_PLACES", 2)
        whole = made(lines)
        for module, name in ((follows, "_BLOCK"), (sorting, "_BLOCK"), (sorting, "_DOCUMENTS")):
            patch.setattr(module, name, block)
        same(made(lines, n_pieces), whole)


@pytest.mark.parametrize("size", [SIZE, 1 << 17])
def test_suffixes_are_in_the_order_of_their_ids(size: int) -> None:
    ids = np.random.default_rng(0).integers(2, size, 500)
    index = sorting.index_of([EndToEnd.of([np.array([0, *ids, 1])])], np.ones(1, int), size)
    text = index.text[:-1].tolist()
    wanted = sorted((at for at in range(len(text) - 1)), key=lambda at: text[at:])
    assert index.places(slice(None)).tolist() == wanted
