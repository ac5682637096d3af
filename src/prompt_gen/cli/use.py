"""With a trained bundle: complete, evaluate, serve; and what there is to choose from."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Model, Settings


def complete(
    run: Model,
    text: Annotated[
        str | None, typer.Argument(help="What was typed; none: ask for it, line by line.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", help="Candidates. (default: 5)")] = None,
    max_chars: Annotated[
        int | None, typer.Option("--max-chars", help="Longest continuation. (default: 24)")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Complete a text; most probable candidates first."""
    from prompt_gen import bundle
    from prompt_gen.engine import Completer
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), {"engine": {"n": n, "max_chars": max_chars}}, config)
    completer = Completer.of(bundle.load(run), settings.engine)

    def answer(typed: str) -> None:
        found = completer.complete(typed)
        if not found:
            show.say("nothing to complete: the last line is blank")
        if as_json:
            rows = [asdict(candidate) for candidate in found]
            show.result({"prompt": typed, "candidates": rows})
        else:
            show.candidates(found)

    if text is not None:
        answer(text)
        return
    if sys.stdin.isatty():
        show.say("Type the beginning of a line and press Enter; Ctrl-D ends.")
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        answer(line.rstrip("\r\n"))


def evaluate(
    run: Model,
    data: Annotated[
        Path | None, typer.Option("--data", help="Held-out lines; none: the run's own test part.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Measure a bundle on held-out lines."""
    from prompt_gen import bundle, corpus, pipeline
    from prompt_gen.errors import UsageError
    from prompt_gen.run import Run
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), file=config)
    loaded = bundle.load(run)
    if data is not None:
        lines = list(corpus.texts([data], settings.corpus))
    elif (run / "run.json").is_file():
        lines = list(corpus.load(Run.open(run)).test)
    else:
        raise UsageError(f"'{run}' is a bundle without a corpus", "Give held-out lines with --data")
    # The bundle keeps the numbers of its own test part only.
    own = data is None
    report = pipeline.measure(loaded, lines, settings, show.Watcher(), keep=own).as_dict()
    show.result(report) if as_json else show.report(report)


def serve(
    run: Model,
    host: Annotated[
        str | None, typer.Option("--host", help="Address. (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port; 0 takes a free one. (default: 8765)")
    ] = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Serve the page with the box, and the HTTP API."""
    from prompt_gen import bundle, server
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), {"serve": {"host": host, "port": port}}, config)
    loaded = bundle.load(run)
    listener = server.listen(settings.serve)
    address, bound_port = listener.getsockname()[:2]
    show.say(f"{loaded.name}: http://{address}:{bound_port}/  (API: /docs; Ctrl-C ends)")
    server.serve(loaded, settings.engine, settings.serve, listener)


def list_choices() -> None:
    """Show the parts there are to choose from."""
    from prompt_gen.corpus.clean import RULES
    from prompt_gen.corpus.privacy import KINDS
    from prompt_gen.corpus.readers import READERS
    from prompt_gen.export import EXPORTERS
    from prompt_gen.model import ARCHITECTURES
    from prompt_gen.vocab import TOKENIZERS

    for table in (READERS, TOKENIZERS, ARCHITECTURES, EXPORTERS):
        print(f"{table.what}:")
        for name, choice in table.items():
            extra = f"  [{choice.extra}]" if choice.extra else ""
            print(f"  {name:8} {choice.summary}{extra}")
    print("cleaning rule:")
    for rule in RULES:
        print(f"  {rule.name:8} {rule.summary}{'' if rule.default else '  [off]'}")
    print("private data:")
    for kind, summary in KINDS.items():
        print(f"  {kind:8} {summary}")
