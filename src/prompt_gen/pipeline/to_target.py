"""Methods of compression tried from cheap to dear until one meets a target."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_gen import bundle
from prompt_gen.compress.source import Source
from prompt_gen.errors import GateNotMet, UsageError
from prompt_gen.pipeline import before, compressing
from prompt_gen.pipeline.compressing import Compressed
from prompt_gen.run import STATIONS, Event, Run, Watch, silent
from prompt_gen.settings import RunConfig
from prompt_gen.storage import replace_directory

AUTO = "auto"
_NARROWEST = 64  # width of a network


@dataclass(frozen=True)
class Try:
    """One way to make a bundle smaller, and what it asks for."""

    name: str
    compress: dict[str, Any]
    model: dict[str, Any]


def compress(
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    data: Path | None = None,
    force: bool = False,
    command: str = "",
) -> Compressed:
    """The bundle with the fewest bits per character among the cheapest that meet the target.

    Ways that learn nothing come first, then those that go on from the weights, then a student; the
    first of these groups in which one meets `compress.target_mb` and `compress.target_ms` is the
    last that is tried. The numbers of all that was tried are among those of the result.

    Raises:
        UsageError: there is no target, or nothing to make smaller.
        GateNotMet: nothing meets it; says what comes nearest.
        OutputExists, PromptGenError: see `compressing.compress`.
    """
    targets = _targets(config)
    before.refuse_trained((), run, resume=False, force=force)
    source = compressing.source_of(config, run)
    tried: list[tuple[Try, Run, Compressed]] = []
    with run.claim():
        place = run.path / "tries"
        shutil.rmtree(place, ignore_errors=True)
        try:
            for group in _groups(source):
                for each in group:
                    own = Run(place / each.name / run.path.resolve().name)
                    watch(Event("compress", "note", facts={"told": f"trying {each.name}"}))
                    made = compressing.compress(
                        own, _config(config, each), watch, data=data, command=command
                    )
                    tried.append((each, own, made))
                met = [row for row in tried if _miss(row[2], targets) <= 0]
                if met:
                    return _taken(run, min(met, key=lambda row: _bits(row[2])), tried)
            raise _not_met(tried, targets)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _targets(config: RunConfig) -> dict[str, float]:
    """Numbers that must not be exceeded, by name."""
    given = {"model_mb": config.compress.target_mb, "p50_ms": config.compress.target_ms}
    targets = {name: value for name, value in given.items() if value is not None}
    if not targets:
        raise UsageError("auto needs a target", "Give --target-mb or --target-ms, or both")
    return targets


def _groups(source: Source) -> Iterator[list[Try]]:
    """What is tried, by what it costs."""
    yield [Try(f"quantize-{kind}", {"method": "quantize", "weights": kind}, {})
           for kind in ("int8", "dynamic", "int4")]  # fmt: skip
    source.text()  # what follows learns
    half = max(1024, source.made.tokenizer.size // 2)
    learned = [Try("prune", {"method": "prune", "channels": 0.5}, {})]
    if half < source.made.tokenizer.size:
        learned.append(Try("vocab", {"method": "vocab", "vocab_size": half}, {}))
    yield learned
    layers, width = map(int, source.made.facts["shape"].split(" x "))
    narrow = max(_NARROWEST, width // 2 // _NARROWEST * _NARROWEST)
    shape = {"layers": max(1, layers // 2) if narrow == width else layers, "width": narrow}
    student = {"method": "distil"}
    yield [Try(f"distil-{kind}", student | {"weights": kind}, shape) for kind in ("int8", "int4")]


def _config(config: RunConfig, each: Try) -> RunConfig:
    """The settings with what a way asks for."""
    compress = config.compress.model_copy(update=each.compress)
    model = config.model.model_copy(update=each.model)
    return config.model_copy(update={"compress": compress, "model": model})


def _numbers(made: Compressed) -> dict[str, Any]:
    return made.measured["rows"][-1]


def _bits(made: Compressed) -> float:
    return _numbers(made)["bits_per_char"]["value"]


def _miss(made: Compressed, targets: dict[str, float]) -> float:
    """By what share the worst number exceeds its target; 0 or less: none does."""
    row = _numbers(made)
    return max(row[name]["value"] / value - 1 for name, value in targets.items())


def _taken(
    run: Run, chosen: tuple[Try, Run, Compressed], tried: list[tuple[Try, Run, Compressed]]
) -> Compressed:
    """Put what was chosen in the place of the run."""
    each, own, made = chosen
    rows = [{**_numbers(found), "name": other.name} for other, _, found in tried]
    measured = {**made.measured, "chosen": each.name, "tried": rows}
    settings, request = own.settings, own.request
    run.forget("training")  # of what was there before, if it was
    for name in STATIONS:
        if own.station(name).exists():
            replace_directory(own.station(name), run.station(name))
    run.record_settings(settings)
    if request is not None:
        run.record_request(request)
    taken = bundle.load(run.path)
    bundle.attach_compression(taken, measured)
    return Compressed(taken, measured)


def _not_met(tried: list[tuple[Try, Run, Compressed]], targets: dict[str, float]) -> GateNotMet:
    each, _, made = min(tried, key=lambda row: _miss(row[2], targets))
    row = _numbers(made)
    wanted = " and ".join(f"{name} {value:g}" for name, value in targets.items())
    nearest = ", ".join(f"{name} {row[name]['value']:.2f}" for name in targets)
    return GateNotMet(
        f"none of {len(tried)} ways meets {wanted}; the nearest is {each.name} with {nearest} "
        f"and {_bits(made):.3f} bits per character",
        "Ask for less, or train a smaller model",
    )
