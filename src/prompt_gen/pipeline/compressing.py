"""A bundle to a smaller or quicker one, and both measured on the same lines: never one alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_gen import bundle, memory
from prompt_gen.bundle import Bundle, Mixed
from prompt_gen.compress import METHODS
from prompt_gen.compress.source import Source
from prompt_gen.compress.work import Made, Work
from prompt_gen.config import MemoryConfig, validated
from prompt_gen.errors import OutputExists, UsageError
from prompt_gen.pipeline import before, beside, side_by_side
from prompt_gen.pipeline.mixing import mixing
from prompt_gen.run import Event, Request, Run, Watch, silent
from prompt_gen.settings import RunConfig
from prompt_gen.storage import link, staged_directory

_TEXT = ("corpus", "vocab", "shards", "memory")


@dataclass(frozen=True)
class Compressed:
    """A bundle that was made smaller, and its numbers beside those of the one it was made of."""

    bundle: Bundle
    measured: dict[str, Any]  # see `side_by_side.measure`; the first row is the other bundle


def compress(
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    data: Path | None = None,
    resume: bool = False,
    force: bool = False,
    command: str = "",
) -> Compressed:
    """Make a bundle of `compress.base` by `compress.method`, and measure both.

    The lines are those of a file, or the test part of the text that the base has learned. What is
    made does not stay when it cannot be measured.

    Raises:
        UnknownChoice: no such method.
        UsageError: nothing to make smaller, or no text beside it where the method needs it.
        OutputExists, PromptGenError: see `train`.
    """
    part = METHODS.load(config.compress.method)
    source = source_of(config, run)
    if part.NEEDS_TEXT:
        source.text()
    material = beside.material(source.made, None, config, data, command)
    with run.claim(), before.told_how_to_go_on(run, "compress"):
        before.refuse_trained((), run, resume=resume, force=force)
        _record(run, source, config)
        _bring_text(source, run)
        work = Work(source, run, config.compress, config.model, config.train, watch, resume, force)
        watch(Event("compress", "start", facts={"method": config.compress.method}))
        made = _bundle(work, part.make(work), command)
        try:
            both = {"before": source.made, "after": made}
            measured = side_by_side.measure(both, material, config.evaluate, config.engine, watch)
            bundle.attach_compression(made, measured)
        except BaseException:
            run.forget("bundle")  # no bundle without its numbers
            raise
    return Compressed(made, measured)


def source_of(config: RunConfig, run: Run) -> Source:
    """What is made smaller.

    Raises:
        UsageError, PromptGenError: it is not said, or cannot be: see `Source.at`.
        OutputExists: it lies in the run that is to be made.
    """
    if config.compress.base is None:
        raise UsageError("no bundle to make smaller was given", "Give it: prompt-gen compress RUN")
    source = Source.at(config.compress.base)
    if source.made.path.resolve().is_relative_to(run.path.resolve()):
        raise OutputExists(f"'{run.path}' holds the bundle itself", "Choose another --out")
    return source


def _record(run: Run, source: Source, config: RunConfig) -> None:
    """Keep what is asked for, and with it how the memory of the text was made."""
    settings = config.model_dump(exclude={"feedback"})  # it may hold a password
    settings["memory"] = _memory_config(source).model_dump()
    run.record_request(Request.of(settings, ()))
    run.record_settings(settings)


def _memory_config(source: Source) -> MemoryConfig:
    recorded = source.run.settings.get("memory", {}) if source.run else {}
    return validated(MemoryConfig, recorded)


def _bring_text(source: Source, run: Run) -> None:
    """The text of the source, so that what is made can learn it and be evaluated on it."""
    if source.run is None:
        return
    for name in _TEXT:
        print_ = source.run.fingerprint(name)
        if print_ is None or run.fingerprint(name) == print_:
            continue
        with staged_directory(run.station(name)) as staged:
            for file in source.run.station(name).iterdir():
                link(file, staged / file.name)


def _bundle(work: Work, made: Made, command: str) -> Bundle:
    """Weights to a graph, and all parts together."""
    from prompt_gen.graph import completing, weights

    source, how = work.source.made, work.how
    is_rounded = not how.stock and how.weights != "float32"
    graph = completing.export(
        made.directory,
        made.tokenizer.hash,
        weights.KINDS[how.weights],
        whole=not how.stock,
        look_up=weights.rounded_rows if is_rounded else weights.exact_rows,
    )
    known = {name: value for name, value in source.facts.items() if name != "memory"}
    facts = known | made.facts | {"graph": {"weights": how.weights}, "command": command}
    facts |= {"compressed": {"method": how.method, "base": source.name}}
    parts = (made.directory, made.tokenizer, graph, facts)
    return bundle.write(work.run, *parts, *_memory(work, made), stock=how.stock)


def _memory(work: Work, made: Made) -> tuple[Path | None, Mixed | None]:
    """The memory of the text; how far it is believed is found anew for a network that learned."""
    source = work.source.made
    if source.memory is None:
        return None, None
    if made.shards is not None:
        config = _memory_config(work.source)
        remembered = memory.write(made.shards, made.tokenizer, work.run, config, work.watch)
        return mixing(work.run, remembered, made.shards, work.watch)
    kept = {"weights": source.mixture}
    return source.memory, lambda _: kept
