"""Every match that the index finds is one that a walk through the text finds, and no other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.errors import Damaged
from prompt_gen.memory import follows, index
from prompt_gen.memory.index import MAX_DEPTH, Index
from tests.memory.corpora import BOS, EOS, SIZE, Lines, indexed, some_lines, word_lists


def places_of(found: Index, low: int, high: int) -> list[int]:
    return sorted(found.places(slice(int(low), int(high))).tolist())


def walked(found: Index, ids: list[int]) -> list[int]:
    """Where ids stand inside of documents."""
    text = found.text[:-1].tolist()
    return [at for at in range(len(text)) if text[at : at + len(ids)] == ids and ids]


@settings(deadline=None)
@given(lines=some_lines, words=word_lists)
def test_a_sequence_is_found_wherever_it_stands(lines: Lines, words: list[int]) -> None:
    found = indexed(lines)
    for ids in ([BOS, *words], words or [2], lines[0][0] or [2]):
        assert places_of(found, *found.find(ids)) == walked(found, list(ids))


@settings(deadline=None)
@given(lines=some_lines, words=word_lists)
def test_each_row_knows_where_its_last_tokens_stand(lines: Lines, words: list[int]) -> None:
    found, ids = indexed(lines), [BOS, *words]
    matches = found.start()
    for read, token in enumerate(ids, start=1):
        matches = found.extend(matches, np.array([token]))
        assert places_of(found, matches.low_BD[0, 0], matches.high_BD[0, 0]) == walked_all(found)
        for depth in range(1, MAX_DEPTH + 1):
            last = ids[read - depth : read] if depth <= read else []
            low, high = matches.low_BD[0, depth], matches.high_BD[0, depth]
            assert places_of(found, low, high) == walked(found, last)


def walked_all(found: Index) -> list[int]:
    return [at for at, token in enumerate(found.text[:-1].tolist()) if token != EOS]


@settings(deadline=None)
@given(lines=some_lines, rows=st.lists(word_lists, min_size=1, max_size=4))
def test_rows_do_not_disturb_each_other(lines: Lines, rows: list[list[int]]) -> None:
    found = indexed(lines)
    lengths = np.array([len(row) + 1 for row in rows])
    tokens = np.zeros((len(rows), lengths.max()), np.int64)
    for at, row in enumerate(rows):
        tokens[at, 1 : len(row) + 1] = row
    start = found.start().take(np.zeros(len(rows), int))
    every, last = found.follow(start, tokens, lengths)
    assert len(every.low_BD) == lengths.sum()
    for at, end in enumerate(np.cumsum(lengths)):
        alone, _ = found.follow(found.start(), tokens[at : at + 1], lengths[at : at + 1])
        assert np.array_equal(every.low_BD[end - lengths[at] : end], alone.low_BD)
        assert np.array_equal(last.high_BD[at], alone.high_BD[-1])


def test_places_are_kept_in_three_bytes_or_four() -> None:
    lines: Lines = [([2, 3, 4], 1), ([2, 3, 5], 2)]
    small = indexed(lines)
    wide = Index(small.text, small.places(slice(None)).astype("<u4"), *_rest(small))
    assert small.packed.dtype == np.uint8
    assert wide.find([2, 3]) == small.find([2, 3])
    assert places_of(wide, *wide.find([3])) == places_of(small, *small.find([3])) != []


def _rest(found: Index) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return found.firsts, found.steps, found.counts


def test_a_place_counts_as_its_document_does() -> None:
    found = indexed([([2], 1), ([3, 3], 3), ([4], 2), ([5], 1)])
    counts = {
        int(found.text[place]): int(found.lines_at(np.array([place]))[0])
        for place in range(found.n_tokens)
        if found.text[place] > EOS
    }
    assert counts == {2: 1, 3: 3, 4: 2, 5: 1}
    assert [int(found.text[at]) for at in found.documents] == [BOS] * 4


def test_what_stands_twice_is_repeated() -> None:
    found = indexed([([2, 3, 4], 1), ([5, 3, 4], 1)])
    repeated = follows.repeated(found, 3)
    assert [found.text[at : at + 3].tolist() for at in np.flatnonzero(repeated)] == [
        [3, 4, EOS]
    ] * 2


@pytest.mark.parametrize("name", ["text", "packed", "firsts"])
def test_half_a_file_is_damaged(name: str, tmp_path) -> None:
    indexed([([2, 3, 2], 1)]).save(tmp_path)
    path = tmp_path / f"{name}.npy"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(Damaged, match="cannot be read"):
        index.load(tmp_path)


def test_what_is_saved_is_what_is_loaded(tmp_path) -> None:
    made = indexed([([2, 3, 4], 1), ([2, 3, 5], 2)])
    made.save(tmp_path)
    found = index.load(tmp_path)
    assert found.find([2, 3]) == made.find([2, 3])
    assert found.n_rows == made.n_rows
    assert len(found.firsts) == SIZE + 1
