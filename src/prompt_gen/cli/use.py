"""With a trained bundle: complete, explain, evaluate, serve; and what there is to choose from."""

import shlex
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from prompt_gen.cli import remembered, show
from prompt_gen.cli.options import AsJson, ConfigFile, Model, Settings
from prompt_gen.cli.watcher import Watcher


def complete(
    run: Model,
    text: Annotated[
        str | None, typer.Argument(help="What was typed; none: ask for it, line by line.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", help="Candidates. (default: 5)")] = None,
    max_chars: Annotated[
        int | None, typer.Option("--max-chars", help="Longest continuation. (default: 24)")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show a training line that holds a candidate.")
    ] = False,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="NAME", help="Count what he taught (memory learn), too."),
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Complete a text; candidates that save most keys first."""
    from prompt_gen import bundle
    from prompt_gen.engine import Completer
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), {"engine": {"n": n, "max_chars": max_chars}}, config)
    completer = Completer.of(bundle.load(run), settings.engine)
    if user is not None:
        with remembered.opened(run, set_, config) as personal:
            completer.personal = personal  # read once; other commands may write to it meanwhile

    def answer(typed: str) -> None:
        found = completer.complete(typed, user=user)
        if not found:
            show.say("nothing to complete: " + _why_nothing(typed))
        if as_json:
            rows = [
                asdict(each) | ({"examples": completer.examples(typed, each)} if explain else {})
                for each in found
            ]
            show.result({"prompt": typed, "candidates": rows})
        else:
            show.candidates(found, partial(completer.examples, typed, n=1) if explain else None)

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


def explain(
    run: Model,
    text: Annotated[str, typer.Argument(metavar="PREFIX", help="What was typed.")],
    then: Annotated[
        str | None,
        typer.Option("--then", metavar="TEXT", help="Typed next: show what that key changes, too."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw it, too, into this file.")
    ] = None,
    n: Annotated[int | None, typer.Option("-n", help="Candidates. (default: 5)")] = None,
    max_chars: Annotated[
        int | None, typer.Option("--max-chars", help="Longest continuation. (default: 24)")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Say why candidates are shown: the tree of what may follow, and what was chosen from it.

    For a line that was read, see `prompt-gen corpus explain`.
    """
    from prompt_gen import bundle
    from prompt_gen.engine import Completer
    from prompt_gen.errors import NotFound
    from prompt_gen.explain import explain as explained
    from prompt_gen.explain.svg import drawn
    from prompt_gen.settings import resolve
    from prompt_gen.storage import write_atomic

    settings = resolve(set_ or (), {"engine": {"n": n, "max_chars": max_chars}}, config)
    if svg is not None and not svg.parent.is_dir():
        raise NotFound(f"no such directory: '{svg.parent}'", "Make it, or choose another --svg")
    found = explained(Completer.of(bundle.load(run), settings.engine), text, then or "")
    if svg is not None:
        write_atomic(svg, drawn(found))
        show.say(f"picture: {svg}")
    if as_json:
        show.result({"keys": [asdict(each) for each in found]})
    else:
        show.explanations(found)


def _why_nothing(typed: str) -> str:
    if not typed.rpartition("\n")[2].strip():
        return "the last line is blank"
    return "no continuation may be shown with these settings, or the line ends here"


