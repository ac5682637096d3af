"""The shape follows the budget, unless it is given."""

import pytest

from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.model import Shape, choose_shape


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_more_time_never_gives_a_smaller_shape(device: str) -> None:
    shapes = [
        choose_shape(ModelConfig(), TrainConfig(minutes=minutes), device)
        for minutes in (0.1, 5, 20, 100, 10_000)
    ]
    sizes = [shape.layers * shape.width**2 for shape in shapes]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_what_is_given_is_kept() -> None:
    chosen = choose_shape(ModelConfig(layers=3), TrainConfig(minutes=5), "cpu")
    assert chosen.layers == 3
    assert choose_shape(ModelConfig(layers=3, width=192), TrainConfig(), "cpu") == Shape(3, 192)
