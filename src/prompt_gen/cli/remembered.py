"""The memory of a run: build it, look at it, ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import (
    AsJson,
    ConfigFile,
    Force,
    MemoryBudget,
    Model,
    RunDir,
    Settings,
    User,
)
from prompt_gen.cli.watcher import Watcher

if TYPE_CHECKING:
    from prompt_gen.memory.personal import Personal


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


def learn(
    run: Model,
    line: Annotated[str, typer.Argument(help="A whole line that the user typed or accepted.")],
    user: User,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Count a line for a user, from the next completion on."""
    with opened(run, set_, config) as personal:
        is_new = personal.learn(user, line)
    show.say("counted" if is_new else "not counted: blank, or sent often enough today")


def forget(
    run: Model,
    user: User,
    line: Annotated[str | None, typer.Argument(help="A line; none: all of the user's.")] = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Forget a line of a user, or all of them."""
    with opened(run, set_, config) as personal:
        n_lines = personal.forget(user, line)
    show.say(f"{n_lines:,} lines forgotten")


def export(run: Model, user: User, config: ConfigFile = None, set_: Settings = None) -> None:
    """Print what is kept of a user, as JSON."""
    with opened(run, set_, config) as personal:
        show.result(personal.export(user))


@contextmanager
def opened(
    run: Path, set_: list[str] | None = None, config: Path | None = None
) -> "Iterator[Personal]":
    """What users of a run or a bundle have typed, from the file beside it."""
    from prompt_gen import bundle
    from prompt_gen.memory import PERSONAL
    from prompt_gen.memory.personal import Personal
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), file=config).personal
    personal = Personal(bundle.load(run).tokenizer, settings, run / PERSONAL)
    try:
        yield personal
    finally:
        personal.close()
