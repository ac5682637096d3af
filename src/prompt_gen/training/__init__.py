"""Shards to weights."""

from prompt_gen.training.devices import choose_device
from prompt_gen.training.distributed import await_first, together
from prompt_gen.training.forecast import Forecast, foresee, kept
from prompt_gen.training.loop import Trained, fit
from prompt_gen.training.tracking import check as check_trackers

__all__ = [
    "Forecast",
    "Trained",
    "await_first",
    "check_trackers",
    "choose_device",
    "fit",
    "foresee",
    "kept",
    "together",
]
