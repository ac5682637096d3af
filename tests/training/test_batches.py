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
    batches = Batches(part, n_rows, n_row_tokens, seed)
    n_batches = 3 * part.n_tokens // batches.n_batch_tokens + 1
    stream = torch.cat([batches[k].tokens_BT.flatten() for k in range(n_batches)]).tolist()
    for epoch in range(3):
        piece = stream[epoch * part.n_tokens : (epoch + 1) * part.n_tokens]
        assert Counter(piece) == Counter(range(part.n_tokens))


@settings(deadline=None)
@given(LENGTHS, st.integers(4, 16))
def test_nothing_crosses_a_document(lengths: list[int], n_row_tokens: int) -> None:
    part = part_of(lengths)
    document = np.repeat(np.arange(len(lengths)), lengths)
    batch = Batches(part, 2, n_row_tokens, 0)[0]
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


def test_any_batch_can_be_had_first() -> None:
    part = part_of([5, 9, 14, 3, 8])
    in_order, at_random = Batches(part, 2, 8, 7), Batches(part, 2, 8, 7)
    expected = [in_order[k].tokens_BT for k in range(20)]
    for k in (19, 0, 7, 13):
        assert torch.equal(at_random[k].tokens_BT, expected[k])


def test_epochs_and_seeds_differ_in_order() -> None:
    part = part_of([4] * 16)
    first, second = (Batches(part, 1, 64, 0)[epoch].tokens_BT for epoch in (0, 1))
    assert not torch.equal(first, second)
    assert not torch.equal(first, Batches(part, 1, 64, 1)[0].tokens_BT)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_packed_document_is_predicted_as_if_it_were_alone(architecture: str) -> None:
    part = part_of([7, 5, 12, 9, 20])
    model = build(ModelConfig(architecture=architecture, context=64), Shape(2, 64), 60, 0).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        batch = Batches(part, 1, 53, 0)[0]
        packed = model(
            input_ids=batch.tokens_BT,
            attention_mask=batch.mask_B1TT,
            position_ids=batch.positions_BT,
        ).logits[0]
        starts = [*(batch.positions_BT[0] == 0).nonzero().flatten().tolist(), 53]
        for start, end in pairwise(starts):
            alone = model(input_ids=batch.tokens_BT[:, start:end]).logits[0]
            torch.testing.assert_close(packed[start:end], alone, atol=1e-4, rtol=1e-4)
