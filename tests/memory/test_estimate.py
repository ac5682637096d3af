"""What the memory says is what the equations say, whether it is read off the index or kept."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.memory import estimate, follows
from prompt_gen.memory.estimate import Estimate, Estimator
from prompt_gen.memory.index import Matches
from tests.memory.corpora import BOS, EOS, SIZE, Lines, indexed, some_lines, word_lists
from tests.ngrams.test_kneser_ney import Slow, contexts

COLUMNS = ("low_BD", "high_BD")


def kneser_ney(estimator: Estimator, found: Estimate) -> np.ndarray:
    """The whole distribution of each row [B, V]."""
    every = [np.full(len(found.rest_B), token) for token in range(SIZE)]
    return np.stack([found.of(tokens, estimator.unigrams)[0] for tokens in every], axis=1)


def follow(estimator: Estimator, context: tuple[int, ...]) -> Matches:
    matches: Matches = estimator.index.start()
    for token in context:
        matches = estimator.index.extend(matches, np.array([token]))
    return matches


def behind(estimator: Estimator, context: tuple[int, ...]) -> Estimate:
    return estimator.behind(follow(estimator, context))


@pytest.fixture(params=[1, 2, 512])
def max_places(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Contexts that are read off the index: next to none, some, all."""
    for module in (follows, estimate):
        monkeypatch.setattr(module, "MAX_PLACES", request.param)
    return request.param


@pytest.mark.parametrize("order", [2, 3, 4])
@settings(deadline=None, max_examples=20)
@given(lines=some_lines)
def test_kneser_ney_is_that_of_the_equations(order: int, lines: Lines) -> None:
    for n_places in (1, 2, 512):
        with pytest.MonkeyPatch.context() as patch:
            for module in (follows, estimate):
                patch.setattr(module, "MAX_PLACES", n_places)
            made, slow = estimate.build(indexed(lines), SIZE, order), Slow(lines, order)
            for context in contexts(2):
                if EOS in context or BOS in context[1:]:
                    continue  # nothing follows EOS, nothing comes before BOS
                found = kneser_ney(made, behind(made, context))[0]
                wanted = [slow.probability(word, context) for word in range(1, SIZE)]
                assert found[1:] == pytest.approx(wanted, rel=1e-9)
                assert found[BOS] == 0


@settings(deadline=None)
@given(lines=some_lines, words=word_lists)
def test_the_longest_match_says_what_followed_it(lines: Lines, words: list[int]) -> None:
    made = estimate.build(indexed(lines), SIZE, 3)
    context = [BOS, *words]
    found = behind(made, tuple(context))
    followed: Counter[int] = Counter()
    depth = 0
    for length in range(1, len(context) + 1):
        seen = after(lines, context[-length:])
        if seen:
            followed, depth = seen, length
    assert found.depth_B.tolist() == [depth]
    assert found.n_lines_B.tolist() == [sum(followed.values())]
    shares = dict(zip(found.matched.token_S.tolist(), found.matched.share_S.tolist(), strict=True))
    assert shares == pytest.approx({t: n / sum(followed.values()) for t, n in followed.items()})


@settings(deadline=None)
@given(lines=some_lines, rows=st.lists(word_lists, min_size=1, max_size=5))
def test_rows_do_not_disturb_each_other(lines: Lines, rows: list[list[int]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (follows, estimate):
            patch.setattr(module, "MAX_PLACES", 2)  # some are kept, some read
        made = estimate.build(indexed(lines), SIZE, 4)
        matches, alone = [], []
        for row in rows:
            matches.append(follow(made, (BOS, *row)))
            alone.append(made.behind(matches[-1]))
        together = made.behind(
            Matches(*(np.concatenate([getattr(m, name) for m in matches]) for name in COLUMNS))
        )
    wanted = np.concatenate([kneser_ney(made, found) for found in alone])
    assert kneser_ney(made, together) == pytest.approx(wanted)
    for token in range(SIZE):
        shares = [found.matched.of(np.array([token]))[0] for found in alone]
        assert together.matched.of(np.full(len(rows), token)) == pytest.approx(np.array(shares))
    for name in ("depth_B", "n_lines_B"):
        each = [getattr(found, name)[0] for found in alone]
        assert getattr(together, name).tolist() == each


def after(lines: Lines, ids: list[int]) -> Counter[int]:
    """What follows ids in lines, by lines."""
    found: Counter[int] = Counter()
    for words, count in lines:
        line = [BOS, *words, EOS]
        for at in range(len(line) - len(ids)):
            if line[at : at + len(ids)] == ids:
                found[line[at + len(ids)]] += count
    return found


def test_a_match_at_too_many_places_says_nothing(max_places: int) -> None:
    made = estimate.build(indexed([([2, 3], 1), ([2, 4], 1), ([2, 5], 1)]), SIZE, 3)
    found = behind(made, (2,))
    assert (found.n_lines_B[0] == 0) == (max_places < 3)
    assert (len(found.matched.row_S) == 0) == (max_places < 3)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    made = estimate.build(indexed([([2, 3, 4], 1), ([2, 3, 5], 2), ([2, 2], 1)]), SIZE, 3)
    made.save(tmp_path)
    loaded = estimate.load(tmp_path)
    for context in [(BOS,), (BOS, 2), (2, 3), (5,)]:
        wanted = kneser_ney(made, behind(made, context))
        assert kneser_ney(loaded, behind(loaded, context)) == pytest.approx(wanted, rel=1e-6)
