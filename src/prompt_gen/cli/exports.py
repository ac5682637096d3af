"""A bundle for another engine."""

from pathlib import Path
from typing import Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, Force, Model
from prompt_gen.cli.watcher import Watcher


def export(
    run: Model,
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="See prompt-gen list.")],
    out: Annotated[Path, typer.Option("--out", help="The directory to make.")],
    weights: Annotated[
        str | None,
        typer.Option("--weights", help="float32 or int8. (default: the target's usual kind)"),
    ] = None,
    onnxruntime_web: Annotated[
        Path | None,
        typer.Option(help="For browser: the npm package. (default: as npm leaves it here)"),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a bundle for another engine, and compare it there with what the bundle says."""
    from prompt_gen import pipeline
    from prompt_gen.export.source import told

    with Watcher() as watch:
        found = pipeline.export(run, to, out, weights, watch, runtime=onnxruntime_web, force=force)
    show.result(found) if as_json else print(told(found))
