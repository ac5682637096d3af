"""Shards to weights."""

from prompt_gen.training.answers import of_answers
from prompt_gen.training.changed import choose as choose_weights
from prompt_gen.training.changed import save_stock, scales
from prompt_gen.training.devices import choose_device
from prompt_gen.training.distillation import Teachers, of_teachers
from prompt_gen.training.distributed import await_first, together
from prompt_gen.training.forecast import Forecast, foresee, kept
from prompt_gen.training.labels import of_labels
from prompt_gen.training.lesson import of_text
from prompt_gen.training.loop import Trained, fit
from prompt_gen.training.ranks import of_ranks
from prompt_gen.training.recipe import for_labels as recipe_for_labels
from prompt_gen.training.recipe import unforeseen as recipe_of
from prompt_gen.training.tracking import check as check_trackers

__all__ = [
    "Forecast",
    "Teachers",
    "Trained",
    "await_first",
    "check_trackers",
    "choose_device",
    "choose_weights",
    "fit",
    "foresee",
    "kept",
    "of_answers",
    "of_labels",
    "of_ranks",
    "of_teachers",
    "of_text",
    "recipe_for_labels",
    "recipe_of",
    "save_stock",
    "scales",
    "together",
]
