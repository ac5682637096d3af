"""The tree on a model that can be enumerated: its probabilities are the true ones."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.choosing import Beginnings
from prompt_gen.engine.line import Line
from prompt_gen.engine.tree import Tree, grow
from prompt_gen.engine.trie import Trie
from tests.engine.toy import TEXTS, Toy, after, enumerated, line_of, path_of, vocabulary_of

BPE = vocabulary_of("bpe")
WHOLE = {"floor": 1e-12, "worth": 1e-12, "places": 4096, "batch": 256}
MANY = [*TEXTS, "丁"]  # 丁 comes in two pieces, each of them half a character
FEW = ["甲乙", "乙丙", "丙。", "丁"]
typed_texts = st.sampled_from(["甲", "乙", "甲乙", "丙甲", "丁", "乙丙甲", "丁甲乙"])
seeds = st.integers(0, 1 << 30)


def whole(toy: Toy, typed: str, max_chars: int) -> Tree:
    return grow(line_of(toy, BPE, typed, max_chars=max_chars, **WHOLE))


@settings(max_examples=40, deadline=None)
@given(seed=seeds, typed=typed_texts, texts=st.sampled_from([MANY, FEW]))
def test_every_beginning_is_as_probable_as_arithmetic_says(
    seed: int, typed: str, texts: list[str]
) -> None:
    toy = Toy(BPE, texts, seed)
    known = Beginnings(whole(toy, typed, max_chars=2))
    expected = enumerated(toy, BPE, typed, max_chars=2)
    ours = dict(zip(known.texts, known.p, strict=True))
    assert set(expected.texts) <= set(ours)
    for text, p in ours.items():
        assert p == pytest.approx(expected.beginning(text), rel=1e-9, abs=1e-12), text


@settings(max_examples=40, deadline=None)
@given(seed=seeds, typed=typed_texts, places=st.integers(1, 40), floor=st.floats(0.001, 0.3))
def test_what_is_in_the_tree_and_what_parts_from_it_sum_to_one(
    seed: int, typed: str, places: int, floor: float
) -> None:
    line = line_of(Toy(BPE, FEW, seed), BPE, typed, places=places, floor=floor, max_chars=3)
    tree = grow(line)
    assert sum(place.p for place in tree.roots) <= 1 + 1e-9
    for opened in tree.opened:
        behind = sum(place.p for place in opened.behind) + opened.p_end
        assert behind <= opened.place.p * (1 + 1e-9)
    parting_M = Beginnings(tree).parting()
    assert parting_M.min() > -1e-12
    assert parting_M.sum() == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(
    seed=seeds, typed=typed_texts, places=st.integers(1, 60), batch=st.sampled_from([1, 3, 16, 256])
)
def test_the_best_places_are_looked_into_however_many_are_read_at_once(
    seed: int, typed: str, places: int, batch: int
) -> None:
    toy = Toy(BPE, FEW, seed)
    settings = WHOLE | {"places": places, "batch": batch}
    tree = grow(line_of(toy, BPE, typed, max_chars=3, **settings))
    expected = enumerated(toy, BPE, typed, max_chars=3)
    ours = {path_of(opened.place): opened.place for opened in tree.opened}
    assert set(ours) == expected.best(places, max_chars=3)
    for path, place in ours.items():
        assert (place.text, pytest.approx(place.p)) == expected.places[path]
    assert not tree.is_cut


def test_what_promises_too_little_is_not_looked_into() -> None:
    tree = grow(line_of(Toy(BPE), BPE, "甲", max_chars=5, worth=0.3, floor=0.0001, places=4096))
    opened = {path_of(each.place) for each in tree.opened}
    noted = [*tree.roots, *(place for each in tree.opened for place in each.behind)]
    for place in noted:
        promises = place.p * (5 - len(place.text)) >= 0.3
        assert (path_of(place) in opened) == (promises and not place.end)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, typed=typed_texts, floor=st.floats(0.001, 0.2))
def test_places_are_noted_from_a_probability_on(seed: int, typed: str, floor: float) -> None:
    toy = Toy(BPE, FEW, seed)
    tree = grow(line_of(toy, BPE, typed, max_chars=3, floor=floor, worth=0.0, places=4096))
    noted = [*tree.roots, *(place for each in tree.opened for place in each.behind)]
    expected = enumerated(toy, BPE, typed, max_chars=3).places
    likely = {path for path, (_, p) in expected.items() if p >= floor * (1 + 1e-9)}
    assert set(map(path_of, noted)) >= likely
    assert min(place.p for place in noted) >= floor * (1 - 1e-9)


def is_consistent(tree: Tree, toy: Toy, typed: str, max_chars: int) -> None:
    """A part of all there is, parents before children."""
    expected = enumerated(toy, BPE, typed, max_chars)
    seen = {path_of(place) for place in tree.roots}
    for opened in tree.opened:
        path = path_of(opened.place)
        assert path in seen
        assert opened.place.p == pytest.approx(expected.places[path][1])
        seen.update(map(path_of, opened.behind))


@settings(max_examples=40, deadline=None)
@given(seed=seeds, typed=typed_texts, batch=st.sampled_from([1, 4, 16]), n=st.integers(0, 8))
def test_a_tree_that_was_cut_is_a_part_of_the_whole_and_can_be_gone_on_from(
    seed: int, typed: str, batch: int, n: int
) -> None:
    toy, trie = Toy(BPE, FEW, seed), Trie()
    settings = {"max_chars": 3, "places": 20, "worth": 0.0, "batch": batch}
    full = grow(line_of(toy, BPE, typed, **settings))
    cut = grow(line_of(toy, BPE, typed, trie, after(n), **settings))
    is_consistent(cut, toy, typed, max_chars=3)
    assert cut.is_cut or as_seen(cut) == as_seen(full)
    assert as_seen(grow(line_of(toy, BPE, typed, trie, **settings))) == as_seen(full)


def as_seen(tree: Tree) -> list[tuple]:
    return [
        (path_of(each.place), each.place.p, each.p_end, len(each.behind)) for each in tree.opened
    ]


def stopping(toy: Toy, n_passes: int) -> tuple[Line, list[int]]:
    """A line that is stopped once so many passes were made, and how many were when it said so."""
    said: list[int] = []

    def stops() -> bool:
        if toy.n_passes >= n_passes:
            said.append(toy.n_passes)
        return bool(said)

    line = line_of(toy, BPE, "甲", stops=stops, batch=1, places=200, worth=0.0, max_chars=9)
    return line, said


@pytest.mark.parametrize("n_passes", [1, 2, 7])
def test_no_pass_is_made_once_it_was_stopped(n_passes: int) -> None:
    toy = Toy(BPE)
    line, said = stopping(toy, n_passes)
    assert grow(line).is_cut
    assert toy.n_passes == said[0] == n_passes


def test_a_pass_that_runs_at_the_deadline_is_the_last_one() -> None:
    toy = Toy(BPE, delay_s=0.02)
    deadline = time.monotonic() + 0.05
    begun: list[float] = []
    read = toy.read

    def timed(*arguments):
        begun.append(time.monotonic())
        return read(*arguments)

    toy.read = timed  # type: ignore[method-assign]
    line = line_of(
        toy, BPE, "甲", stops=lambda: time.monotonic() >= deadline, batch=1, places=500, worth=0.0
    )  # fmt: skip
    assert grow(line).is_cut
    late = [at for at in begun if at >= deadline]
    assert begun
    assert len(late) <= 1  # asked before the deadline, begun behind it


def test_a_fresh_tree_needs_one_pass_for_all_covers() -> None:
    toy = Toy(BPE)
    grow(line_of(toy, BPE, "甲乙", places=1, stops=after(0)))
    assert toy.n_passes == 1


def test_the_same_places_in_fewer_passes() -> None:
    one, many = Toy(BPE), Toy(BPE)
    settings = {"max_chars": 6, "places": 64, "worth": 0.0}
    first = grow(line_of(one, BPE, "甲", batch=1, **settings))
    second = grow(line_of(many, BPE, "甲", batch=64, **settings))
    assert as_seen(first) == as_seen(second)
    assert many.n_passes * 4 < one.n_passes
    assert np.isclose(sum(place.p for place in first.roots), 1)
