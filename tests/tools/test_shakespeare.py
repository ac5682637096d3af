"""The arithmetic of the benchmark on tiny Shakespeare: windows, losses, nanoGPT's log."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from benchmarks import shakespeare  # noqa: E402
from prompt_gen.model.gpt2 import build  # noqa: E402
from prompt_gen.model.sizing import Shape  # noqa: E402
from prompt_gen.training.batches import IGNORE, Batches  # noqa: E402

LOG = """step 0: train loss 4.2000, val loss 4.1000
iter 0: loss 4.2, time 2000.00ms, mfu -100.00%
iter 1: loss 3.2, time 500.00ms, mfu 0.10%
step 2: train loss 1.9000, val loss 1.8700
saving checkpoint to out-shakespeare-char
iter 2: loss 1.9, time 1500.00ms, mfu 0.10%
"""


def test_each_character_is_one_token_and_there_are_no_others() -> None:
    tokenizer = shakespeare.by_characters(["\n", " ", "a", "b"])
    assert tokenizer.size == 2 + 4
    assert tokenizer.encode("ab\n a") == [4, 5, 2, 3, 4]
    assert tokenizer.decode([4, 5, 2, 3, 4]) == "ab\n a"


@given(st.integers(100, 2000))
def test_windows_predict_each_token_at_most_once(n: int) -> None:
    starts = shakespeare.all_windows(np.arange(n))
    predicted = [i + 1 + t for i in starts for t in range(shakespeare.CONTEXT)]
    assert predicted == list(range(1, len(predicted) + 1))
    assert n - shakespeare.CONTEXT <= len(predicted) < n


def test_a_model_that_knows_nothing_loses_the_logarithm_of_the_characters() -> None:
    model = build(Shape(1, 64), 65, shakespeare.CONTEXT, 0, 1)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    found = shakespeare.losses(model, np.arange(1000, dtype="<u2") % 65)
    assert found == pytest.approx(dict.fromkeys(found, math.log(65)), abs=1e-4)


def test_rows_of_training_are_pieces_of_the_text_as_it_is() -> None:
    text = np.arange(1000, dtype="<u2")
    part = shakespeare.part(text)
    batch = Batches(part, shakespeare.CONTEXT, seed=0).at(0, len(part))
    assert sorted(batch.tokens_BT[:, 0]) == [64 * i for i in range(len(part))]
    assert torch.equal(batch.targets_BT[:, :-1], batch.tokens_BT[:, 1:])
    assert (batch.targets_BT[:, -1] == IGNORE).all()


def test_times_in_the_log_of_nanogpt_add_up_to_each_look() -> None:
    looks, whole_s = shakespeare.read_log(LOG)
    assert looks == [(2.0, 4.1), (4.0, 1.87)]
    assert whole_s == 4.0


@pytest.mark.parametrize(
    ("looks", "reaches", "seconds"),
    [([(1.0, 2.0), (3.0, 1.88), (5.0, 1.8)], True, 3.0), ([(1.0, 2.0), (3.0, 1.89)], False, 9.0)],
)
def test_the_goal_is_reached_at_the_first_look_that_shows_it(
    looks: list[tuple[float, float]], reaches: bool, seconds: float
) -> None:
    found = shakespeare.to_goal(looks, whole_s=9.0)
    assert (found["reaches_goal"], found["goal_wall_s"]) == (reaches, seconds)


def test_the_learning_rate_of_the_peer_is_that_of_the_setting() -> None:
    rates = [shakespeare.peer_rate(step) for step in (0, 100, 1050, 2000)]
    assert rates == pytest.approx([1e-3 / 101, 1e-3, 5.5e-4, 1e-4])
