"""Dropout for stock models: only while training, and nothing of it in what is saved."""

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn.functional import dropout

from prompt_gen.model import residual_writers

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def add(model: "PreTrainedModel", share: float) -> None:
    """Drop this share of the embeddings and of what each block writes to the residual stream.

    GPT-2 drops by modules of its own, of attention too; other classes have none, and are hooked.
    Source: Srivastava et al. 2014; the places are those of GPT-2 (Radford et al. 2019).
    """
    own = [module for module in model.modules() if isinstance(module, nn.Dropout)]
    for module in own:
        module.p = share
    if own or share == 0:
        return

    def drop(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
        return dropout(output, share, module.training)

    for module in (model.get_input_embeddings(), *residual_writers(model)):
        module.register_forward_hook(drop)
