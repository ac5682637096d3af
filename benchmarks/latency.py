"""Five candidates of up to 24 characters: our engine beside stock `generate`, same weights.

    python -m benchmarks latency RUN [--prefixes 200] [--threads 2]

Both sides answer all prefixes, in blocks by turns, in one process, with the same number of threads.
The peer
writes 14 tokens for each of five sequences, which is what 24 characters take here on average.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from benchmarks.machine import DATA, describe, keep
from prompt_gen import Completer, bundle
from prompt_gen.config import EngineConfig

N, MAX_CHARS, MAX_TOKENS = 5, 24, 14
BLOCK, REST_S = 20, 0.5


def prefixes(n: int) -> list[str]:
    """Beginnings of held-out lines, cut anywhere from the second to the twelfth character."""
    text = (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if len(line) > 12]
    rng = random.Random(0)
    return [line[: rng.randint(2, 12)] for line in rng.sample(lines, n)]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--prefixes", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    made = bundle.load(args.run)
    engine = EngineConfig(threads=args.threads, deadline_ms=60_000)
    completer = Completer.of(made, engine)
    stock = AutoModelForCausalLM.from_pretrained(made.path).eval()
    tokenizer = AutoTokenizer.from_pretrained(made.path)

    def generate(prefix: str, **how: object) -> object:
        ids = tokenizer(prefix, return_tensors="pt")
        with torch.inference_mode():
            out = stock.generate(**ids, max_new_tokens=MAX_TOKENS, num_return_sequences=N, **how)
        return tokenizer.batch_decode(out, skip_special_tokens=True)

    sides: dict[str, Callable[[str], object]] = {
        "prompt-gen": lambda p: completer.complete(p, n=N, max_chars=MAX_CHARS),
        "transformers, 5 samples": lambda p: generate(p, do_sample=True),
        "transformers, 5 beams": lambda p: generate(p, num_beams=N),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    todo = prefixes(args.prefixes)
    for side in sides.values():
        side(todo[0])  # warm-up
    n_candidates, n_passes = 0, completer.model.n_passes
    for prefix in todo:
        n_candidates += len(completer.complete(prefix, n=N, max_chars=MAX_CHARS))
    n_passes = completer.model.n_passes - n_passes
    for start in range(0, len(todo), BLOCK):
        for name, side in sides.items():
            time.sleep(REST_S)  # idle worker threads of the other side spin for a while
            for prefix in todo[start : start + BLOCK]:
                times[name].append(timed(lambda side=side, prefix=prefix: side(prefix)))
    table = {}
    for name, rows in times.items():
        wall, cpu = np.array(rows).T
        table[name] = {
            "p50_ms": round(float(np.percentile(wall, 50)), 2),
            "p95_ms": round(float(np.percentile(wall, 95)), 2),
            "mean_cpu_ms": round(float(cpu.mean()), 2),
        }
    ours = table["prompt-gen"]
    keep(
        "latency",
        {
            "machine": describe("onnxruntime", "torch", "transformers"),
            "shape": made.facts["shape"],
            "threads": args.threads,
            "prefixes": len(todo),
            "candidates_per_prefix": n_candidates / len(todo),
            "passes_per_prefix": n_passes / len(todo),
            "times": table,
            "times_faster": {
                name: {key: round(row[key] / ours[key], 1) for key in ours}
                for name, row in table.items()
                if name != "prompt-gen"
            },
        },
    )
