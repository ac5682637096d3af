"""Optimizers and the schedule of their learning rates."""

from prompt_gen.optim.groups import build
from prompt_gen.optim.muon import Muon
from prompt_gen.optim.schedule import rate

__all__ = ["Muon", "build", "rate"]
