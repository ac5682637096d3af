"""Old documents among new ones: their share of an epoch, and of what is held out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.shards import Part, Shard, ShardSet, with_old
from prompt_gen.training.batches import Batches

OLD_ID = 1000  # ids from here on are of old documents


def part(lengths: list[int], first: int, weight: float = 1.0) -> Part:
    documents = [np.full(n, first + i) for i, n in enumerate(lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    shard = Shard(np.concatenate(documents), offsets, 2 * int(offsets[-1]), "", "")
    return Part((shard,), np.full(len(lengths), weight, np.float32))


def shard_set(lengths: list[int], first: int, weight: float = 1.0) -> ShardSet:
    both = part(lengths, first, weight)
    return ShardSet(both, both, f"of {first}")


LENGTHS = st.lists(st.integers(2, 40), min_size=1, max_size=30)


@given(
    new=LENGTHS, old=LENGTHS, share=st.floats(0.05, 0.9), weight=st.sampled_from([0.5, 1.0, 3.0])
)
def test_an_epoch_has_its_share_of_old_tokens_and_all_new_ones(
    new: list[int], old: list[int], share: float, weight: float
) -> None:
    both = with_old(shard_set(new, 0), shard_set(old, OLD_ID, weight), share)
    tokens = both.train.weights * both.train.lengths
    assert tokens[: len(new)].sum() == sum(new)
    assert tokens[len(new) :].sum() / tokens.sum() == pytest.approx(share, rel=1e-3)


def test_what_is_learned_from_is_mixed_so() -> None:
    both = with_old(shard_set([10] * 50, 0), shard_set([10] * 400, OLD_ID), 0.25)
    stream = Batches(both.train, 64, seed=0, weights=both.train.weights)
    shown = stream.at(0, 100).tokens_BT.numpy()
    assert np.mean(shown >= OLD_ID) == pytest.approx(0.25, abs=0.02)
    assert len(set(shown[shown >= OLD_ID])) > 100  # not the same few in each epoch


@pytest.mark.parametrize(("share", "n_old"), [(0.5, 4), (0.2, 1), (0.9, 6)])
def test_what_is_held_out_is_old_by_the_same_share(share: float, n_old: int) -> None:
    both = with_old(shard_set([10] * 4, 0), shard_set([10] * 6, OLD_ID), share)
    held_out = [both.validation[i][0] for i in range(len(both.validation))]
    assert held_out == [0, 1, 2, 3, *range(OLD_ID, OLD_ID + n_old)]
    assert both.validation.n_chars == 2 * both.validation.n_tokens
    assert (
        both.fingerprint != with_old(shard_set([10] * 4, 0), shard_set([9], 9), share).fingerprint
    )
