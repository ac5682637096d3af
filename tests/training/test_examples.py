"""Examples in rows: whole, each once in an epoch, apart from each other."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.training.batches import IGNORE
from prompt_gen.training.examples import Example, Examples, batch_of, packed
from prompt_gen.training.labels import spread

WIDTH = 16
LENGTHS = st.lists(st.integers(1, WIDTH), min_size=1, max_size=60)


def examples_of(lengths: list[int]) -> list[Example]:
    """Tokens say which example they are of; the last one is judged."""
    made = []
    for number, length in enumerate(lengths, 1):
        targets = np.full(length, IGNORE)
        targets[-1] = number
        made.append(Example(np.full(length, number), targets))
    return made


@given(LENGTHS)
def test_every_example_is_in_one_row_and_fits(lengths: list[int]) -> None:
    rows = packed(lengths, range(len(lengths)), WIDTH)
    assert sorted(number for row in rows for number in row) == list(range(len(lengths)))
    assert all(sum(lengths[number] for number in row) <= WIDTH for row in rows)


@given(LENGTHS, st.integers(0, 5))
def test_an_epoch_shows_each_example_once_from_any_place_on(lengths: list[int], seed: int) -> None:
    stream = Examples(examples_of(lengths), WIDTH, seed, is_causal=True)
    n_rows = round(stream.n_epoch_tokens) // WIDTH
    batch = stream.at(0, n_rows + 3)
    shown = batch.targets_BT[:n_rows][batch.targets_BT[:n_rows] != IGNORE]
    assert sorted(shown.tolist()) == list(range(1, len(lengths) + 1))
    again = Examples(examples_of(lengths), WIDTH, seed, is_causal=True).at(2 * WIDTH, n_rows + 1)
    assert again.tokens_BT.equal(batch.tokens_BT[2:])


def test_an_example_sees_itself_only_as_far_as_it_may() -> None:
    examples = examples_of([3, 2])
    causal, around = (batch_of([examples], 6, is_causal) for is_causal in (True, False))
    own = torch.block_diag(torch.ones(3, 3), torch.ones(2, 2), torch.ones(1, 1)).bool()
    assert around.mask_B1TT[0, 0].equal(own)
    assert causal.mask_B1TT[0, 0].equal(own.tril())
    assert causal.positions_BT.tolist() == [[0, 1, 2, 0, 1, 0]]


@given(st.integers(0, 500), st.integers(1, 50))
def test_what_is_looked_at_comes_from_all_of_a_file(n: int, n_most: int) -> None:
    chosen = spread(n, n_most)
    assert len(chosen) == min(n, n_most) == len(set(chosen))
    gaps = np.diff([*chosen, n])
    assert not n or gaps.max() <= -(-n // len(chosen))
