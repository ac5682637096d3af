"""Shards to weights."""

from prompt_gen.training.loop import Trained, choose_device, fit

__all__ = ["Trained", "choose_device", "fit"]
