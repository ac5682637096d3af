"""From a model that is there to one that knows more: finetune."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import (
    AsJson,
    ConfigFile,
    Field,
    Force,
    MemoryBudget,
    Minutes,
    Model,
    Out,
    Resume,
    Seed,
    Settings,
    Steps,
)
from prompt_gen.cli.stations import begun, interruptible
from prompt_gen.cli.watcher import Watcher
from prompt_gen.errors import SettingError


def finetune(
    out: Out,
    base: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="The run or bundle to go on from.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="FILE", help="What is to be learned.")
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="See prompt-gen list. (default: complete)")
    ] = None,
    pretrained: Annotated[
        Path | None,
        typer.Option("--pretrained", metavar="DIR", help="A stock model, in place of RUN."),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option("--weights", help="What is changed: all, last or lora. (default: all)"),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(
            "--validation", metavar="FILE", help="Looked at meanwhile (not for complete)."
        ),
    ] = None,
    test: Annotated[
        Path | None, typer.Option("--test", metavar="FILE", help="Measured on (not for complete).")
    ] = None,
    text_field: Annotated[
        str | None, typer.Option("--text-field", help="classify: column with the text.")
    ] = None,
    label_field: Annotated[
        str | None, typer.Option("--label-field", help="classify: column with the label.")
    ] = None,
    replay: Annotated[
        float | None,
        typer.Option(
            "--replay", metavar="SHARE", help="Share of what is learned that is of the old text."
        ),
    ] = None,
    replay_data: Annotated[
        list[Path] | None,
        typer.Option(
            "--replay-data", metavar="FILE", help="The old text. (default: the corpus of RUN)"
        ),
    ] = None,
    minutes: Minutes = None,
    steps: Steps = None,
    seed: Seed = None,
    memory_budget: MemoryBudget = None,
    resume: Resume = False,
    force: Force = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Go on from a trained model with other text or for a task; say what that gained and lost."""
    from prompt_gen import pipeline

    if base and pretrained:
        raise SettingError(
            f"both '{base}' and --pretrained '{pretrained}' are given to go on from",
            "Leave one of them out",
        )
    source = base or pretrained
    flags: dict[str, dict[str, Any]] = {
        "train": {"minutes": minutes, "steps": steps, "seed": seed},
        "model": {"pretrained": source and str(source)},
        "tune": {
            "task": task,
            "weights": weights,
            "validation": validation and str(validation),
            "test": test and str(test),
            "text_field": text_field,
            "label_field": label_field,
            "replay": replay,
            "replay_files": [str(file) for file in replay_data] if replay_data else None,
        },
        "memory": {"budget": memory_budget},
    }
    run, settings = begun(out, set_, flags, config, resume=resume)
    command = shlex.join(["prompt-gen", *sys.argv[1:]])
    with Watcher() as watch, interruptible():
        found = pipeline.finetune(
            data or [], run, settings, watch, resume=resume, force=force, command=command
        )
    written, see, tries = _ENDS.get(found.get("task", "complete"), _LABELS)
    show.result(found) if as_json else written(found)
    show.say(f"see:  {see.format(out)}\ntry:  {tries.format(out)}")


_PAGE = "{}/evaluation/report.html"
_LABELS = (show.labels, _PAGE, "prompt-gen predict {} FILE")
_ENDS = {  # by task: what is printed, where there is more, and what to do with it
    "complete": (show.tuned, "prompt-gen report {}", "prompt-gen serve {}"),
    "rank": (show.ranks, _PAGE, "prompt-gen predict {} FILE"),
    "dialogue": (show.answers, _PAGE, "prompt-gen chat {}"),
}


def predict(
    run: Model,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="A text on each line; none: standard input."),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="classify: labels of each text.")] = 1,
    format_: Annotated[
        str, typer.Option("--format", help="Of what is printed: jsonl or csv.")
    ] = "jsonl",
    field: Field = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Label texts with a bundle that was tuned for it; a line on stdout for each text, in order.

    One that was tuned to rank scores pairs of query and item: JSON lines, or tables that name both.
    """
    from prompt_gen import bundle, corpus
    from prompt_gen.cli.predictions import Csv, JsonLines, rank
    from prompt_gen.engine import Labeller
    from prompt_gen.engine.ranker import Ranker
    from prompt_gen.settings import resolve

    writers = {"jsonl": JsonLines, "csv": Csv}
    if format_ not in writers:
        raise SettingError(f"--format cannot be '{format_}'", "Choose jsonl or csv")
    settings = resolve(set_ or (), {"corpus": {"fields": field or None}}, config)
    loaded = bundle.load(run)
    if (loaded.task or {}).get("name") == "rank":
        rank(Ranker(loaded, settings.engine.threads), files or ["-"], as_csv=format_ == "csv")
        return
    writer = writers[format_](Labeller(loaded, settings.engine.threads), n)
    for text in corpus.texts(files or ["-"], settings.corpus):
        writer.add(text)
    writer.flush()
