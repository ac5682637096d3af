"""The kinds of beginnings: what comparing with every training line finds."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.corpus.duplicates import pieces, similarity
from prompt_gen.engine.candidates import Candidate
from prompt_gen.evaluate import beginnings
from prompt_gen.evaluate.beginnings import NEAR, SEEN, UNSEEN, known
from prompt_gen.evaluate.typed import Offer, Typed

LINES = st.lists(st.text(st.sampled_from("甲乙丙丁。"), max_size=9), max_size=12)


def typed(lines: list[str]) -> Typed:
    """Lines at all of whose keys the same is offered."""
    offer = Offer((Candidate("", "", 0.5, "eos"),), 1.0, 1)
    return Typed(lines, [[offer] * max(0, len(line) - 1) for line in lines], 24, 1)


@given(LINES, LINES, st.integers(1, 4))
def test_every_beginning_has_the_kind_that_the_definition_says(
    lines: list[str], train: list[str], n_batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beginnings, "_BATCH_TEXTS", n_batch)
        found = known(lines, iter(train))
    kinds = iter(found.kinds(typed(lines)).tolist())
    for line, is_near in zip(lines, found.is_near_N.tolist(), strict=True):
        for j in range(1, len(line)):
            is_seen = any(text.startswith(line[:j]) for text in train)
            assert next(kinds) == (SEEN if is_seen else NEAR if is_near else UNSEEN)
        # A pair of lower similarity may be missed or not looked at, but is never taken.
        most = max((similarity(pieces(line), pieces(text)) for text in train), default=0)
        assert not is_near or most >= beginnings.SIMILARITY
        assert is_near or most < 1
    assert next(kinds, None) is None


def test_nearly_equal_lines_are_found_as_often_as_bands_promise() -> None:
    rng = np.random.default_rng(3)
    lines = ["".join(map(chr, row)) for row in rng.integers(0x4E00, 0x9000, (300, 30))]
    near = [f"{line[:15]}，{line[15:]}也" for line in lines]  # 28 of 29 pieces
    fair = [line[:26] for line in lines]  # 24 of 28: 0.86
    less = [line[:23] for line in lines]  # 21 of 28: 0.75, which most bands let through
    assert known(lines, [*near, *less]).is_near_N.all()
    assert known(lines, fair).is_near_N.mean() > 0.97
    assert not known(lines, less).is_near_N.any()


def test_a_beginning_longer_than_the_bound_is_never_seen() -> None:
    line = "".join(map(chr, range(0x4E00, 0x4E00 + 100)))
    kinds = known([line], [line]).kinds(typed([line])).tolist()
    assert kinds == [SEEN] * 64 + [NEAR] * 35


@pytest.mark.data
def test_lines_of_public_data_that_end_otherwise_are_near(data: Path) -> None:
    with gzip.open(data / "bench" / "medical-zh.train.txt.gz", "rt", encoding="utf-8") as file:
        train = file.read().splitlines()[:5000]
    ours = [line.rstrip("？?。") + "吗？" for line in train if 20 <= len(line) <= 60][:500]
    assert known(ours, train).is_near_N.mean() > 0.98
