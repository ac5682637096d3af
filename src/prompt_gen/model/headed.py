"""A language model with another head: labels of texts, or of their tokens."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel

_NAMES = ("score", "classifier")  # what stock classes call the head


def with_head(
    network: "PreTrainedModel", head: str, labels: Sequence[str], seed: int
) -> "PreTrainedModel":
    """The stock class of this architecture whose name ends in `head`, over the network's blocks.

    Its head is fresh; the config names the labels, so that stock pipelines say them.
    """
    import torch
    import transformers

    config = network.config
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: i for i, label in enumerate(labels)}
    config.architectures = [type(network).__name__.replace("LMHeadModel", "ForCausalLM")]
    name = config.architectures[0].replace("ForCausalLM", head)
    config.architectures = [name]
    torch.manual_seed(seed)
    made = getattr(transformers, name)(config)
    made.base_model.load_state_dict(network.base_model.state_dict())
    return made


def head_of(model: "PreTrainedModel") -> "nn.Module":
    """The module that turns what the last block says into labels."""
    return next(getattr(model, name) for name in _NAMES if hasattr(model, name))
