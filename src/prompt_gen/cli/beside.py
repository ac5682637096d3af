"""Our engine beside peers."""

from pathlib import Path
from typing import Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Model, Settings
from prompt_gen.cli.watcher import Watcher


def bench(
    run: Model,
    against: Annotated[
        str,
        typer.Option("--against", metavar="PEER,...", help="Whom to compare: see prompt-gen list."),
    ] = "hf,ct2",
    data: Annotated[
        Path | None, typer.Option("--data", help="Held-out lines; none: the run's own test part.")
    ] = None,
    lines: Annotated[
        int | None, typer.Option("--lines", min=1, help="Type so many of them. (default: 200)")
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option("--threads", help="Of each side. (default: engine.threads, 1)"),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Replay typing with the bundle's engine and with others that have the same weights."""
    from prompt_gen import pipeline
    from prompt_gen.settings import resolve

    flags = {"engine": {"threads": threads}, "evaluate": {"typed": lines}}
    settings = resolve(set_ or (), flags, config)
    names = [name for part in against.split(",") if (name := part.strip())]
    with Watcher() as watch:
        found = pipeline.bench(run, names, settings, watch, data=data)
    show.result(found) if as_json else show.bench(found)
