"""Typing and scoring by processes: the same as in one, and kept on the disk."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from prompt_gen import bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate
from prompt_gen.evaluate import replay as station
from prompt_gen.evaluate.predictors import MODEL, Predictor
from prompt_gen.evaluate.replay import Replay
from prompt_gen.evaluate.typed import Offer
from prompt_gen.run import Run
from prompt_gen.workers import Workers

ENGINE = EngineConfig(threads=1, deadline_ms=60_000)
LINES = ["高血压患者要少吃盐。", "Reset the password.", "多喝水"]


@pytest.fixture
def predictor(trained: Run) -> Iterator[Predictor]:
    yield Predictor(MODEL, "small", "small", trained.station("bundle"), "one")
    station.opened.cache_clear()


def replay(directory: Path, engine: EngineConfig = ENGINE) -> Replay:
    return Replay(engine, Workers(1, "types lines", "evaluate.workers"), directory)


def texts(offers: list[list[Offer]]) -> list[list[list[str]]]:
    return [[[c.text for c in offer.candidates] for offer in row] for row in offers]


def test_every_key_but_the_last_has_an_offer(predictor: Predictor, tmp_path: Path) -> None:
    told = list[int]()
    offers = replay(tmp_path).typed(predictor, LINES, told.append)
    assert [len(row) for row in offers] == [len(line) - 1 for line in LINES]
    assert sum(told) == sum(map(len, LINES))
    for line, row in zip(LINES, offers, strict=True):
        for j, offer in enumerate(row, 1):
            assert all(c.text == line[:j] + c.completion for c in offer.candidates)
            assert offer.ms > 0
        assert row[0].n_passes > 0  # later keys may need none


def test_cuts_are_some_of_the_keys(predictor: Predictor, tmp_path: Path) -> None:
    every = replay(tmp_path).typed(predictor, LINES, lambda _: None)
    some = replay(tmp_path).typed(predictor, LINES, lambda _: None, [(2, 5), (1,), ()])
    assert texts(some) == texts([[every[0][1], every[0][4]], [every[1][0]], []])


def test_two_processes_offer_and_score_as_one_does(predictor: Predictor, tmp_path: Path) -> None:
    alone = replay(tmp_path)
    with Workers(2, "types lines", "evaluate.workers") as workers:
        both = Replay(ENGINE, workers, tmp_path)
        offers = both.typed(predictor, LINES * 3, lambda _: None)
        scores = both.scored(predictor, LINES * 3)
    assert texts(offers) == texts(alone.typed(predictor, LINES * 3, lambda _: None))
    expected = alone.scored(predictor, LINES * 3)
    assert scores is not None
    assert expected is not None
    np.testing.assert_allclose(scores.nats_N, expected.nats_N, rtol=1e-6)


def test_what_was_typed_is_not_typed_again(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = replay(tmp_path).typed(predictor, LINES, lambda _: None)
    scored = replay(tmp_path).scored(predictor, LINES)

    def fail(*_: object) -> None:
        raise AssertionError("opened again")

    station.opened.cache_clear()
    monkeypatch.setattr(station, "opened", fail)
    assert replay(tmp_path).typed(predictor, LINES, lambda _: None) == first
    again = replay(tmp_path).scored(predictor, LINES)
    assert scored is not None
    assert again is not None
    np.testing.assert_array_equal(again.nats_N, scored.nats_N)
    changes = [
        (replay(tmp_path), replace(predictor, fingerprint="other"), LINES),
        (replay(tmp_path), predictor, LINES[:2]),
        (replay(tmp_path, ENGINE.model_copy(update={"floor": 0.1})), predictor, LINES),
    ]
    for changed, who, lines in changes:
        with pytest.raises(AssertionError, match="opened again"):
            changed.typed(who, lines, lambda _: None)


def test_half_a_file_is_made_again(predictor: Predictor, tmp_path: Path) -> None:
    first = replay(tmp_path).typed(predictor, LINES[:1], lambda _: None)
    (kept,) = tmp_path.rglob("*.json.gz")
    kept.write_bytes(kept.read_bytes()[:40])
    assert texts(replay(tmp_path).typed(predictor, LINES[:1], lambda _: None)) == texts(first)


def test_a_text_that_does_not_begin_as_it_must_is_kept_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = SimpleNamespace(complete=lambda _: [Candidate("别的", "的", 0.5, "eos")])
    monkeypatch.setattr(station, "opened", lambda *_: wrong)
    who = Predictor("popular", "p", "p", tmp_path, "x")
    for _ in range(2):  # found, then read
        offers = replay(tmp_path).typed(who, ["高血"], lambda _: None)
        assert offers[0][0].candidates[0].text == "别的"


def test_scores_are_the_models_own(trained: Run, predictor: Predictor, tmp_path: Path) -> None:
    """Calibration is for those who look at scores; fitting it again needs the raw ones."""
    before = replay(tmp_path).typed(predictor, LINES[:1], lambda _: None)
    made = bundle.load(trained.path)
    calibration = made.path / bundle.CALIBRATION
    kept = calibration.read_bytes() if calibration.exists() else None
    try:
        bundle.attach_calibration(made, 3.0, {})
        station.opened.cache_clear()
        after = replay(tmp_path).typed(predictor, LINES[:1], lambda _: None)
    finally:
        calibration.write_bytes(kept) if kept is not None else calibration.unlink()
    scores = [
        [c.score for c in offer.candidates] for offers in (before, after) for offer in offers[0]
    ]
    assert scores[: len(scores) // 2] == scores[len(scores) // 2 :]
