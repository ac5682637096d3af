"""A line typed key by key: what a side is asked, and what counts for what."""

import time
from collections.abc import Sequence

import pytest

from prompt_gen.engine import Candidate
from prompt_gen.replay.keys import type_lines
from prompt_gen.replay.sides import Alone, listed
from tests.replay.toys import Diary


def test_a_side_is_asked_every_key_but_the_last_with_a_pause_behind_each() -> None:
    diary = Diary(lambda typed: ["甲"])
    keys = type_lines(diary, ["多喝水", "忌口", "好"], 5)
    assert diary.asked == ["line", "多", "pause", "多喝", "pause", "line", "忌", "pause", "line"]
    assert [len(row) for row in keys] == [2, 1, 0]


def test_passes_of_a_pause_are_not_those_of_a_key() -> None:
    keys = type_lines(Diary(lambda typed: ["甲"]), ["多喝水吧"], 5)[0]
    assert [key.offer.n_passes for key in keys] == [1, 1, 1]


def test_time_counts_where_it_is_spent() -> None:
    class Slow(Diary):
        def key(self, typed: str) -> Sequence[str]:
            time.sleep(0.02)  # waits, and does not work
            return ()

        def pause(self) -> None:
            until = time.process_time() + 0.05
            while time.process_time() < until:
                pass

    (key,) = type_lines(Slow(), ["多喝"], 5)[0]
    assert key.offer.ms >= 20 > key.cpu_ms
    assert key.pause_cpu_ms >= 50
    assert key.pause_ms >= 50 * 0.9  # several threads would take less wall time


@pytest.mark.parametrize("n", [1, 2])
def test_texts_become_candidates_and_only_n_are_kept(n: int) -> None:
    own = Candidate("多喝水", "喝水", 0.5, "eos")
    (key,) = type_lines(Alone(lambda typed: [own, "吃", "睡"]), ["多喝"], n)[0]
    assert [each.text for each in key.offer.candidates] == ["多喝水", "多吃"][:n]
    assert key.offer.candidates[0] is own


def test_continuations_of_peers_are_cut_where_ours_stop() -> None:
    found = listed(
        ["水。然后", "水。后来", "", "汤\ufffd", "\ufffd", "很多很多很多很多水"], "多喝", 6
    )
    assert found == ["水。", "汤", "很多很多很多"]
