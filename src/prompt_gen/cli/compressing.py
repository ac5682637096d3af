"""A bundle to a smaller or quicker one."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Force, Minutes, Out, Resume, Settings, Steps
from prompt_gen.cli.stations import begun, interruptible
from prompt_gen.cli.watcher import Watcher


def compress(
    out: Out,
    base: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="The run or bundle to make smaller.")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", help="See prompt-gen list. (default: quantize)")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", help="int8, int4, dynamic or float32. (default: int8)"),
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option("--teacher", metavar="RUN", help="distil: one more teacher."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Held-out lines; none: the run's own test part.")
    ] = None,
    minutes: Minutes = None,
    steps: Steps = None,
    resume: Resume = False,
    force: Force = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Make a bundle smaller or quicker, and say what that costs: both are measured again."""
    from prompt_gen import pipeline

    flags: dict[str, dict[str, Any]] = {
        "train": {"minutes": minutes, "steps": steps},
        "compress": {
            "base": base and str(base),
            "method": method,
            "weights": weights,
            "teachers": [str(each) for each in teacher] if teacher else None,
        },
    }
    run, settings = begun(out, set_, flags, config, resume=resume)
    command = shlex.join(["prompt-gen", *sys.argv[1:]])
    with Watcher() as watch, interruptible():
        found = pipeline.compress(
            run, settings, watch, data=data, resume=resume, force=force, command=command
        )
    show.result(found.measured) if as_json else show.compressed(found.measured)
    show.say(f"see:  prompt-gen evaluate {out}\ntry:  prompt-gen serve {out}")
