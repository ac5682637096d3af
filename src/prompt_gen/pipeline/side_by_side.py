"""Bundles measured side by side, on the same lines in one process: what each costs and gives.

R draws of lines, N lines (see `evaluate.numbers`), P keys

A line is typed with each bundle in turn, and who begins moves on by one with each line, so that a
machine that is busy for a while is busy for all of them.
"""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.bundle import MEMORY, Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.engine import Completer
from prompt_gen.errors import BadText
from prompt_gen.evaluate import NO_DEADLINE_MS, Material, chosen, latency, likelihood, typing
from prompt_gen.evaluate.numbers import Number, draws
from prompt_gen.evaluate.tables import FEWEST, Values, told, values
from prompt_gen.evaluate.typed import Typed
from prompt_gen.replay.keys import Key, type_lines
from prompt_gen.replay.sides import Field
from prompt_gen.run import Event, Watch, silent

_MB = 1e6
_PIECE = 1 << 20  # bytes that are packed at a time


def measure(
    bundles: Mapping[str, Bundle],
    material: Material,
    config: EvaluateConfig,
    engine: EngineConfig,
    watch: Watch = silent,
) -> dict[str, Any]:
    """A row for each bundle, and for those behind the first what they have more than it.

    model_mb     the model's files: graph, stock weights, vocabulary, 10^6 bytes
    packed_mb    the same as archives keep them (deflate): zeros cost nothing there
    bundle_mb    all files that belong together, the memory of the text included
    memory_mb    what a new process holds behind its first answer, 2^20 bytes
    p50_ms       wall time of a key, and cpu_ms the processor's mean, both without thinking ahead
    network_bits_per_char, bits_per_char    of the network alone, and together with the memory
    saved@n      share of keystrokes that a rational user saves

    Numbers over lines have 95 % intervals, and differences are paired.

    Raises:
        BadText: no line to measure on.
    """
    scored, lines = chosen(material.lines, config)
    if not lines:
        raise BadText("there is no line to type", "Set evaluate.typed above 0")
    engine = engine.model_copy(update={"deadline_ms": NO_DEADLINE_MS})
    facts = {"bundles": len(bundles), "lines": len(scored), "typed": len(lines)}
    watch(Event("measure", "start", facts=facts))
    lines_RN, keys_RN = (_draws(each, config) for each in (scored, lines))
    typed = _by_turns(bundles, lines, engine, watch)
    found: dict[str, Values] = {}
    rows = []
    for name, made in bundles.items():
        found[name] = values(_of_lines(made, scored, engine), lines_RN)
        found[name] |= values(_of_keys(lines, typed[name], engine, config), keys_RN)
        held = {"memory_mb": latency.cold_start(made.path, lines[0][:1])["memory_mb"]}
        sizes = {number: {"value": value} for number, value in (sizes_of(made) | held).items()}
        rows.append({"name": name, **sizes, **told(found[name])})
    first, *others = found
    return {
        "source": material.source,
        **facts,
        "keys": sum(len(line) - 1 for line in lines),
        "rows": rows,
        "differences": {name: told(_minus(found[name], found[first])) for name in others},
    }


def _minus(one: Values, other: Values) -> Values:
    """The difference of all numbers, draw by draw."""
    return {name: one[name] - other[name] for name in one}


def sizes_of(made: Bundle) -> dict[str, float]:
    """Sizes of files in 10^6 bytes: see `measure`."""
    files = {name: made.path / name for name in made.manifest["files"]}
    of_model = [path for name, path in files.items() if not name.startswith(f"{MEMORY}/")]
    return {
        "model_mb": sum(path.stat().st_size for path in of_model) / _MB,
        "packed_mb": sum(map(_packed, of_model)) / _MB,
        "bundle_mb": sum(path.stat().st_size for path in files.values()) / _MB,
    }


def _packed(path: Path) -> int:
    """Bytes of a file under deflate."""
    packer, n_bytes = zlib.compressobj(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            n_bytes += len(packer.compress(piece))
    return n_bytes + len(packer.flush())


def _draws(lines: Sequence[str], config: EvaluateConfig) -> np.ndarray:
    return draws(len(lines), config.resamples if len(lines) >= FEWEST else 0, config.seed)


def _of_lines(made: Bundle, lines: Sequence[str], engine: EngineConfig) -> dict[str, Number]:
    experts = {"network_bits_per_char": "network", "bits_per_char": "both"}
    if made.memory is None:
        del experts["network_bits_per_char"]
    found: dict[str, Number] = {}
    for name, which in experts.items():
        completer = Completer.of(made, engine.model_copy(update={"experts": which}))
        found[name] = likelihood.measure(completer, lines).numbers()["bits_per_char"]
    return {"network_bits_per_char": found["bits_per_char"]} | found


def _by_turns(
    bundles: Mapping[str, Bundle], lines: Sequence[str], engine: EngineConfig, watch: Watch
) -> dict[str, list[list[Key]]]:
    """What was shown at every key of every line, for each bundle."""
    fields = {
        name: Field(Completer.of(made, engine), has_pauses=False) for name, made in bundles.items()
    }
    for field in fields.values():
        type_lines(field, lines[:1], engine.n)  # as warm as it will be
    found: dict[str, list[list[Key]]] = {name: [] for name in bundles}
    names = list(bundles)
    for i, line in enumerate(lines):
        watch(Event("measure", "progress", i, len(lines)))
        at = i % len(names)
        for name in (*names[at:], *names[:at]):
            found[name] += type_lines(fields[name], [line], engine.n)
    return found


def _of_keys(
    lines: Sequence[str],
    keys: Sequence[Sequence[Key]],
    engine: EngineConfig,
    config: EvaluateConfig,
) -> dict[str, Number]:
    typed = Typed(lines, [[key.offer for key in row] for row in keys], engine.max_chars, engine.n)
    way = typing.rational(typed, engine.n, config.min_right)
    cpu_ms_P = np.array([key.cpu_ms for row in keys for key in row])
    return {
        "p50_ms": latency.percentile(typed, 50),
        "cpu_ms": typed.mean(cpu_ms_P),
        f"saved@{engine.n}": way.saved,
    }
