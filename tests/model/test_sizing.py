"""The shape follows the budget, unless it is given."""

import pytest

from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.model import ARCHITECTURES, Shape, build, choose_shape


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_more_time_never_gives_a_smaller_shape(device: str) -> None:
    shapes = [
        choose_shape(ModelConfig(), TrainConfig(minutes=minutes), device, 10**9)
        for minutes in (0.1, 5, 20, 100, 10_000)
    ]
    sizes = [shape.layers * shape.width**2 for shape in shapes]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
def test_more_text_never_gives_a_smaller_shape(device: str) -> None:
    shapes = [
        choose_shape(ModelConfig(), TrainConfig(minutes=10_000), device, 10**power)
        for power in range(3, 10)
    ]
    sizes = [shape.n_weights for shape in shapes]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    fed = zip(sizes, range(3, 10), strict=True)
    assert all(size <= 10 * 10**power for size, power in fed if size > sizes[0])


def test_the_weights_of_the_blocks_are_those_of_the_model() -> None:
    shape = Shape(3, 128)
    model = build(ModelConfig(architecture="llama"), shape, 600, seed=0)
    matrices = [p for name, p in model.named_parameters() if ".layers." in name and p.ndim == 2]
    assert sum(p.numel() for p in matrices) == shape.n_weights


def test_what_is_given_is_kept() -> None:
    chosen = choose_shape(ModelConfig(layers=3), TrainConfig(minutes=5), "cpu", 10**9)
    assert chosen.layers == 3
    assert choose_shape(ModelConfig(layers=3, width=192), TrainConfig(), "cpu", 1) == Shape(3, 192)
    narrow = choose_shape(ModelConfig(width=192, head_width=32), TrainConfig(), "cpu", 1)
    assert narrow.heads == 6


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_heads_have_the_width_that_is_given(architecture: str) -> None:
    model = build(ModelConfig(architecture=architecture), Shape(1, 128, head_width=32), 600, 0)
    assert model.config.num_attention_heads == 4
