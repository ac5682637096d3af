"""The corpus: make one, explain what became of a line, show it as a page."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import (
    AsJson,
    ConfigFile,
    Document,
    Field,
    Files,
    Force,
    Format,
    OnBadBytes,
    Out,
    RunDir,
    Settings,
)
from prompt_gen.cli.watcher import Watcher


def read(
    files: Files,
    out: Out,
    field: Field = None,
    format_: Format = None,
    document: Document = None,
    on_bad_bytes: OnBadBytes = None,
    force: Force = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Read files into documents, clean and split them, and account for every line."""
    from prompt_gen import corpus as station
    from prompt_gen.run import Run
    from prompt_gen.settings import resolve

    flags = corpus_flags(field, format_, document, on_bad_bytes)
    settings = resolve(set_ or (), flags, config)
    run = Run(out)
    with run.claim():
        if force:
            run.forget("corpus")
        station.read(files, settings.corpus, run, Watcher())
        run.record_settings({"corpus": settings.corpus.model_dump()})
    show.say(f"see:  prompt-gen corpus report {out}\nnext: prompt-gen vocab {out}")


def corpus_flags(
    field: list[str] | None,
    format_: str | None,
    document: str | None,
    on_bad_bytes: str | None,
) -> dict[str, dict]:
    """Settings from the options of all commands that read files."""
    fields = list(field) if field else None
    names = {"format": format_, "document": document, "on_bad_bytes": on_bad_bytes}
    return {"corpus": {"fields": fields, **names}}


def explain(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="A line that was read.")],
    run: Annotated[
        Path | None,
        typer.Option("--run", help="The run directory; none: the newest in runs/ with that file."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of one line, and why."""
    from prompt_gen.corpus.explain import explain as explained
    from prompt_gen.corpus.explain import newest_run
    from prompt_gen.run import Run

    found = explained(Run.open(run) if run else newest_run(place), place)
    show.result(asdict(found)) if as_json else show.explanation(found)


def report(
    directory: RunDir,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write it. (default: DIR/corpus.html)")
    ] = None,
) -> None:
    """Write the corpus's report, one HTML file, and open it where there is a screen."""
    import webbrowser

    from prompt_gen.corpus.report import write
    from prompt_gen.run import Run

    path = write(Run.open(directory), out or directory / "corpus.html")
    print(path)
    if sys.stdout.isatty():
        webbrowser.open(path.resolve().as_uri())
