"""Which shape can be trained in the time there is, and on the text there is."""

from dataclasses import dataclass

from prompt_gen.config import ModelConfig, TrainConfig

HEAD_WIDTH = 64

# (minutes at most, layers, width) on a CPU, and the same on a GPU. The number of updates decides
# at this scale: see docs/log.md, "Shape against minutes".
_LADDERS = {
    "cpu": ((2, 1, 128), (10, 2, 128), (30, 2, 192), (120, 4, 256), (float("inf"), 6, 384)),
    "cuda": ((5, 6, 384), (30, 8, 512), (float("inf"), 12, 768)),
    "mps": ((5, 4, 256), (30, 6, 384), (float("inf"), 8, 512)),
}
_STEPS_PER_MINUTE = 600  # to read a budget in steps as minutes
# Weights of the blocks for a token of text at most: more is rather learned by heart. nanoGPT's
# shape for 1.1 million characters of Shakespeare has 10.
_WEIGHTS_PER_TOKEN = 10


@dataclass(frozen=True)
class Shape:
    """Transformer blocks, hidden size, and how much of it each head has."""

    layers: int
    width: int
    head_width: int = HEAD_WIDTH

    @property
    def heads(self) -> int:
        """Attention heads."""
        return max(1, self.width // self.head_width)

    @property
    def inner(self) -> int:
        """Width of the gated feed-forward layer: three times the hidden size."""
        return 3 * self.width

    @property
    def n_weights(self) -> int:
        """Weights of all blocks: four matrices of attention and three of the feed-forward layer."""
        return self.layers * (4 * self.width**2 + 3 * self.width * self.inner)


def choose_shape(model: ModelConfig, train: TrainConfig, device: str, n_tokens: int) -> Shape:
    """The given layers and width, and for what is not given the ladder's.

    It climbs as far as the budget of the run and the `n_tokens` of its text allow.
    """
    minutes = train.steps / _STEPS_PER_MINUTE if train.steps else train.minutes
    ladder = _LADDERS[device]
    in_time = 1 + next(i for i, (limit, _, _) in enumerate(ladder) if minutes <= limit)
    first, *larger = (Shape(layers, width) for _, layers, width in ladder[:in_time])
    fed = [shape for shape in larger if shape.n_weights <= _WEIGHTS_PER_TOKEN * n_tokens]
    chosen = [first, *fed][-1]
    layers, width = model.layers or chosen.layers, model.width or chosen.width
    return Shape(layers, width, model.head_width)
