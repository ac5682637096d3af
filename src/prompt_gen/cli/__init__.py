"""The command line: parse, call one function, print.

Heavy libraries are imported inside the commands that need them, so that `--help` is quick.
"""

import io
import os
import signal
import sys
from typing import Annotated

import typer

from prompt_gen import __version__, launch
from prompt_gen.cli import (
    beside,
    chatting,
    compressing,
    corpora,
    entry,
    exports,
    feedback,
    remembered,
    stations,
    tuning,
    use,
)
from prompt_gen.cli.groups import DefaultGroup
from prompt_gen.errors import Diverged, Interrupted, PromptGenError, from_os_error

_EXAMPLES = """Turn a pile of domain text into an as-you-type sentence completer.

\b
prompt-gen train lines.txt --out runs/clinic --minutes 5
prompt-gen complete runs/clinic "高血压要注意"
prompt-gen explain runs/clinic "高血压要注意"
prompt-gen evaluate runs/clinic --data heldout.txt
prompt-gen serve runs/clinic
prompt-gen export runs/clinic --to hf --out clinic-hf
prompt-gen compress runs/clinic --method quantize --weights int4 --out runs/small
prompt-gen finetune runs/clinic --data more.txt --replay 0.3 --out runs/more
"""
_TRAIN = (
    "accelerate", "charset_normalizer", "onnx", "peft", "pyarrow", "pydivsufsort", "tensorboard",
    "torch", "transformers", "zstandard",
)  # fmt: skip
_EXTRAS = dict.fromkeys(_TRAIN, "train") | {
    "loky": "evaluate",
    "psycopg": "postgres",
}  # where a library comes from

app = typer.Typer(
    help=_EXAMPLES, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False
)
vocab = typer.Typer(
    cls=DefaultGroup, no_args_is_help=True, help="Fit the vocabulary of a run, or compare several."
)
vocab.command("fit")(stations.vocab)
vocab.command("compare")(stations.compare)

corpus = typer.Typer(
    cls=DefaultGroup, no_args_is_help=True, help="Make a corpus, explain a line, or show a report."
)
corpus.command("read")(corpora.read)
corpus.command("explain")(corpora.explain)
corpus.command("report")(corpora.report)

memory = typer.Typer(no_args_is_help=True, help="The training text as half of the model.")
memory.command("build")(remembered.build)
memory.command("info")(remembered.info)
memory.command("query")(remembered.query)
memory.command("learn")(remembered.learn)
memory.command("forget")(remembered.forget)
memory.command("export")(remembered.export)

accepted = typer.Typer(no_args_is_help=True, help="What users did with what they were shown.")
accepted.command("report")(feedback.report)
accepted.command("export")(feedback.export)
accepted.command("forget")(feedback.forget)
accepted.command("info")(feedback.info)

keys = typer.Typer(no_args_is_help=True, help="API keys of the server.")
keys.command("add")(entry.add)
keys.command("list")(entry.list_keys)
keys.command("revoke")(entry.revoke)

app.add_typer(corpus, name="corpus")
app.add_typer(vocab, name="vocab")
app.add_typer(memory, name="memory")
app.add_typer(accepted, name="feedback")
app.command()(stations.tokenize)
app.command()(stations.train)
app.command()(tuning.finetune)
app.command()(tuning.predict)
app.command()(chatting.chat)
app.command()(stations.report)
app.command()(use.complete)
app.command()(use.explain)
app.command()(use.evaluate)
app.command()(beside.bench)
app.command()(exports.export)
app.command()(compressing.compress)
app.command()(use.serve)
app.add_typer(keys, name="keys")
app.command("list")(use.list_choices)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and logs.")] = False,
) -> None:
    """Options of all commands."""
    from prompt_gen import log

    log.set_up(verbose=debug)
    if debug:
        os.environ["PROMPT_GEN_TRACEBACK"] = "1"
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run a command and turn every deliberate error into one message and an exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows would take its own code page
            stream.reconfigure(encoding="utf-8", errors="replace")
    signal.signal(signal.SIGTERM, _ended)  # as Ctrl-C: other processes are ended with this one
    try:
        app()
    except PromptGenError as error:
        _fail(error)
    except OSError as error:
        _fail(from_os_error(error))
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        from prompt_gen.choices import missing

        _fail(missing(error.name, "this command", _EXTRAS[error.name]))


def _ended(*_: object) -> None:
    raise Interrupted("ended by SIGTERM", "Run the same command again: what was complete is kept")


def _fail(error: PromptGenError) -> None:
    if os.environ.get("PROMPT_GEN_TRACEBACK"):
        raise error
    if launch.is_first() or not isinstance(error, Interrupted | Diverged):  # those all know
        print(f"error: {error.message}", file=sys.stderr)
    if error.hint and launch.is_first():
        print(f"       {error.hint}", file=sys.stderr)
    sys.exit(error.exit_code)
