"""Tokens per second at equal shape beside Hugging Face's `Trainer`, and where a step's time goes.

    python -m benchmarks throughput [--layers 6] [--width 256] [--steps 30]

One process, all cores, the same stock Qwen3 class, vocabulary, batch (8 rows of 128 tokens) and
number of steps; blocks of work take turns, so that a busy machine hits all alike. Ours is measured
as it trains (sampled softmax for three quarters, full for the last) and with the full one alone.
The share of the machine's peak is that of the arithmetic needed (6 operations for each weight and
token; attention and optimizer come on top) in what a large float32 matrix product reaches here.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from transformers import Trainer, TrainingArguments

from benchmarks.machine import describe, keep
from benchmarks.peers.trainer import Blocks
from prompt_gen import model, shards, vocab
from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.model import Shape
from prompt_gen.run import Run, silent
from prompt_gen.training import recipe
from prompt_gen.training.loop import Session

ROWS, CONTEXT, TURNS = 8, 128, 5


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

    def __init__(self, run: Run, shape: Shape, full_softmax: float) -> None:
        tokenizer = vocab.load(run)
        config = TrainConfig(
            steps=1_000_000,
            batch_tokens=ROWS * CONTEXT,
            batch_growth=1,
            full_softmax=full_softmax,
            threads=torch.get_num_threads(),
        )
        settings = ModelConfig(context=CONTEXT)
        network = model.build(settings, shape, tokenizer.size, 0)
        chosen = recipe.choose(config, "cpu", 0.0)
        where = Path(tempfile.mkdtemp()) / "training"
        shard_set = shards.load(run, tokenizer)
        self.session = Session(network, shard_set, tokenizer, config, chosen, where, "", silent)
        self.session.objective.train()

    def steps(self, n: int) -> float:
        started = time.perf_counter()
        for _ in range(n):
            self.session.step()
        return time.perf_counter() - started


class Theirs:
    """Hugging Face's `Trainer`; it is called for some steps at a time."""

    def __init__(self, run: Run, shape: Shape) -> None:
        tokenizer = vocab.load(run)
        self.model = model.build(ModelConfig(context=CONTEXT), shape, tokenizer.size, 0)
        part = shards.load(run, tokenizer).train
        stream = np.concatenate([part[i] for i in range(len(part))])
        self.blocks = Blocks(stream, CONTEXT)

    def steps(self, n: int) -> float:
        with tempfile.TemporaryDirectory() as directory:
            arguments = TrainingArguments(
                output_dir=directory, per_device_train_batch_size=ROWS, max_steps=n,
                learning_rate=1e-3, optim="adamw_torch_fused", logging_strategy="no",
                save_strategy="no", report_to=[], use_cpu=True, disable_tqdm=True, seed=0,
            )  # fmt: skip
            trainer = Trainer(self.model, arguments, train_dataset=self.blocks)
            started = time.perf_counter()
            trainer.train()
            return time.perf_counter() - started


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


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--run", type=Path, default=Path("runs/bench-medical-zh"))
    args = parser.parse_args(argv)
    run, shape = Run.open(args.run), Shape(args.layers, args.width)
    sides = {
        "sampled": Ours(run, shape, full_softmax=0.0),
        "full": Ours(run, shape, full_softmax=1.0),
        "trainer": Theirs(run, shape),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for side in sides.values():
        side.steps(3)
    for _ in range(TURNS):
        for name, side in sides.items():
            taken[name].append(args.steps * ROWS * CONTEXT / side.steps(args.steps))
    rates = {name: statistics.median(values) for name, values in taken.items()}
    rates["ours"] = 1 / (0.75 / rates["sampled"] + 0.25 / rates["full"])  # as a run mixes them
    n_weights = sum(p.numel() for p in sides["trainer"].model.parameters())
    peak = peak_gflops()
    needed = {name: 6 * n_weights * rates[name] / 1e9 for name in ("full", "trainer")}
    result: dict[str, Any] = {
        "machine": describe("torch", "transformers", "accelerate"),
        "threads": torch.get_num_threads(),
        "shape": {"layers": shape.layers, "width": shape.width, "parameters": n_weights},
        "batch": [ROWS, CONTEXT],
        "tokens_per_s": {name: round(rate) for name, rate in rates.items()},
        "ours_to_trainer": round(rates["ours"] / rates["trainer"], 2),
        "ours_with_the_full_softmax_to_trainer": round(rates["full"] / rates["trainer"], 2),
        "sgemm_gflops": round(peak),
        "share_of_sgemm": {name: round(value / peak, 2) for name, value in needed.items()},
        "where_time_goes": {
            "sampled": where_time_goes(sides["sampled"], 10),
            "full": where_time_goes(sides["full"], 10),
        },
    }
    keep("throughput", result)
