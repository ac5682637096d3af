"""Typing replayed key by key: the engine beside others that have the same weights.

    python -m benchmarks replay RUN [--against hf,ct2,llamacpp] [--lines 300] [--threads 1]

What `prompt-gen bench` shows, on the lines of the fixed medical split, as a result file. The peers
write 24 tokens for each of five continuations; both sides' lists are cut alike.
"""

import argparse
import random
import tempfile
from pathlib import Path

from benchmarks.machine import DATA, describe, keep
from prompt_gen import pipeline
from prompt_gen.cli import show
from prompt_gen.cli.watcher import Watcher
from prompt_gen.settings import resolve

SEED = 1


def some_lines(n: int) -> str:
    text = (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if len(line) > 3]
    return "\n".join(random.Random(SEED).sample(lines, min(n, len(lines)))) + "\n"


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--against", default="hf,ct2,llamacpp")
    parser.add_argument("--lines", type=int, default=300)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    settings = resolve(
        (), {"engine": {"threads": args.threads}, "evaluate": {"typed": args.lines}}, None
    )
    with tempfile.TemporaryDirectory() as directory, Watcher() as watch:
        data = Path(directory) / "lines.txt"
        data.write_text(some_lines(args.lines), "utf-8")
        found = pipeline.bench(args.run, args.against.split(","), settings, watch, data=data)
    show.bench(found)
    libraries = {"hf": "transformers", "ct2": "ctranslate2", "llamacpp": "llama_cpp_python"}
    peers = [libraries[name] for name in args.against.split(",")]
    keep("replay", {"machine": describe("onnxruntime", *peers), **found})
