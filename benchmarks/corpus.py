"""The corpus station: speed beside HF `datasets`, memory on a file larger than it, near-duplicates.

    python -m benchmarks corpus [--large 2000]

Speed: the distinct lines of the public Chinese text are read, cleaned and tokenised, on one core
and on two. Both sides use the same cleaning rules and the same tokenizer; the peer is
`load_dataset("text")` and two batched `map`s with as many processes as cores. Ours also hashes,
splits and writes the ledger; with near-duplicates it does more than the peer, which is a row of its
own. Each side works in a process of its own, on as many cores as it is given.

Memory: a made-up text of 2 GB (see benchmarks/vocabulary.py) goes through the station.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.machine import DATA, describe, keep
from benchmarks.vocabulary import real_lines, write_text
from prompt_gen import corpus, shards, vocab
from prompt_gen.config import CorpusConfig, VocabConfig
from prompt_gen.corpus import PARTS
from prompt_gen.run import Run

SIDES = ("prompt-gen", "prompt-gen, near-duplicates too", "datasets")
RULES_ONLY = {"near_duplicates": 0, "privacy": ()}


def ours(where: Path, n_cores: int, **settings: Any) -> int:
    """Read, clean and tokenise; the number of documents."""
    tokenizer = vocab.load(Run(where / "vocabulary"))
    with tempfile.TemporaryDirectory() as name:
        run = Run(Path(name) / "run")
        config = CorpusConfig(workers=n_cores, **settings)
        made = corpus.read([where / "lines.txt"], config, run)
        shards.write(made, tokenizer, run)
        return sum(len(getattr(made, part)) for part in PARTS)


def theirs(where: Path, n_cores: int) -> int:
    """The same with `datasets`."""
    from datasets import load_dataset
    from datasets.utils.logging import disable_progress_bar, set_verbosity_error
    from transformers import PreTrainedTokenizerFast

    from prompt_gen.corpus.clean import RULES, Cleaner

    disable_progress_bar()
    set_verbosity_error()
    path = Run(where / "vocabulary").station("vocab")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(path)
    clean = Cleaner([rule.name for rule in RULES if rule.default], CorpusConfig().max_chars)

    def cleaned(batch: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"text": [text for line in batch["text"] for text in clean(line)[0]]}

    def tokenised(batch: dict[str, list[str]]) -> dict[str, list[list[int]]]:
        return {"ids": tokenizer(batch["text"], return_attention_mask=False)["input_ids"]}

    with tempfile.TemporaryDirectory() as cache:
        lines = load_dataset(
            "text", data_files=str(where / "lines.txt"), cache_dir=cache, split="train"
        )
        n = n_cores if n_cores > 1 else None
        documents = lines.map(cleaned, batched=True, num_proc=n)
        tokens = documents.map(tokenised, batched=True, num_proc=n, remove_columns=["text"])
        return len(tokens)


def work(side: str, where: Path, n_cores: int) -> None:
    """What a process of its own does."""
    os.sched_setaffinity(0, range(n_cores))
    if side == "datasets":
        n = theirs(where, n_cores)
    else:
        n = ours(where, n_cores, **({} if "near" in side else RULES_ONLY))
    print(json.dumps({"documents": n}))


def watched(command: list[str], **env: str) -> dict[str, Any]:
    """Run a command; its seconds, processor seconds, and the peak memory of it and its children."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=os.environ | env, text=True
    )
    root, peak, largest = psutil.Process(process.pid), 0, 0
    while process.poll() is None:
        sizes = []
        try:
            for each in (root, *root.children(recursive=True)):
                sizes.append(each.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
        peak, largest = max(peak, sum(sizes)), max(largest, *sizes)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    out = process.stdout.read() if process.stdout else ""
    return {
        **(json.loads(out.splitlines()[-1]) if out.strip() else {}),
        "wall_s": round(time.perf_counter() - started, 1),
        "peak_memory_mb": round(peak / 2**20),
        "largest_process_mb": round(largest / 2**20),
    }


def speed(where: Path) -> dict[str, Any]:
    """Lines per second of all sides, in turns."""
    lines = list(dict.fromkeys(line.strip() for line in real_lines()))
    (where / "lines.txt").write_text("\n".join(lines) + "\n", "utf-8")
    run = Run(where / "vocabulary")
    vocab.fit(corpus.read([where / "lines.txt"], CorpusConfig(), run), VocabConfig(), run)
    found: dict[str, Any] = {"lines": len(lines)}
    for n_cores in (1, 2):
        for side in SIDES:
            command = [sys.executable, "-m", "benchmarks.corpus", side, str(where), str(n_cores)]
            threads = str(n_cores)
            row = watched(command, RAYON_NUM_THREADS=threads, TOKENIZERS_PARALLELISM="true")
            row["lines_per_s"] = round(len(lines) / row["wall_s"])
            found[f"{side}, {n_cores} core{'s'[: n_cores - 1]}"] = row
    return found


def large(where: Path, megabytes: int) -> dict[str, Any]:
    """A file larger than the memory that is needed for it."""
    path = where / "large.txt"
    n_lines = write_text(path, megabytes * 1_000_000)
    command = [sys.executable, "-m", "prompt_gen", "corpus", str(path), "--out", str(where / "run")]
    row = watched(command)
    return {"bytes": path.stat().st_size, "lines": n_lines, **row}


def medical(where: Path) -> dict[str, Any]:
    """The facts about the public medical text."""
    run = Run(where / "medical")
    command = [sys.executable, "-m", "prompt_gen", "corpus", str(DATA / "medical-zh.txt.gz")]
    row = watched([*command, "--out", str(run.path)])
    facts = corpus.load(run).facts
    names = ("lines", "fates", "documents", "near_duplicates", "rules", "private")
    return {**row, **{name: facts[name] for name in names}}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", type=int, default=2000, help="megabytes; 0: leave it out")
    args = parser.parse_args(argv)
    result: dict[str, Any] = {"machine": describe("datasets", "tokenizers", "transformers")}
    with tempfile.TemporaryDirectory() as name:
        result["medical-zh"] = medical(Path(name))
        result["speed"] = speed(Path(name))
        if args.large:
            result["large"] = large(Path(name), args.large)
    keep("corpus", result)


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
