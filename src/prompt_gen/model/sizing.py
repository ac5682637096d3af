"""Which shape can be trained in the time there is."""

from dataclasses import dataclass

from prompt_gen.config import ModelConfig, TrainConfig

HEAD_WIDTH = 64

# (minutes at most, layers, width) on a CPU, and the same on a GPU. The number of updates decides
# at this scale: see docs/log.md, "Shape against minutes".
_LADDERS = {
    "cpu": ((10, 2, 128), (30, 2, 192), (120, 4, 256), (float("inf"), 6, 384)),
    "cuda": ((5, 6, 384), (30, 8, 512), (float("inf"), 12, 768)),
    "mps": ((5, 4, 256), (30, 6, 384), (float("inf"), 8, 512)),
}
_STEPS_PER_MINUTE = 600  # to read a budget in steps as minutes


@dataclass(frozen=True)
class Shape:
    """Transformer blocks and hidden size; heads have 64 each."""

    layers: int
    width: int

    @property
    def heads(self) -> int:
        """Attention heads."""
        return max(1, self.width // HEAD_WIDTH)

    @property
    def inner(self) -> int:
        """Width of the gated feed-forward layer: three times the hidden size."""
        return 3 * self.width


def choose_shape(model: ModelConfig, train: TrainConfig, device: str) -> Shape:
    """The given layers and width, and for what is not given the ladder's for the budget."""
    minutes = train.steps / _STEPS_PER_MINUTE if train.steps else train.minutes
    ladder = _LADDERS[device]
    layers, width = next((n, w) for limit, n, w in ladder if minutes <= limit)
    return Shape(model.layers or layers, model.width or width)
