"""Shards to weights."""

from prompt_gen.training.devices import choose_device
from prompt_gen.training.distributed import await_first
from prompt_gen.training.loop import Trained, fit

__all__ = ["Trained", "await_first", "choose_device", "fit"]
