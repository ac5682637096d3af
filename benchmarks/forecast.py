"""What was foreseen of a training beside what came, on three corpora.

python -m benchmarks forecast [NAME ...] [--minutes 1] [--steps N] [--dry]
"""

import argparse
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import DATA, describe, keep

CORPORA = {
    "medical-zh": DATA / "bench" / "medical-zh.train.txt.gz",
    "poetry-zh": DATA / "poetry-zh.txt",
    "service-en": DATA / "service-en.txt.gz",
}
COMPARED = ("steps", "epochs", "tokens_per_s", "seconds", "memory_mb", "bits_per_char")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(CORPORA)}")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--steps", type=int, help="in place of minutes")
    parser.add_argument("--dry", action="store_true", help="print, and write no result")
    args = parser.parse_args(argv)
    budget = ["--steps", str(args.steps)] if args.steps else ["--minutes", f"{args.minutes:g}"]
    result = {
        "machine": describe("torch", "transformers", "accelerate"),
        "command": f"prompt-gen train CORPUS {' '.join(budget)}",
        "corpora": {name: compared(name, budget) for name in args.names or CORPORA},
    }
    print(json.dumps(result, indent=1)) if args.dry else keep("forecast", result)


def compared(name: str, budget: list[str]) -> dict[str, Any]:
    """Foreseen, found and the error of each number of one run."""
    with TemporaryDirectory() as directory:
        run = Path(directory) / "run"
        quick = ("--set", "evaluate.typed=0", "--set", "evaluate.limit=8")
        command = ("train", CORPORA[name], "--out", run, *budget, *quick)
        found = outcome(run, *map(str, command))
        ahead = json.loads((run / "training" / "forecast.json").read_text("utf-8"))
    bits = ahead["bits_per_char"]
    foreseen = ahead | {"bits_per_char": bits["middle"]}
    late = found.pop("ended_at") - datetime.fromisoformat(ahead["ends_at"])
    return {
        "shape": ahead["shape"],
        "kneser_ney": ahead["references"]["kneser_ney"],
        "bits_range": [bits["low"], bits["high"]],
        "bits_inside_range": bits["low"] <= found["bits_per_char"] <= bits["high"],
        "late_s": round(late.total_seconds(), 1),
        "numbers": {
            key: {
                "foreseen": round(foreseen[key], 3),
                "found": round(found[key], 3),
                "error": round(foreseen[key] / found[key] - 1, 3),
            }
            for key in COMPARED
        },
    }


def outcome(run: Path, *command: str) -> dict[str, Any]:
    """Numbers of one `prompt-gen` process that trains, by the names of the forecast."""
    process = subprocess.Popen([sys.executable, "-m", "prompt_gen", *command], stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)  # the memory of this process alone
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"prompt-gen {' '.join(command)} ended with {process.returncode}")
    facts = json.loads((run / "bundle" / "manifest.json").read_text("utf-8"))["facts"]["training"]
    weights = run / "training" / "best" / "model.safetensors"
    last = max(path.stat().st_mtime for path in (run / "training" / "checkpoints").rglob("*"))
    ended_at = datetime.fromtimestamp(max(last, weights.stat().st_mtime)).astimezone()
    tokens = facts["steps"] * facts["batch_tokens"]
    return {
        "steps": facts["steps"],
        "epochs": facts["epochs"],
        "tokens_per_s": tokens / facts["seconds"],
        "seconds": facts["seconds"],
        "memory_mb": usage.ru_maxrss / 1024,
        "bits_per_char": facts["validation_bits_per_char"],
        "ended_at": ended_at,
    }
