"""Bundles made smaller in a moment."""

from pathlib import Path

from prompt_gen import pipeline
from prompt_gen.pipeline import Compressed
from prompt_gen.run import Run
from prompt_gen.settings import resolve

QUICK = (
    "evaluate.typed=2", "evaluate.limit=40", "evaluate.resamples=100", "train.validate_lines=20",
    "train.n_validations=1", "train.trackers=[]", "train.batch_tokens=256", "train.steps=4",
)  # fmt: skip


def compressed(base: Path, out: Path, *settings: str, **how: bool) -> Compressed:
    config = resolve((*QUICK, f"compress.base={base}", *settings))
    return pipeline.compress(Run(out), config, **how)
