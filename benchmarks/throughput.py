"""Tokens per second at equal shape beside Hugging Face's `Trainer`, and where a step's time goes.

    python -m benchmarks throughput [--layers 6] [--width 256] [--steps 16] [--rows 8 16 32]

One process, all cores, the same stock Qwen3 class, vocabulary, batches (of so many rows of 128
tokens; 8 are what our recipe has for CPUs) and number of steps, half as many where rows are twice
as many; blocks of work take turns, so that a busy machine hits all alike. Ours is measured as it
trains (sampled softmax for three quarters, full for the last) and with the full one alone, and
`Trainer` from its first step to the end of its last, without what it sets up before.
The share of the machine's peak is that of the arithmetic needed (6 operations for each weight and
token; attention and optimizer come on top) in what a large float32 matrix product reaches here.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import Trainer, TrainingArguments

from benchmarks.machine import describe, keep
from benchmarks.peers.trainer import Blocks, Clock
from prompt_gen import model, shards, vocab
from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.model import Shape
from prompt_gen.run import Run, silent
from prompt_gen.training import lesson, recipe
from prompt_gen.training.loop import Session

CONTEXT, TURNS = 128, 5


def peak_gflops(n: int = 2048, turns: int = 8) -> float:
    """What a float32 matrix product reaches, the best of some."""
    a, b, best = torch.randn(n, n), torch.randn(n, n), float("inf")
    for _ in range(turns):
        started = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - started)
    return 2 * n**3 / best / 1e9


class Ours:
    """Our loop; `sampled`: the share of steps with the sampled softmax."""

    def __init__(self, run: Run, shape: Shape, rows: int, full_softmax: float) -> None:
        tokenizer = vocab.load(run)
        config = TrainConfig(
            steps=1_000_000,
            batch_tokens=rows * CONTEXT,
            batch_growth=1,
            full_softmax=full_softmax,
            threads=torch.get_num_threads(),
        )
        settings = ModelConfig(context=CONTEXT)
        network = model.build(settings, shape, tokenizer.size, 0)
        chosen = recipe.choose(config, "cpu", 0.0)
        where = Path(tempfile.mkdtemp()) / "training"
        shard_set = shards.load(run, tokenizer)
        teach = lesson.of_text(shard_set, tokenizer, config, chosen)
        self.session = Session(network, teach, config, chosen, where, "", silent)
        self.session.objective.train()

    def steps(self, n: int) -> float:
        started = time.perf_counter()
        for _ in range(n):
            self.session.step()
        return time.perf_counter() - started


class Theirs:
    """Hugging Face's `Trainer`; it is called for some steps at a time."""

    def __init__(self, run: Run, shape: Shape, rows: int) -> None:
        tokenizer, self.rows = vocab.load(run), rows
        self.model = model.build(ModelConfig(context=CONTEXT), shape, tokenizer.size, 0)
        part = shards.load(run, tokenizer).train
        stream = np.concatenate([part[i] for i in range(len(part))])
        self.blocks = Blocks(stream, CONTEXT)

    def steps(self, n: int) -> float:
        with tempfile.TemporaryDirectory() as directory:
            arguments = TrainingArguments(
                output_dir=directory, per_device_train_batch_size=self.rows, max_steps=n,
                learning_rate=1e-3, optim="adamw_torch_fused", logging_strategy="no",
                save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, seed=0,
            )  # fmt: skip
            clock = Clock(float("inf"))
            Trainer(self.model, arguments, train_dataset=self.blocks, callbacks=[clock]).train()
            return clock.ended - clock.started


def where_time_goes(ours: Ours, n: int) -> dict[str, float]:
    """Shares of the time of our step by kind of work."""
    with profile(activities=[ProfilerActivity.CPU]) as found:
        ours.steps(n)
    rows = found.key_averages()
    total = sum(row.self_cpu_time_total for row in rows)
    kinds = {
        "matrix products": ("mm", "bmm", "addmm", "matmul", "linear"),
        "attention": ("_flash_attention", "scaled_dot"),
        "softmax and loss": ("logsumexp", "exp", "gather", "scatter", "softmax"),
    }
    shares = dict.fromkeys(kinds, 0.0)
    for row in rows:
        kind = next(
            (k for k, names in kinds.items() if any(name in row.key for name in names)), None
        )
        if kind:
            shares[kind] += row.self_cpu_time_total / total
    muon = next((r for r in rows if r.key == "Optimizer.step#Muon.step"), None)
    shares = {kind: round(share, 3) for kind, share in shares.items()}
    shares["all else (small operations, Python)"] = round(1 - sum(shares.values()), 3)
    if muon:
        shares["of all this, Muon with its matrix products"] = round(muon.cpu_time_total / total, 3)
    return shares


def rates(sides: dict[str, Any], rows: int, steps: int) -> dict[str, float]:
    """Tokens a second of each side, the median of turns."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side.steps(3)
    for _ in range(TURNS):
        for name, side in sides.items():
            taken[name].append(steps * rows * CONTEXT / side.steps(steps))
    found = {name: statistics.median(values) for name, values in taken.items()}
    ours = 1 / (0.75 / found["sampled"] + 0.25 / found["full"])  # as a run mixes them
    return {**found, "ours": ours}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--rows", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--run", type=Path, default=Path("runs/bench-medical-zh"))
    args = parser.parse_args(argv)
    run, shape = Run.open(args.run), Shape(args.layers, args.width)
    by_batch, shares, n_weights = [], {}, 0
    for rows in args.rows:
        sides = {
            "sampled": Ours(run, shape, rows, full_softmax=0.0),
            "full": Ours(run, shape, rows, full_softmax=1.0),
            "trainer": Theirs(run, shape, rows),
        }
        found = rates(sides, rows, max(3, args.steps * args.rows[0] // rows))
        by_batch.append(
            {
                "batch": [rows, CONTEXT],
                "tokens_per_s": {name: round(rate) for name, rate in found.items()},
                "ours_to_trainer": round(found["ours"] / found["trainer"], 2),
                "ours_with_the_full_softmax_to_trainer": round(found["full"] / found["trainer"], 2),
            }
        )
        print(by_batch[-1], file=sys.stderr)
        n_weights = sum(p.numel() for p in sides["trainer"].model.parameters())
        if not shares:
            shares = {name: where_time_goes(sides[name], 6) for name in ("sampled", "full")}
    peak = peak_gflops()
    first = by_batch[0]["tokens_per_s"]
    needed = {name: 6 * n_weights * first[name] / 1e9 for name in ("full", "trainer")}
    result: dict[str, Any] = {
        "machine": describe("torch", "transformers", "accelerate"),
        "threads": torch.get_num_threads(),
        "shape": {"layers": shape.layers, "width": shape.width, "parameters": n_weights},
        "batches": by_batch,
        "sgemm_gflops": round(peak),
        "share_of_sgemm": {name: round(value / peak, 2) for name, value in needed.items()},
        "where_time_goes": shares,
    }
    keep("throughput", result)
