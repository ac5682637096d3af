"""Ways to keep and multiply the weights of the graph: size, time of a pass, what is lost.

    python -m benchmarks graphs RUN [--only speed|bits|typing] [--lines 300] [--workers 2]
                                [--rounds 200]

speed   milliseconds of a pass that reads T tokens, all wanted, behind the same 20, by turns of all
        kinds in one process; for the model of the run, and for larger shapes at random weights.
        The shortest of all rounds is what the machine can do when nobody disturbs it
bits    bits per character of held-out lines, of the network alone and with the memory
typing  keystrokes that a rational user saves who types held-out lines, each in a session
        of its own, and the processor time of a key; a few lines of each kind by turns

Differences are to float32, with the interval of a paired bootstrap over lines. Kinds that are in no
table of the exporter are kept here: they were not good enough.
"""

import argparse
import json
import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from benchmarks.machine import DATA, RESULTS, describe, keep
from prompt_gen import Completer, bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, ModelConfig
from prompt_gen.engine import remembering
from prompt_gen.engine.language_model import read_line
from prompt_gen.engine.runtime import Graph as Loaded
from prompt_gen.evaluate import likelihood, typing
from prompt_gen.evaluate.numbers import Number, draws, measured
from prompt_gen.evaluate.typed import Offer, Typed
from prompt_gen.graph import completing
from prompt_gen.graph.nodes import Graph
from prompt_gen.graph.weights import (
    KINDS,
    Matrix,
    Multiply,
    by_rows,
    float32,
    in_blocks,
    of_rows,
)
from prompt_gen.storage import file_hash

SHAPES = ((6, 256, 8192), (6, 384, 16_384))  # layers, width, vocabulary; at random weights
N_OLD, N_NEW = 20, (1, 2, 4, 8, 16, 32)
BLOCK, REST_S = 5, 0.005
RANKS, MIN_RIGHT, MAX_CHARS = 5, 3, 24
HEADS = ("lm_head.weight", "model.embed_tokens.weight", "transformer.wte.weight")
EMBEDDINGS = ("model.embed_tokens.weight", "transformer.wte.weight")


def whole_pass(top: int) -> Multiply:
    """Dynamic int8: weights with a scale for each output, x with one scale for the whole pass."""

    def multiply(g: Graph, x_TI: str, matrix: Matrix) -> str:
        numbers_OI, scale_O = of_rows(matrix.of(g), top)
        y_TO = g.op(
            "DynamicQuantizeMatMul",
            x_TI,
            g.constant(numbers_OI.T, np.int8),
            g.constant(scale_O, np.float32),
            domain="com.microsoft",
        )
        return g.op("Add", y_TO, g.weight(matrix.bias)) if matrix.bias else y_TO

    return multiply


def head_only(multiply: Multiply) -> Multiply:
    """Another kind for the last matrix, the others in float32."""
    return lambda g, x, matrix: (multiply if matrix.name in HEADS else float32)(g, x, matrix)


WAYS: dict[str, Multiply] = {
    **KINDS,
    "int8, head only": head_only(KINDS["int8"]),
    "int8 in blocks of 32": in_blocks(8, 32),
    "int8 in blocks of 128": in_blocks(8, 128),
    "int8, x in float32": in_blocks(8, 64, accuracy=1),
    "int8 by rows": by_rows(127),
    "int8 by rows, head only": head_only(by_rows(64)),
    "int8 by passes": whole_pass(127),
    "int4, head only": head_only(in_blocks(4, 32)),
}
LARGE = ("float32", "int8", "int8 by rows", "int8 by passes", "int4")
TYPED = ("float32", "int8", "int8 by rows", "int4")
THREADS = (1, 2)
PIECE = 20  # lines
SPAWN = multiprocessing.get_context("spawn")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--only", choices=("speed", "bits", "typing"))
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2, help="processes that type")
    args = parser.parse_args(argv)
    made = bundle.load(args.run)
    path = RESULTS / "graphs.json"
    found = json.loads(path.read_text("utf-8")) if args.only and path.is_file() else {}
    found |= {"machine": describe("onnxruntime", "numpy")}
    if args.only in (None, "speed"):
        found["passes"] = speed(made, args.rounds)
    if args.only in (None, "bits"):
        found["bits_per_char"] = bits(made, held_out())
    if args.only in (None, "typing"):
        found["typing"] = typed(made, held_out()[: args.lines], args.workers)
    keep("graphs", found)


