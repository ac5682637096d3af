"""Five minutes of training on the fixed medical split: bits per character, memory, candidates.

python -m benchmarks quality [--minutes 5] [--out runs/bench-medical]
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import DATA, describe, keep, peak_memory_mb
from prompt_gen.corpus.clean import RULES

PREFIXES = ("高血压要注意", "糖尿病患者可以", "孩子发烧")
LIMIT_BITS, LIMIT_MB = 4.6, 2000
# The held-out lines of the split are not cleaned; what is trained on is like them.
AS_IT_IS = (
    "--set", f"corpus.rules={{{', '.join(f'{rule.name} = false' for rule in RULES)}}}",
    "--set", "corpus.privacy=[]",
)  # fmt: skip


def prompt_gen(*args: str | Path) -> str:
    command = [sys.executable, "-m", "prompt_gen", *map(str, args)]
    return subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--out", type=Path, default=Path("runs/bench-medical-zh"))
    args = parser.parse_args(argv)
    bench = DATA / "bench"
    started = time.perf_counter()
    train = ("train", bench / "medical-zh.train.txt.gz", "--out", args.out, "--force")
    prompt_gen(*train, "--minutes", args.minutes, *AS_IT_IS)
    train_s, train_mb = time.perf_counter() - started, peak_memory_mb()
    held_out = ("--data", bench / "medical-zh.test.txt", "--set", "evaluate.typed=0", "--json")
    report = json.loads(prompt_gen("evaluate", args.out, *held_out))
    candidates = {
        prefix: json.loads(prompt_gen("complete", args.out, prefix, "--json"))["candidates"]
        for prefix in PREFIXES
    }
    for prefix, found in candidates.items():
        texts = [candidate["text"] for candidate in found]
        assert len(set(texts)) == len(texts), texts
        assert all(text.startswith(prefix) for text in texts), texts
    bits_per_char = {
        row["name"]: row["numbers"].get("bits_per_char") for row in report["predictors"]
    }
    bits = bits_per_char["model"]["value"]
    keep(
        "quality-medical-zh",
        {
            "machine": describe("torch", "transformers", "accelerate", "tokenizers"),
            "command": f"prompt-gen train medical-zh.train.txt.gz --minutes {args.minutes:g}",
            "wall_s_whole_command": round(train_s, 1),
            "peak_memory_mb": round(train_mb),
            "lines": report["lines"],
            "bits_per_char": bits_per_char,
            "within_limits": {"bits": bits <= LIMIT_BITS, "memory": train_mb < LIMIT_MB},
            "candidates": {
                prefix: [f"{c['score']:.4f} {c['text']}" for c in found]
                for prefix, found in candidates.items()
            },
        },
    )
