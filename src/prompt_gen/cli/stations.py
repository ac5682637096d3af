"""From a corpus to a bundle: vocab, tokenize, train."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prompt_gen import launch
from prompt_gen.cli import show
from prompt_gen.cli.corpora import corpus_flags
from prompt_gen.cli.options import (
    AsJson,
    ConfigFile,
    Document,
    Field,
    Force,
    Format,
    Kind,
    MemoryBudget,
    Minutes,
    OnBadBytes,
    Out,
    Resume,
    RunDir,
    Seed,
    Settings,
    Steps,
    VocabSize,
    VocabSource,
)
from prompt_gen.cli.watcher import Watcher
from prompt_gen.errors import Interrupted, SettingError, UsageError

if TYPE_CHECKING:
    from prompt_gen.run import Run
    from prompt_gen.settings import RunConfig


def vocab(
    directory: RunDir,
    kind: Kind = None,
    vocab_size: VocabSize = None,
    source: VocabSource = None,
    force: Force = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Fit the vocabulary on the training documents of a run, or take one that is there."""
    from prompt_gen import corpus as corpora
    from prompt_gen import vocab as station
    from prompt_gen.run import Run
    from prompt_gen.settings import resolve

    run = Run.open(directory)
    flags = {"vocab": _vocabulary(kind, vocab_size, source)}
    settings = resolve(set_ or (), flags, config, run.settings)
    with run.claim():
        if force:
            run.forget("vocab")
        station.fit(corpora.load(run), settings.vocab, run, Watcher())
        run.record_settings({"vocab": settings.vocab.model_dump()})
    show.say(f"next: prompt-gen tokenize {directory}")


def compare(
    directory: RunDir,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Compare kinds and sizes of vocabularies on the documents of a run, and recommend one."""
    from prompt_gen import corpus as corpora
    from prompt_gen.run import Run
    from prompt_gen.settings import resolve
    from prompt_gen.vocab.compare import compare as measure

    run = Run.open(directory)
    settings = resolve(set_ or (), file=config, recorded=run.settings)
    comparison = measure(corpora.load(run), settings.vocab, Watcher())
    show.result(comparison.as_dict()) if as_json else show.comparison(comparison)
    show.say(f"next: prompt-gen vocab {directory} {comparison.flags}")


def tokenize(directory: RunDir, force: Force = False) -> None:
    """Turn the documents of a run into memory-mapped token shards."""
    from prompt_gen import corpus as corpora
    from prompt_gen import shards as station
    from prompt_gen import vocab as vocabularies
    from prompt_gen.run import Run

    run = Run.open(directory)
    with run.claim():
        if force:
            run.forget("shards")
        station.write(corpora.load(run), vocabularies.load(run), run, Watcher())
    show.say(f"next: prompt-gen train --out {directory}")


def train(
    out: Out,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Text; none: the corpus the run already has."),
    ] = None,
    minutes: Minutes = None,
    steps: Steps = None,
    arch: Annotated[
        str | None, typer.Option("--arch", help="qwen3, llama or gpt2. (default: qwen3)")
    ] = None,
    pretrained: Annotated[
        Path | None,
        typer.Option("--pretrained", metavar="DIR", help="Go on from a stock model or a run."),
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Named settings: see prompt-gen list.")
    ] = None,
    field: Field = None,
    format_: Format = None,
    document: Document = None,
    on_bad_bytes: OnBadBytes = None,
    kind: Kind = None,
    vocab_size: VocabSize = None,
    seed: Seed = None,
    memory_budget: MemoryBudget = None,
    resume: Resume = False,
    force: Force = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Make all that comes before a training, and say what it would be like.",
        ),
    ] = False,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Run every station that is missing, train a model, and evaluate it."""
    from prompt_gen import pipeline
    from prompt_gen.bundle import load

    if dry_run and launch.n_processes() > 1:
        raise UsageError(
            f"--dry-run works with one process, and there are {launch.n_processes()}",
            "Start it without a launcher; several say their forecast before they train",
        )
    if dry_run and resume:
        raise UsageError(
            "--dry-run foresees a whole training, and --resume goes on with one",
            "Leave one of them out; prompt-gen report DIR shows how far a run is",
        )
    if not launch.is_first():
        pipeline.train_along(out, resume=resume)
        launch.leave()
    if pretrained and (kind or vocab_size):
        raise SettingError(
            "--pretrained keeps its vocabulary; --kind or --vocab-size was given with it",
            "Leave one of them out",
        )
    flags = corpus_flags(field, format_, document, on_bad_bytes) | {
        "train": {"minutes": minutes, "steps": steps, "seed": seed},
        "model": {"architecture": arch, "pretrained": pretrained and str(pretrained)},
        "vocab": _vocabulary(kind, vocab_size),
        "memory": {"budget": memory_budget},
    }
    run, settings = begun(out, set_, flags, config, preset=preset, resume=resume)
    if dry_run:
        ahead = pipeline.forecast(files or [], run, settings, Watcher(), force=force)
        show.forecast(ahead, as_json)
        return
    with Watcher() as watch, interruptible():
        report = pipeline.train(
            files or [],
            run,
            settings,
            watch,
            resume=resume,
            force=force,
            command=shlex.join(["prompt-gen", *sys.argv[1:]]),
        )
    show.result(report.as_dict()) if as_json else show.report(report)
    examples = load(out).facts["examples"]
    example = examples[0] if examples else ""
    show.say(
        f"see:  prompt-gen report {out}\n"
        f"try:  prompt-gen complete {out} {shlex.quote(example)}\n      prompt-gen serve {out}"
    )


def report(
    directory: RunDir,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where to write it. (default: DIR/training/report.html)"),
    ] = None,
) -> None:
    """Write the report of a training, also of one that still goes on, and open it on a screen."""
    import webbrowser

    from prompt_gen.run import Run
    from prompt_gen.training.report import write

    path = write(Run.open(directory).station("training"), out)
    print(path)
    if sys.stdout.isatty():
        webbrowser.open(path.resolve().as_uri())


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C outside the training loop, which saves and tells by itself, says how to go on too."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(
            "interrupted; what was complete is kept", "Run it again, with --resume if it was begun"
        ) from error


