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
from prompt_gen.errors import UsageError


def compress(
    out: Out,
    base: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="The run or bundle to make smaller.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option("--method", help="See prompt-gen list; or auto. (default: quantize)"),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", help="int8, int4, dynamic or float32. (default: int8)"),
    ] = None,
    target_mb: Annotated[
        float | None, typer.Option("--target-mb", help="auto: size of the model's files at most.")
    ] = None,
    target_ms: Annotated[
        float | None, typer.Option("--target-ms", help="auto: median time of a key at most.")
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
            "target_mb": target_mb,
            "target_ms": target_ms,
            "teachers": [str(each) for each in teacher] if teacher else None,
        },
    }
    run, settings = begun(out, set_, flags, config, resume=resume)
    command = shlex.join(["prompt-gen", *sys.argv[1:]])
    how: dict[str, Any] = {"data": data, "force": force, "command": command}
    with Watcher() as watch, interruptible():
        if settings.compress.method == "auto":
            _refuse_resume(resume)
            found = pipeline.compress_to_target(run, settings, watch, **how)
        else:
            found = pipeline.compress(run, settings, watch, resume=resume, **how)
    show.result(found.measured) if as_json else show.compressed(found.measured)
    show.say(f"see:  prompt-gen evaluate {out}\ntry:  prompt-gen serve {out}")


def _refuse_resume(resume: bool) -> None:
    if resume:
        raise UsageError(
            "--resume goes on with one way, and auto tries several",
            "Leave it out, with --force where something is there",
        )
