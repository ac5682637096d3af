"""Packed batches: all tokens, the order of the seed, nothing across documents."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import ModelConfig
from prompt_gen.model import ARCHITECTURES, Shape, build
from prompt_gen.shards import Part, Shard
from prompt_gen.training.batches import IGNORE, Batches


def part_of(lengths: list[int]) -> Part:
    """Documents of distinct tokens, so that each token can be told apart, in two files."""
    cut = len(lengths) // 2
    ends = np.concatenate([[0], np.cumsum(lengths)])
    tokens = np.arange(ends[-1], dtype=np.uint16)
    shards = (
        Shard(tokens[: ends[cut]], ends[: cut + 1], 0, "", ""),
        Shard(tokens[ends[cut] :], ends[cut:] - ends[cut], 0, "", ""),
    )
    return Part(shards, np.ones(len(lengths), np.float32))


LENGTHS = st.lists(st.integers(2, 30), min_size=1, max_size=20)


@settings(deadline=None)
@given(LENGTHS, st.integers(1, 3), st.integers(4, 16), st.integers(0, 5))
def test_every_epoch_has_every_token_once(
    lengths: list[int], n_rows: int, n_row_tokens: int, seed: int
) -> None:
    part = part_of(lengths)
    batches, size = Batches(part, n_row_tokens, seed), n_rows * n_row_tokens
    starts = range(0, 3 * part.n_tokens, size)
    stream = torch.cat([batches.at(at, n_rows).tokens_BT.flatten() for at in starts]).tolist()
    for epoch in range(3):
        piece = stream[epoch * part.n_tokens : (epoch + 1) * part.n_tokens]
        assert Counter(piece) == Counter(range(part.n_tokens))


@settings(deadline=None)
@given(LENGTHS, st.integers(0, 5))
def test_weights_of_one_are_the_plain_order(lengths: list[int], seed: int) -> None:
    part = part_of(lengths)
    expected = [
        part[i]
        for epoch in range(3)
        for i in np.random.default_rng((seed, epoch)).permutation(len(part))
    ]
    n_tokens = 3 * part.n_tokens
    for weights in (None, part.weights):
        batches = Batches(part, n_tokens, seed, weights)
        assert batches.at(0, 1).tokens_BT[0].tolist() == np.concatenate(expected).tolist()
        assert batches.epochs(n_tokens) == 3


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(2, 30), st.floats(0.125, 5, width=32)), min_size=1, max_size=12),
    st.integers(0, 5),
)
def test_documents_are_shown_as_often_as_they_weigh(
    documents: list[tuple[int, float]], seed: int
) -> None:
    lengths, weights = zip(*documents, strict=True)
    part, weights = part_of(list(lengths)), np.array(weights, np.float32)
    batches = Batches(part, 64, seed, weights)
    copies = [batches._copies(epoch) for epoch in range(6)]
    ends = np.cumsum([n @ part.lengths for n in copies])
    stream = batches.at(0, ends[-1] // 64 + 1).tokens_BT.flatten()
    for n, piece in zip(copies, np.split(stream, ends), strict=False):
        assert (np.bincount(piece, minlength=part.n_tokens) == np.repeat(n, lengths)).all()
    for n_epochs, n in enumerate(np.cumsum(copies, axis=0), 1):
        assert (abs(n - n_epochs * weights.astype(float)) <= 1).all()
    assert batches.epochs(6400) == pytest.approx(6400 / (weights @ part.lengths))


def test_every_epoch_shows_a_whole_weight_as_often_and_others_by_turns() -> None:
    part, weights = part_of([4, 4, 4, 4]), np.array([1, 3, 0.5, 1.5], np.float32)
    batches = Batches(part, 4, 0, weights)
    copies = np.array([batches._copies(epoch) for epoch in range(8)])
    assert (copies[:, 0] == 1).all()
    assert (copies[:, 1] == 3).all()
    assert set(copies[:, 2]) == {0, 1}
    assert set(copies[:, 3]) == {1, 2}
    assert copies.sum(axis=0).tolist() == [8, 24, 4, 12]


def test_copies_side_by_side_do_not_see_each_other() -> None:
    part = part_of([5])
    batch = Batches(part, 20, 0, np.array([4], np.float32)).at(0, 1)
    assert batch.positions_BT[0].tolist() == [0, 1, 2, 3, 4] * 4
    assert batch.targets_BT[0].tolist() == [1, 2, 3, 4, IGNORE] * 4
    blocks = torch.block_diag(*[torch.ones(5, 5).tril()] * 4).bool()
    assert torch.equal(batch.mask_B1TT[0, 0], blocks)


@settings(deadline=None)
@given(LENGTHS, st.integers(4, 16))
def test_nothing_crosses_a_document(lengths: list[int], n_row_tokens: int) -> None:
    part = part_of(lengths)
    document = np.repeat(np.arange(len(lengths)), lengths)
    batch = Batches(part, n_row_tokens, 0).at(0, 2)
    for row in range(2):
        owners = document[batch.tokens_BT[row]]
        for at, target in enumerate(batch.targets_BT[row].tolist()):
            if target != IGNORE:
                assert document[target] == owners[at]
                assert target == batch.tokens_BT[row, at] + 1
            seen = batch.mask_B1TT[row, 0, at].nonzero().flatten()
            assert seen.max() == at
            assert set(owners[seen.numpy()]) == {owners[at]}
            assert batch.positions_BT[row, at] == len(seen) - 1


@pytest.mark.parametrize("weights", [None, np.array([1, 2.5, 0.3, 1, 0.1], np.float32)])
def test_the_stream_is_the_same_from_any_place_in_any_pieces(weights: np.ndarray | None) -> None:
    part = part_of([5, 9, 14, 3, 8])
    whole = Batches(part, 8, 7, weights).at(0, 40)
    for start, n_rows in ((38, 2), (0, 1), (7, 5), (13, 1)):
        piece = Batches(part, 8, 7, weights).at(8 * start, n_rows)
        assert torch.equal(piece.tokens_BT, whole.tokens_BT[start : start + n_rows])
        same = whole.rows(slice(start, start + n_rows))
        assert torch.equal(piece.mask_B1TT, same.mask_B1TT)
        assert piece.n_targets == same.n_targets == int((same.targets_BT >= 0).sum())


def test_epochs_and_seeds_differ_in_order() -> None:
    part = part_of([4] * 16)
    first, second = (Batches(part, 64, 0).at(64 * epoch, 1).tokens_BT for epoch in (0, 1))
    assert not torch.equal(first, second)
    assert not torch.equal(first, Batches(part, 64, 1).at(0, 1).tokens_BT)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_packed_document_is_predicted_as_if_it_were_alone(architecture: str) -> None:
    part = part_of([7, 5, 12, 9, 20])
    model = build(ModelConfig(architecture=architecture, context=64), Shape(2, 64), 60, 0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        batch = Batches(part, 53, 0).at(0, 1)
        packed = model(
            input_ids=batch.tokens_BT,
            attention_mask=batch.mask_B1TT,
            position_ids=batch.positions_BT,
        ).logits[0]
        starts = [*(batch.positions_BT[0] == 0).nonzero().flatten().tolist(), 53]
        for start, end in pairwise(starts):
            alone = model(input_ids=batch.tokens_BT[:, start:end]).logits[0]
            torch.testing.assert_close(packed[start:end], alone, atol=1e-4, rtol=1e-4)