def held_out() -> list[str]:
    return (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8").splitlines()


@contextmanager
def variants(made: Bundle, names: Sequence[str]) -> Iterator[dict[str, Bundle]]:
    """The bundle with its graph in other kinds, beside each other in a temporary directory."""
    with tempfile.TemporaryDirectory() as directory:
        found = {}
        for n, name in enumerate(names):
            where = Path(directory) / str(n)
            shutil.copytree(made.path, where)
            (where / "model.onnx").write_bytes(
                completing.export(where, made.tokenizer.hash, WAYS[name])
            )
            for kept in (bundle.CALIBRATION, "report.json"):
                (where / kept).unlink(missing_ok=True)
            hashes = made.manifest.get("files", {}) | {
                "model.onnx": file_hash(where / "model.onnx")
            }
            manifest = made.manifest | {"files": hashes}
            (where / bundle.MANIFEST).write_text(json.dumps(manifest), "utf-8")
            found[name] = replace(made, path=where, manifest=manifest)
        yield found


# -- speed -----------------------------------------------------------------------------------------


def speed(made: Bundle, rounds: int) -> dict[str, Any]:
    found = {f"{made.facts['shape']}, {made.tokenizer.size}": passes(made, rounds, list(WAYS))}
    for layers, width, size in SHAPES:
        with tempfile.TemporaryDirectory() as directory:
            at_random(Path(directory), layers, width, size)
            there = replace(made, path=Path(directory))
            found[f"{layers} x {width}, {size}"] = passes(there, max(20, rounds // 8), LARGE)
    return found


def at_random(where: Path, layers: int, width: int, size: int) -> None:
    """A model directory of a shape; all its weights are random ones."""
    import torch

    from prompt_gen.model import Shape, build
    from prompt_gen.training import checkpoint

    model = build(ModelConfig(), Shape(layers, width), size, seed=0)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    checkpoint.save_best(where, checkpoint.weights_of(model), model.config)


def passes(made: Bundle, rounds: int, names: Sequence[str]) -> dict[str, Any]:
    """Sizes of the graph, and milliseconds of a pass by tokens, for each kind and threads."""
    found: dict[str, Any] = {}
    with variants(made, names) as bundles:
        weights = (made.path / "model.safetensors").stat().st_size
        for name, there in bundles.items():
            found[name] = {"graph_kb": round(there.graph.stat().st_size / 1000)}
        found["float32"]["weights_kb"] = round(weights / 1000)
        for n_threads in THREADS:
            graphs = {name: Loaded(there, n_threads) for name, there in bundles.items()}
            rest_s = REST_S if n_threads > 1 else 0  # idle threads of the others spin for a while
            for name, row in by_turns(graphs, rounds, rest_s).items():
                found[name][f"threads_{n_threads}"] = row
    return found


def by_turns(graphs: dict[str, Loaded], rounds: int, rest_s: float) -> dict[str, Any]:
    """A few passes of each graph, again and again: shortest, median and processor time by T."""
    rng = np.random.default_rng(0)
    old = {name: read_line(graph, range(2, 2 + N_OLD))[1][-1] for name, graph in graphs.items()}
    times: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds // BLOCK):
        for n in N_NEW:
            tokens = rng.integers(2, 8000, n).tolist()
            for name, graph in graphs.items():
                time.sleep(rest_s)
                before = [old[name]] * n
                graph.read(tokens, before, range(n))  # its weights come back to the cache
                for _ in range(BLOCK):
                    wall, cpu = time.perf_counter(), time.process_time()
                    graph.read(tokens, before, range(n))
                    took = time.perf_counter() - wall, time.process_time() - cpu
                    times.setdefault((name, n), []).append(took)
    table: dict[str, Any] = {}
    for (name, n), rows in times.items():
        wall, cpu = 1000 * np.array(rows).T
        row = table.setdefault(name, {"shortest_ms": {}, "median_ms": {}, "cpu_ms": {}})
        row["shortest_ms"][n] = round(float(wall.min()), 3)
        row["median_ms"][n] = round(float(np.median(wall)), 3)
        row["cpu_ms"][n] = round(float(np.median(cpu)), 3)
    return table


# -- what is lost ----------------------------------------------------------------------------------


def bits(made: Bundle, lines: Sequence[str]) -> dict[str, Any]:
    """Bits per character of each kind, and the difference to float32."""
    found: dict[str, dict[str, Number]] = {}
    with variants(made, list(WAYS)) as bundles:
        bundles["int8 embeddings"] = rounded_embeddings(bundles["float32"])
        for name, there in bundles.items():
            for experts in ("network", "both"):
                engine = EngineConfig(threads=1, experts=experts)
                scores = likelihood.measure(Completer.of(there, engine), lines)
                number = scores.numbers()["bits_per_char"]
                found.setdefault(name, {})[experts] = number
            print(name, flush=True)
    return compared(found, len(lines))


def rounded_embeddings(made: Bundle) -> Bundle:
    """The float32 graph over embeddings that were rounded to 8 bits, with a scale for each row."""
    where = made.path.parent / "embeddings"
    shutil.copytree(made.path, where)
    tensors = load_file(where / "model.safetensors")
    for name in set(EMBEDDINGS) & set(tensors):
        numbers, scale = of_rows(tensors[name], 127)
        tensors[name] = (numbers * scale[:, None]).astype(np.float32)
    save_file(tensors, where / "model.safetensors")
    there = replace(made, path=where)
    there.graph.write_bytes(completing.export(where, made.tokenizer.hash))
    return there


def typed(made: Bundle, lines: list[str], workers: int) -> dict[str, Any]:
    """Keystrokes saved with each kind, differences to float32, and milliseconds of a key."""
    with variants(made, TYPED) as bundles, ProcessPoolExecutor(workers, SPAWN) as pool:
        pieces = [lines[at : at + PIECE] for at in range(0, len(lines), PIECE)]
        todo = [(name, piece) for piece in pieces for name in bundles]
        done = pool.map(keys, [bundles[name].path for name, _ in todo], [p for _, p in todo])
        offers: dict[str, list[list[Offer]]] = {name: [] for name in bundles}
        graph_ms = dict.fromkeys(bundles, 0.0)
        for (name, _), (rows, ms) in zip(todo, done, strict=True):
            offers[name] += rows
            graph_ms[name] += ms
    saved: dict[str, dict[str, Number]] = {}
    for name, rows in offers.items():
        way = typing.rational(Typed(lines, rows, MAX_CHARS, RANKS), RANKS, MIN_RIGHT)
        saved[name] = {f"saved@{RANKS}": way.saved}
    found = compared(saved, len(lines))
    for name, row in found.items():
        pairs = [
            (ours, theirs)
            for ours_of_line, theirs_of_line in zip(offers[name], offers["float32"], strict=True)
            for ours, theirs in zip(ours_of_line, theirs_of_line, strict=True)
        ]
        same = [shown(ours) == shown(theirs) for ours, theirs in pairs]
        cpu_ms = [ours.ms for ours, _ in pairs]
        row["same_list"] = round(float(np.mean(same)), 4)
        n_passes = sum(ours.n_passes for ours, _ in pairs)
        row["passes"] = {
            "of_a_key": round(n_passes / len(pairs), 3),
            "cpu_ms": round(graph_ms[name] / n_passes, 4),
        }
        row["cpu_ms"] = {"mean": round(float(np.mean(cpu_ms)), 3)} | {
            f"p{q}": round(float(np.percentile(cpu_ms, q)), 3) for q in (50, 95)
        }
    return found


def shown(offer: Offer) -> list[str]:
    return [candidate.completion for candidate in offer.candidates]


def keys(path: Path, lines: list[str]) -> tuple[list[list[Offer]], float]:
    """What is offered at every key, and what all passes took; milliseconds of the processor."""
    completer = opened(path)
    found, before_s = [], Timed.seconds
    for line in lines:
        row = []
        for at in range(1, len(line)):
            n_passes, started = completer.model.n_passes, time.process_time()
            candidates = completer.complete(line[:at], session=line)
            ms = (time.process_time() - started) * 1000
            row.append(Offer(tuple(candidates), ms, completer.model.n_passes - n_passes))
        found.append(row)
    return found, (Timed.seconds - before_s) * 1000


class Timed(Loaded):
    """A graph that adds up what its passes take."""

    seconds = 0.0  # of the processor, all graphs of this process

    def read(self, *what: Any) -> Any:
        started = time.process_time()
        answer = super().read(*what)
        Timed.seconds += time.process_time() - started
        return answer


@lru_cache
def opened(path: Path) -> Completer:
    engine = EngineConfig(threads=1, n=RANKS, max_chars=MAX_CHARS, deadline_ms=60_000)
    remembering.Graph = Timed  # type: ignore[misc]
    completer = Completer.of(bundle.load(path), engine)
    completer.complete("a")
    return completer


def compared(found: dict[str, dict[str, Number]], n_lines: int) -> dict[str, Any]:
    """Numbers of each kind, and their differences to those of float32 with an interval."""
    draws_RN = draws(n_lines, 1000, 0)
    values = {
        name: {what: number(draws_RN) for what, number in numbers.items()}
        for name, numbers in found.items()
    }
    return {
        name: {
            what: {
                "value": round(float(values_R[0]), 5),
                "minus_float32": {
                    key: round(value, 5)
                    for key, value in vars(measured(values_R - values["float32"][what])).items()
                },
            }
            for what, values_R in row.items()
        }
        for name, row in values.items()
    }
