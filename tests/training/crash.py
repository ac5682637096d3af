"""A training that ends without a word: `python -m tests.training.crash PLACE TEXT RUN`."""

import os
import sys
from pathlib import Path

from prompt_gen import pipeline
from prompt_gen.run import Event, Run
from prompt_gen.settings import resolve
from tests.conftest import SMALL

STEPS = ("train.steps=40", "train.negatives=100", "evaluate.typed=0")
CRASHES = {
    "behind the corpus": lambda event: event.station == "corpus",
    "before the first step": lambda event: (event.station, event.state) == ("training", "start"),
    "in the evaluation": lambda event: (event.station, event.state) == ("evaluate", "start"),
}

if __name__ == "__main__":
    place, text, run = sys.argv[1], Path(sys.argv[2]), Run(Path(sys.argv[3]).absolute())

    def watch(event: Event) -> None:
        if CRASHES[place](event):
            os._exit(9)

    os.chdir(text.parent)  # from where it is resumed, the name says nothing
    pipeline.train([text.name], run, resolve((*SMALL, *STEPS)), watch)
