"""Parts of the network that matter least are taken out of it, and the rest learns to do without.

Heads and channels are really gone: the stock class of the architecture opens what is left, which is
smaller and quicker. Zeros in matrices stay where they are: nothing gets quicker, only archives of
the files get smaller (`packed_mb`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from prompt_gen.compress import learning
from prompt_gen.compress.work import Made, Work
from prompt_gen.config import CompressConfig
from prompt_gen.errors import SettingError
from prompt_gen.shards import ShardSet
from prompt_gen.training import Teachers
from prompt_gen.training.batches import Batches
from prompt_gen.training.loss import Objective

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NEEDS_TEXT = True
_BATCHES, _ROWS = 16, 4  # that importance is measured on


def make(work: Work) -> Made:
    """The network without `compress.heads`, `channels` and `zeros`, behind its recovery.

    Recovery learns from the text and from the network that it was (see `distil`).

    Raises:
        SettingError: nothing is to be taken out, or what the stock class cannot be without.
    """
    how, source = work.how, work.source.made
    if not (how.heads or how.channels or how.zeros):
        raise SettingError(
            "nothing is to be pruned: compress.heads, channels and zeros are all 0",
            "Say what share of them, e.g. --set compress.channels=0.5",
        )
    tokenizer, text = learning.text(work)
    context = learning.context_of(source)
    network = learning.network_of(source, context)
    if how.heads or how.channels:
        network = _without(network, _important(network, text, work), how)
    if how.zeros:
        _keep_zeros(network, how.zeros)
    if not how.recover:
        return learning.as_it_is(work, network, tokenizer, text)
    teachers = None
    if how.share:
        was = learning.network_of(source, context)
        teachers = Teachers([was], how.share, how.temperature)
    return learning.learned(work, network, tokenizer, text, teachers, continued=True)


# -- heads and channels ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Slices:
    """Matrices that a unit (a head with its keys, or a channel) has a piece of, in one block."""

    parts: dict[str, tuple[int, int]]  # names to the dimension it is cut in, and numbers by unit
    n_units: int


def _heads(network: "PreTrainedModel", block: int) -> _Slices:
    config: Any = network.config
    if config.model_type == "gpt2":
        raise SettingError(
            "heads cannot be taken out of gpt2: its stock class has as many as fill its width",
            "Set compress.heads=0 and take out channels (compress.channels)",
        )
    n_units = config.num_key_value_heads
    of_keys = config.head_dim
    of_queries = of_keys * config.num_attention_heads // n_units
    at = f"model.layers.{block}.self_attn"
    parts = {
        f"{at}.q_proj.weight": (0, of_queries),
        f"{at}.k_proj.weight": (0, of_keys),
        f"{at}.v_proj.weight": (0, of_keys),
        f"{at}.o_proj.weight": (1, of_queries),
    }
    return _Slices(parts, n_units)


def _channels(network: "PreTrainedModel", block: int) -> _Slices:
    config: Any = network.config
    if config.model_type == "gpt2":
        at = f"transformer.h.{block}.mlp"
        parts = {f"{at}.c_fc.weight": (1, 1), f"{at}.c_fc.bias": (0, 1)}
        return _Slices(parts | {f"{at}.c_proj.weight": (0, 1)}, _inner(config))
    at = f"model.layers.{block}.mlp"
    parts = {f"{at}.{name}_proj.weight": (0, 1) for name in ("gate", "up")}
    return _Slices(parts | {f"{at}.down_proj.weight": (1, 1)}, config.intermediate_size)


def _inner(config: Any) -> int:
    return config.n_inner or 4 * config.n_embd


def _important(network: "PreTrainedModel", text: ShardSet, work: Work) -> dict[str, Tensor]:
    """For each matrix, weights times their gradients, a batch behind the other.

    The sum of them over a unit says how much the loss changes without it, to first order.
    """
    objective = Objective(network).eval()  # type: ignore[arg-type]
    context: int = network.config.max_position_embeddings  # type: ignore[assignment]
    batches = Batches.of(text.train, context, work.train)
    found: dict[str, list[Tensor]] = {}
    for n in range(_BATCHES):
        network.zero_grad()
        objective(batches.at(n * _ROWS * context, _ROWS), None).backward()
        for name, weight in network.named_parameters():
            if weight.grad is not None:
                found.setdefault(name, []).append((weight * weight.grad).detach())
    network.zero_grad(set_to_none=True)
    return {name: torch.stack(each) for name, each in found.items()}


def _importance(slices: _Slices, products: dict[str, Tensor]) -> Tensor:
    """How much each unit matters.

    Source: Molchanov et al. 2019, "Importance Estimation for Neural Network Pruning", equation 8:
    the square of the sum over the unit's weights, in the mean over batches.
    """
    sums = torch.zeros(1)
    for name, (dimension, size) in slices.parts.items():
        units = products[name].movedim(1 + dimension, 1).unflatten(1, (slices.n_units, size))
        sums = sums + units.flatten(2).sum(2)
    return sums.square().mean(0)


def _without(
    network: "PreTrainedModel", products: dict[str, Tensor], how: CompressConfig
) -> "PreTrainedModel":
    """The same network with the units that matter most, as many in each block."""
    config: Any = network.config
    weights = network.state_dict()
    left = {}
    for kind, share in ((_heads, how.heads), (_channels, how.channels)):
        for block in range(config.num_hidden_layers) if share else ():
            slices = kind(network, block)
            n_kept = max(1, round(slices.n_units * (1 - share)))
            best = _importance(slices, products).topk(n_kept).indices.sort().values
            left[kind] = n_kept
            for name, (dimension, size) in slices.parts.items():
                units = weights[name].unflatten(dimension, (slices.n_units, size))
                kept = units.index_select(dimension, best)
                weights[name] = kept.flatten(dimension, dimension + 1)
    if _heads in left:
        config.num_attention_heads = (
            left[_heads] * config.num_attention_heads // config.num_key_value_heads
        )
        config.num_key_value_heads = left[_heads]
    if _channels in left:
        setattr(config, "n_inner" if config.model_type == "gpt2" else "intermediate_size",
                left[_channels])  # fmt: skip
    made = type(network)(config)
    made.load_state_dict(weights)
    return made


# -- zeros -----------------------------------------------------------------------------------------


@torch.no_grad()
def _keep_zeros(network: "PreTrainedModel", share: float) -> None:
    """Put zeros where a matrix has its smallest weights, and again before each pass.

    So whatever a step changes, what is looked at and kept has them.
    Source: Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks".
    """
    masks = [(each, _is_large(each, share)) for each in network.parameters() if each.ndim == 2]

    def put(*_: object) -> None:
        with torch.no_grad():
            for weight, is_kept in masks:
                weight.mul_(is_kept)

    put()
    network.base_model.register_forward_pre_hook(put)  # type: ignore[union-attr]


def _is_large(weight: Tensor, share: float) -> Tensor:
    """Where a matrix has all but the smallest share of its weights."""
    n_small = max(1, round(share * weight.numel()))
    return weight.abs() > weight.abs().flatten().kthvalue(n_small).values
