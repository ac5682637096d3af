"""The split: by content alone, stable, and never across what belongs together."""

from hashlib import sha256

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.split import TEST, TRAIN, VALIDATION
from prompt_gen.corpus.split import split as split_pieces

CONFIG = CorpusConfig()


def keys(n: int, start: int = 0) -> np.ndarray:
    digests = (sha256(str(i).encode()).digest()[:8] for i in range(start, start + n))
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


def split(keys: np.ndarray, groups: np.ndarray, config: CorpusConfig) -> np.ndarray:
    return split_pieces(np.array_split(keys, 7), groups, config)


def alone(n: int) -> np.ndarray:
    return np.arange(n, dtype=np.int32)


def test_shares_are_those_of_the_settings() -> None:
    parts = split(keys(5000), alone(5000), CONFIG)
    for part, share in ((TEST, CONFIG.test), (VALIDATION, CONFIG.validation)):
        assert abs((parts == part).mean() - share) < 0.01


def test_shares_hold_for_large_groups_too() -> None:
    n, size = 40_000, 20
    groups = np.arange(n, dtype=np.int32) // size * size
    parts = split(keys(n), groups, CONFIG)
    assert abs((parts == TEST).mean() - CONFIG.test) < 0.01


def test_order_and_company_do_not_matter() -> None:
    n = 3000
    few, many = split(keys(2000), alone(2000), CONFIG), split(keys(n)[::-1], alone(n), CONFIG)[::-1]
    assert (few == many[:2000]).all()


def test_a_group_is_on_one_side_and_only_a_new_decider_moves_it() -> None:
    n = 4000
    groups = alone(n)
    groups[1::2] = groups[::2]
    parts = split(keys(n), groups, CONFIG)
    assert (parts[::2] == parts[1::2]).all()
    before = split(keys(n)[::2], alone(n // 2), CONFIG)
    assert 0.005 < (before != parts[::2]).mean() < 0.06


def test_a_group_as_large_as_a_part_is_trained_on() -> None:
    n = 2000
    for start in range(20):
        groups = alone(n)
        groups[: n // 10] = 0
        assert (split(keys(n, start * n), groups, CONFIG)[: n // 10] == TRAIN).all()


def test_a_small_corpus_has_held_out_parts_too() -> None:
    parts = split(keys(100), alone(100), CONFIG)
    assert [(parts == part).sum() >= least for part, least in ((TEST, 8), (VALIDATION, 8))]
    assert (parts == TRAIN).sum() >= 80


def test_a_single_document_is_for_training() -> None:
    assert split(keys(1), alone(1), CONFIG).tolist() == [TRAIN]


def test_a_large_corpus_has_held_out_parts_of_bounded_size_that_only_lose_documents() -> None:
    config = CorpusConfig(max_held_out=100)
    before = split(keys(4000), alone(4000), config)
    after = split(keys(40_000), alone(40_000), config)[:4000]
    assert 40 <= (before == TEST).sum() <= 130
    assert 40 <= (split(keys(40_000), alone(40_000), config) == TEST).sum() <= 130
    assert (before[after == TEST] == TEST).all()
    assert (after[before == TRAIN] == TRAIN).all()