def evaluate(
    run: Model,
    data: Annotated[
        Path | None, typer.Option("--data", help="Held-out lines; none: the run's own test part.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write the report: .html to look at, or .json.")
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-under",
            metavar="NAME=VALUE",
            help="Exit with 5 where a number is worse, e.g. saved@5=0.3 or p95_ms=80.",
        ),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="RUN", help="A second run beside it.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="Use so many lines, and type all of them.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="SEED", help="Which lines. (default: 0)")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Measure a bundle on held-out lines, beside baselines and perhaps another bundle."""
    from prompt_gen import pipeline
    from prompt_gen.errors import NotFound
    from prompt_gen.evaluate import gates
    from prompt_gen.settings import resolve

    flags = {"limit": limit, "typed": limit, "seed": sample}
    settings = resolve(set_ or (), {"evaluate": flags}, config)
    if report is not None and not report.parent.is_dir():
        raise NotFound(
            f"no such directory: '{report.parent}'", "Make it, or choose another --report"
        )
    wanted = gates.parse(fail_under or (), settings.engine.n)
    found = pipeline.evaluate(
        run,
        settings,
        Watcher(),
        data=data,
        compare=compare,
        command=shlex.join(["prompt-gen", *sys.argv[1:]]),
    )
    show.result(found.as_dict()) if as_json else show.report(found)
    if report is not None:
        show.say(f"report: {found.save(report)}")
    gates.check(wanted, found)


def serve(
    run: Model,
    host: Annotated[
        str | None, typer.Option("--host", help="Address. (default: 127.0.0.1)")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port; 0 takes a free one. (default: 8765)")
    ] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            "--labels", metavar="DIR", help="A bundle tuned to classify or tag, served beside it."
        ),
    ] = None,
    chat: Annotated[
        Path | None,
        typer.Option("--chat", metavar="DIR", help="A bundle tuned for dialogues, beside it."),
    ] = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Serve the page with the box, and the HTTP API."""
    from prompt_gen import bundle, server
    from prompt_gen.keys import Keyring
    from prompt_gen.settings import resolve

    beside = [str(path) for path in labels] if labels else None
    serving = {"host": host, "port": port, "labels": beside, "chat": chat and str(chat)}
    settings = resolve(set_ or (), {"serve": serving}, config)
    asks = "; asks for a key" if Keyring(settings.serve).is_asked else ""
    loaded = bundle.load(run)
    listener = server.listen(settings.serve)
    address, bound_port = listener.getsockname()[:2]
    where = f"[{address}]" if ":" in address else address
    server.serve(
        loaded,
        settings.engine,
        settings.serve,
        listener,
        settings.feedback,
        run,
        settings.personal,
        begun=lambda: show.say(
            f"{loaded.name}: http://{where}:{bound_port}/  (API: /docs{asks}; Ctrl-C ends)"
        ),
    )


def list_choices() -> None:
    """Show the parts there are to choose from."""
    from prompt_gen import presets
    from prompt_gen.compress import METHODS
    from prompt_gen.corpus.clean import RULES
    from prompt_gen.corpus.privacy import KINDS
    from prompt_gen.corpus.readers import READERS
    from prompt_gen.engine.modes import MODES
    from prompt_gen.evaluate.baselines import BASELINES
    from prompt_gen.evaluate.metrics import METRICS
    from prompt_gen.export import EXPORTERS
    from prompt_gen.model import ARCHITECTURES
    from prompt_gen.replay.peers import PEERS
    from prompt_gen.tasks import TASKS
    from prompt_gen.tasks.augment import WAYS
    from prompt_gen.vocab import TOKENIZERS

    for table in (READERS, TOKENIZERS, ARCHITECTURES, TASKS, EXPORTERS, METHODS, MODES, PEERS):
        print(f"{table.what}:")
        for name, choice in table.items():
            extra = f"  [{choice.extra}]" if choice.extra else ""
            print(f"  {name:11} {choice.summary}{extra}")
    print("preset:")
    for name in presets.names():
        print(f"  {name:8} {presets.summary(name)}")
    print("augmentation:")
    for name, way in WAYS.items():
        print(f"  {name:8} {way.summary}")
    print("baseline:")
    for name, baseline in BASELINES.items():
        print(f"  {name:10} {baseline.summary}")
    print("number of an evaluation:")
    for name, row in METRICS.items():
        print(f"  {name:21} {row.english}: {row.summary}")
    print("cleaning rule:")
    for rule in RULES:
        print(f"  {rule.name:8} {rule.summary}{'' if rule.default else '  [off]'}")
    print("private data:")
    for kind, summary in KINDS.items():
        print(f"  {kind:8} {summary}")
