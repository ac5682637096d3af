"""The memory of a run: build it, look at it, ask it."""

from typing import Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Force, MemoryBudget, Model, RunDir, Settings
from prompt_gen.cli.watcher import Watcher


def build(
    directory: RunDir,
    budget: MemoryBudget = None,
    force: Force = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Build the memory of a run's training text; a bundle that is there gets it, too."""
    from prompt_gen import pipeline
    from prompt_gen.run import Run
    from prompt_gen.settings import resolve

    run = Run.open(directory)
    settings = resolve(set_ or (), {"memory": {"budget": budget}}, config, run.settings)
    has_bundle = pipeline.remember(run, settings, Watcher(), force=force)
    next_ = f"evaluate {directory}" if has_bundle else f"train --out {directory}"
    show.say(f"next: prompt-gen {next_}")


def info(run: Model, as_json: AsJson = False) -> None:
    """Show what the memory of a run or a bundle holds, and what it costs."""
    from prompt_gen import pipeline

    facts = pipeline.remembered(run)[0].facts
    show.result(facts) if as_json else show.memory(facts)


def query(
    run: Model,
    text: Annotated[str, typer.Argument(help="The beginning of a line, or any part of one.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Continuations, and lines.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show where a text stands in the training text, and what its last words were followed by."""
    from prompt_gen import pipeline
    from prompt_gen.engine.verbatim import look_up

    memory, tokenizer = pipeline.remembered(run)
    found = look_up(memory, tokenizer, text, n)
    show.result(found) if as_json else show.looked_up(found)