def _vocabulary(kind: str | None, size: str | None, source: Path | None = None) -> dict[str, Any]:
    """Settings of the vocabulary; a kind that is asked for is learned, not taken from a file."""
    flags = {"kind": kind, "size": size}
    given = [f"--{name}" for name, value in (("kind", kind), ("vocab-size", size)) if value]
    if source and given:
        raise SettingError(
            f"--from takes a vocabulary as it is; {' and '.join(given)} was given with it",
            "Leave one of them out",
        )
    if source or kind:
        flags["source"] = str(source or "")
    return flags


def begun(
    out: Path,
    set_: list[str] | None,
    flags: dict[str, dict[str, Any]],
    config: Path | None,
    *,
    preset: str | None = None,
    resume: bool,
) -> "tuple[Run, RunConfig]":
    """A run to train in, and its settings: those that it was begun with, if it is to be resumed."""
    from prompt_gen.config import validated
    from prompt_gen.run import Run
    from prompt_gen.settings import RunConfig, differing, resolve

    if not resume:
        recorded = Run.open(out).settings if (out / "run.json").is_file() else {}
        settings = resolve(set_ or (), flags, config, recorded, preset)
        return Run(out), settings
    run = Run.open(out)
    _refuse_settings(set_, flags | {"": {"preset": preset}})
    asked = run.request.settings if run.request else run.settings
    settings = validated(RunConfig, asked)
    _tell_ignored(differing(settings, config))
    return run, settings


def _refuse_settings(set_: list[str] | None, flags: dict[str, dict[str, Any]]) -> None:
    """A resumed run goes on with its own settings: others would be dropped in silence."""
    given = [f"--{k}" for row in flags.values() for k, v in row.items() if v not in (None, "")]
    if set_ or given:
        raise SettingError(
            f"--resume goes on with the settings of the run; {', '.join(set_ or given)} was given",
            "Leave it out, or start over with --force",
        )


def _tell_ignored(names: list[str]) -> None:
    """A resumed run goes on with its own settings, whatever the file or the environment say."""
    if names:
        show.say(
            f"warning: --resume goes on with the settings of the run; {', '.join(names)} in the "
            "file or the environment is ignored"
        )
