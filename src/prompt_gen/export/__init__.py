"""A bundle in the formats of other engines: one file per target, one row each.

A target's module has these names:

    NEEDS, ENGINE             libraries that write it, and those that open it again; imported inside
                              its functions only
    WEIGHTS                   kinds of weights that it can hold, the usual one first
    check(source)             refuses what the target cannot hold: architecture, tokenizer
    export(source, out, weights)    writes the files into an empty directory
    opened(source, out, weights)    the `parity.Engine` of what was written
    bound(source, weights)    what a log-probability may differ by, from the bundle's; see `parity`
    usage(source)             how to use it, in Markdown

What is exported is the network and the tokenizer; the corpus memory is the engine's own.
"""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from prompt_gen.bundle import STOCK_WEIGHTS, Bundle
from prompt_gen.choices import Choice, Choices, missing
from prompt_gen.errors import OutputExists, UsageError
from prompt_gen.export.source import Source
from prompt_gen.run import Event, Watch, silent
from prompt_gen.storage import staged_directory

__all__ = ["EXPORTERS", "check", "write"]

EXPORTERS = Choices(
    "export target",
    {
        "hf": Choice("prompt_gen.export.hf", "a directory for stock transformers", "export"),
        "onnx": Choice("prompt_gen.export.onnx", "a graph with logits and a cache", "export"),
        "ctranslate2": Choice("prompt_gen.export.ctranslate2", "CTranslate2's format", "export"),
        "browser": Choice("prompt_gen.export.browser", "a page that needs no server", "export"),
        "gguf": Choice("prompt_gen.export.gguf", "llama.cpp's format, with vocabulary", "export"),
    },
)
PARITY = "parity.json"


def check(target: str, weights: str | None = None) -> tuple[ModuleType, str]:
    """A target's module and its kind of weights, if it can be written here.

    Raises:
        UnknownChoice: no such target.
        UsageError: it does not hold weights of that kind.
        MissingExtra: a library that it is written with is not installed.
    """
    part = EXPORTERS.load(target)
    if weights is not None and weights not in part.WEIGHTS:
        raise UsageError(
            f"the target '{target}' does not hold weights in '{weights}'",
            f"It has: {', '.join(part.WEIGHTS)}",
        )
    if library := _lacking(part.NEEDS):
        raise missing(library, f"{EXPORTERS.what} '{target}'", EXPORTERS[target].extra)
    return part, weights or part.WEIGHTS[0]


def write(
    made: Bundle,
    target: str,
    out: Path,
    weights: str | None = None,
    watch: Watch = silent,
    *,
    runtime: Path | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Write a bundle for another engine, open it there, and hold it to what the bundle says.

    The directory appears when all of that has gone well. What was compared, with its numbers, is
    returned, and kept there as `parity.json`; where the engine is not installed it says so.
    `runtime` is where onnxruntime-web lies, for the target `browser`.

    Raises:
        UnknownChoice, MissingExtra: see `check`.
        UsageError: the target cannot hold this bundle; says why, and what would work.
        OutputExists: there is something at `out`, and `force` is not given.
        Mismatch: what was written says something else than the bundle.
    """
    part, weights = check(target, weights)
    if made.task is not None:
        raise UsageError(
            f"'{made.name}' was tuned for '{made.task['name']}', and what is exported completes",
            f"'{made.path}' is a stock model as it is; ask it with prompt-gen predict, or chat",
        )
    if not made.is_stock:
        raise UsageError(
            f"'{made.path}' has no {STOCK_WEIGHTS}: it was made smaller without, and only its own "
            "graph can be opened",
            "Export the run that it was made of, or make it again with compress.stock=true",
        )
    source = Source.of(made, runtime)
    part.check(source)
    _check_place(out, made.path, force)
    watch(Event("export", "start", facts={"target": target, "weights": weights}))
    with staged_directory(out) as staged:
        part.export(source, staged, weights)
        found = {"target": target, "weights": weights, "vocab_hash": made.tokenizer.hash}
        found |= _compared(part, source, staged, weights, watch)
        (staged / PARITY).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        (staged / "README.md").write_text(source.card(part.usage(source), found), "utf-8")
        found |= {"bytes": sum(file.stat().st_size for file in staged.rglob("*"))}
    watch(Event("export", "done", facts=found | {"out": str(out)}))
    return found


def _compared(
    part: ModuleType, source: Source, where: Path, weights: str, watch: Watch
) -> dict[str, Any]:
    """The check in the stock engine, or why there is none."""
    needed = (*part.ENGINE, "onnx")  # what the bundle says is asked of a graph in float32
    if library := _lacking(needed):
        return {"checked": False, "why": f"'{library}' is not installed"}
    from prompt_gen.export import parity

    watch(Event("export", "check", facts={"engine": part.ENGINE[0]}))
    opened: Callable[..., parity.Engine] = part.opened
    bound = part.bound(source, weights)
    found = parity.compare(source, opened(source, where, weights), bound, weights)
    return {"checked": True, "engine": parity.named(part.ENGINE)} | found


def _lacking(libraries: tuple[str, ...]) -> str | None:
    return next((name for name in libraries if find_spec(name) is None), None)


def _check_place(out: Path, bundle: Path, force: bool) -> None:
    """Nothing is written over unasked, and never the bundle or what it lies in."""
    there = out.resolve()
    if there == bundle.resolve() or there in bundle.resolve().parents:
        raise OutputExists(f"'{out}' holds the bundle itself", "Choose another --out")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not force or not out.is_dir():
            raise OutputExists(
                f"'{out}' exists", "Choose another --out, or write over it with --force"
            )
        if not (out / PARITY).is_file():
            raise OutputExists(f"'{out}' is no export (no {PARITY} in it)", "Choose another --out")
