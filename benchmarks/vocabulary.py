"""Learning a vocabulary: time and memory beside `tokenizers` with its own splits.

    python -m benchmarks vocabulary [--megabytes 50] [--large 2000]

The text is all of the public Chinese text (medical, classical medical, poetry) and, behind it, as
many made-up lines as fill the size: each is four clauses, and each clause is the beginning of one
real clause and the end of another, both cut at random. Repeating the real lines would add no new
piece, and a learner keeps distinct pieces only. Each side works in a process of its own on the same
lines; the peers are stopped at 6 GB or 240 seconds of processor time. The large text is for us
alone.
"""

import argparse
import gzip
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from benchmarks.machine import DATA, describe, keep
from prompt_gen import vocab
from prompt_gen.config import VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.corpus.documents import Documents, Writer
from prompt_gen.run import Run

SIZE = 8192
PEER_LIMITS = {resource.RLIMIT_CPU: 240, resource.RLIMIT_AS: 6_000_000_000}
PEERS = {
    "tokenizers, Whitespace": pre_tokenizers.Whitespace,
    "tokenizers, WhitespaceSplit": pre_tokenizers.WhitespaceSplit,
}
OURS = "prompt-gen"


def real_lines() -> list[str]:
    names = ("medical-zh.txt.gz", "medical-classical-zh.txt.gz", "poetry-zh.txt")
    files = [(DATA / name).read_bytes() for name in names]
    texts = [gzip.decompress(d) if d.startswith(b"\x1f\x8b") else d for d in files]
    return [line for text in texts for line in text.decode("utf-8").split("\n") if line.strip()]


def made_up(real: list[str]) -> Iterator[str]:
    """Endless lines of clauses put together from halves."""
    rng = np.random.default_rng(0)
    clauses = [c for line in real for c in re.findall(r"[^，。！？；：、]+[，。！？；：、]*", line)]
    cuts = rng.random((2, len(clauses)))
    begins = [c[: int(len(c) * cut)] for c, cut in zip(clauses, cuts[0], strict=True)]
    ends = [c[int(len(c) * cut) :] for c, cut in zip(clauses, cuts[1], strict=True)]
    while True:
        for row in rng.integers(len(clauses), size=(100_000, 8)).tolist():
            a, b, c, d, e, f, g, h = row
            yield "".join(
                (begins[a], ends[b], begins[c], ends[d], begins[e], ends[f], begins[g], ends[h])
            )


def write_text(path: Path, n_bytes: int) -> int:
    """Write lines up to a size; how many there are."""
    real, n_written, n_lines = real_lines(), 0, 0
    with path.open("wb") as file:
        for line in chain(real, made_up(real)):
            n_written += file.write(line.encode() + b"\n")
            n_lines += 1
            if n_written >= n_bytes:
                return n_lines
    raise AssertionError("made-up lines do not end")


def learn(side: str, where: Path) -> None:
    """What a process of its own does."""
    if side == OURS:
        train = Documents(where, "train")
        corpus = Corpus(train, train, train, fingerprint="")
        vocab.fit(corpus, VocabConfig(size=SIZE), Run(where / "run"))
        return
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = PEERS[side]()
    trainer = trainers.BpeTrainer(vocab_size=SIZE, show_progress=False)
    tokenizer.train([str(where / "lines.txt")], trainer)


def measured(side: str, where: Path) -> dict[str, Any]:
    """Wall and processor seconds and peak memory of a side's process."""

    def limit() -> None:
        for what, most in PEER_LIMITS.items():
            resource.setrlimit(what, (most, most))

    command = [sys.executable, "-m", "benchmarks.vocabulary", side, str(where)]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=subprocess.DEVNULL, preexec_fn=None if side == OURS else limit
    )
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    found = {
        "wall_s": round(time.perf_counter() - started, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_memory_mb": round(usage.ru_maxrss / 1024),
    }
    if code:
        reason = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        found["stopped"] = f"{reason} (limits: 240 s of processor time, 6 GB of address space)"
    return found


def prepared(where: Path, megabytes: int) -> dict[str, int]:
    """Write the text as lines and as documents; its size."""
    n_lines = write_text(where / "lines.txt", megabytes * 1_000_000)
    writer = Writer(where, "train")
    with (where / "lines.txt").open(encoding="utf-8", newline="\n") as file:
        for line in file:
            writer.add(line.rstrip("\n"))
    writer.keep("counts", np.ones(n_lines, np.int32))
    writer.keep("groups", np.arange(n_lines, dtype=np.int32))
    writer.close()
    return {"bytes": (where / "lines.txt").stat().st_size, "lines": n_lines}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--large", type=int, default=2000, help="megabytes; 0: leave it out")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        size = prepared(Path(name), args.megabytes)
        sides = {side: measured(side, Path(name)) for side in (OURS, *PEERS)}
    result = {"machine": describe("tokenizers"), "entries": SIZE, "text": size, "sides": sides}
    if args.large:
        with tempfile.TemporaryDirectory() as name:
            large = prepared(Path(name), args.large)
            (Path(name) / "lines.txt").unlink()
            result["large"] = {"text": large, OURS: measured(OURS, Path(name))}
    keep("vocabulary", result)


if __name__ == "__main__":
    learn(sys.argv[1], Path(sys.argv[2]))
