"""The whole table of an evaluation: five minutes of training, 1 000 lines typed, all baselines.

    python -m benchmarks evaluation medical-zh|poetry-zh|service-en [--minutes 5] [--lines 1000]

A run that is there is not trained again. Of the report the numbers are kept, not the texts.
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import DATA, describe, keep
from benchmarks.quality import AS_IT_IS, prompt_gen

_KEPT = ("lines", "made", "engine", "differences", "differences_by_kind", "verdicts")
_PICTURES = ("coverage", "reliability", "latency", "common")


@dataclass(frozen=True)
class TextSet:
    """Public text; without held-out lines of its own the run's test part is used."""

    train: str
    held_out: str = ""
    flags: tuple[str, ...] = ()


SETS = {
    "medical-zh": TextSet("bench/medical-zh.train.txt.gz", "bench/medical-zh.test.txt", AS_IT_IS),
    "poetry-zh": TextSet("poetry-zh.txt"),
    "service-en": TextSet("service-en.txt.gz"),
}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=SETS)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--lines", type=int, default=1000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(argv)
    text, out = SETS[args.name], args.out or Path("runs") / f"bench-{args.name}"
    if not (out / "bundle").is_dir():
        train = ("train", DATA / text.train, "--out", out, "--minutes", args.minutes)
        prompt_gen(*train, *text.flags)
    held_out = ("--data", DATA / text.held_out) if text.held_out else ()
    started = time.perf_counter()
    report = json.loads(
        prompt_gen(
            "evaluate", out, *held_out, "--json", "--report", out / "report.html",
            "--set", f"evaluate.typed={args.lines}",
        )
    )  # fmt: skip
    wall_s = time.perf_counter() - started
    result = {
        "machine": describe("onnxruntime", "sacrebleu", "rouge-score", "tokenizers"),
        "command": f"prompt-gen evaluate RUN --set evaluate.typed={args.lines}",
        "trained": f"{args.minutes:g} minutes",
        "wall_s": round(wall_s, 1),
        **{name: report[name] for name in _KEPT},
        "predictors": [
            {name: part for name, part in row.items() if name not in _PICTURES}
            for row in report["predictors"]
        ],
    }
    if text.held_out:
        result["bits_per_char_by_line"] = _by_line(out, DATA / text.held_out)
    keep(f"evaluation-{args.name}", result)


def _by_line(run: Path, held_out: Path) -> dict[str, dict[str, Any]]:
    """Bits per character of the lines that the fixed split calls seen and unseen."""
    lines = held_out.read_text("utf-8").splitlines()
    flags = held_out.with_suffix(".unseen").read_text().split()
    found = {}
    for flag, name in (("1", "unseen"), ("0", "seen")):
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            wanted = [line for line, own in zip(lines, flags, strict=True) if own == flag]
            file.write("\n".join(wanted) + "\n")
            file.flush()
            report = json.loads(
                prompt_gen(
                    "evaluate", run, "--data", file.name, "--json", "--set", "evaluate.typed=0"
                )
            )
        bits = {row["name"]: row["numbers"].get("bits_per_char") for row in report["predictors"]}
        found[name] = {"lines": len(wanted), **bits}
    return found
