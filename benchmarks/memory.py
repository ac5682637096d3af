"""The corpus memory: how quickly it is built and asked, and tiny Shakespeare with it.

    python -m benchmarks memory speed [--directory DIR: for the texts, to be used again]
    python -m benchmarks memory shakespeare [--minutes 5]

`speed` builds the memory of 10, 100 and 500 MB of text and asks it behind held-out lines. Each is
built in a process of its own, whose peak of memory is that of nothing else. Beyond the lines of the
public medical text, a line is put together of three clauses of different ones: no 500 MB of one
field are at hand, and what is measured is time and room.

`shakespeare` trains a stock model by characters on the first nine tenths and scores the last one:
the network in windows of its context, of which each character is predicted once, the memory with
the characters before it. A document is the whole text, as a line of a play goes on from the one
before it. Every fortieth piece of 1 000 characters is kept from both while the weights of their
mixture are fitted on it; then the memory is built of all nine tenths.
"""

import argparse
import gzip
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import DATA, describe, keep

MEGABYTES = (10, 100, 500)
CLAUSE = re.compile(r"[^，。；：？！、,;?!]+[，。；：？！、,;?!]*")
HELD_OUT = 500  # every so many-th line
ROWS = (1, 4, 8, 16, 32)  # nodes that are asked about at a time
QUERIES = 400
ORDER, CONTEXT = 7, 128  # of characters: Kneser-Ney's, the network's
SHAKESPEARE = {"layers": 2, "width": 128}
PIECE, FITTED = 1000, 40  # characters; every so many-th piece is fitted on


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("speed", "shakespeare", "shards", "one-size"))
    parser.add_argument("--megabytes", type=int, nargs="+", default=MEGABYTES)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    args = parser.parse_args(argv)
    if args.what == "shards":
        write_shards(args.megabytes[0], args.directory)
    elif args.what == "one-size":
        print(json.dumps(one_size(args.directory)))
    elif args.what == "speed":
        with tempfile.TemporaryDirectory() as name:
            where = args.directory or Path(name)
            sizes = [_in_processes(megabytes, where) for megabytes in args.megabytes]
        keep("memory-speed", {"machine": describe("numpy", "pydivsufsort"), "sizes": sizes})
    else:
        keep("memory-shakespeare", shakespeare(args.minutes))


# -- time ------------------------------------------------------------------------------------------


def _in_processes(megabytes: int, directory: Path) -> dict[str, Any]:
    """The text is made in one process, unless it is there, its memory in another."""
    directory = directory / str(megabytes)
    directory.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.memory"]  # without what others import
    where = ["--directory", str(directory)]
    if not (directory / "validation.weights").exists():
        subprocess.run([*command, "shards", *where, "--megabytes", str(megabytes)], check=True)
    done = subprocess.run(
        [*command, "one-size", *where], stdout=subprocess.PIPE, text=True, check=True
    )
    print(done.stdout, file=sys.stderr)
    return json.loads(done.stdout)


def texts(megabytes: int) -> Iterator[str]:
    """So many MB of lines: those of the public text, then ones of three clauses of different."""
    with gzip.open(DATA / "bench" / "medical-zh.train.txt.gz", "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    clauses = list({clause for line in lines for clause in CLAUSE.findall(line)})
    drawn, left = random.Random(0), megabytes * 1_000_000
    drawn.shuffle(clauses)
    for line in lines:
        left -= len(line.encode()) + 1
        yield line
    while left > 0:
        line = "".join(drawn.choices(clauses, k=3))
        left -= len(line.encode()) + 1
        yield line


def write_shards(megabytes: int, directory: Path) -> None:
    """The shards of such a text, its vocabulary, and its lines that are held out."""
    from prompt_gen.shards.writer import PartWriter
    from prompt_gen.vocab import TOKENIZERS, Tokenizer

    lines = list(dict.fromkeys(texts(megabytes)))
    tokenizer = Tokenizer(TOKENIZERS.load("bpe").fit(lines[:100_000], 8192))
    tokenizer.save(directory)
    held_out = lines[::HELD_OUT]
    del lines[::HELD_OUT]
    (directory / "held-out.txt").write_text("\n".join(held_out), "utf-8")
    for part, documents in (("train", lines), ("validation", held_out)):
        writer = PartWriter(directory, part, tokenizer, 256 << 20)
        for _ in writer.add(documents):
            pass
        writer.finish(np.ones(len(documents), np.float32))


def one_size(directory: Path) -> dict[str, Any]:
    """The memory of the shards in a directory: what it takes, and how quickly it answers."""
    from prompt_gen import memory, shards
    from prompt_gen.config import MemoryConfig
    from prompt_gen.run import Run
    from prompt_gen.vocab.tokenizer import load_tokenizer

    shutil.rmtree(directory / "run", ignore_errors=True)
    tokenizer = load_tokenizer(directory)
    train, held_out = (
        shards.part.open_part(directory, part, tokenizer) for part in ("train", "validation")
    )
    shard_set, before_mb = shards.ShardSet(train, held_out, "benchmark"), _memory_mb("VmRSS")
    started = time.perf_counter(), time.process_time()
    made = memory.write(shard_set, tokenizer, Run(directory / "run"), MemoryConfig(budget=9))
    took = time.perf_counter() - started[0], time.process_time() - started[1]
    assert made
    facts, lines = made.facts, (directory / "held-out.txt").read_text("utf-8").splitlines()
    return {
        "megabytes": round(facts["text_bytes"] / 1e6, 1),
        "tokens": facts["tokens"],
        "build_s": round(took[0], 2),
        "build_cpu_s": round(took[1], 2),
        "peak_memory_mb": round(_memory_mb("VmHWM")),
        "memory_before_mb": round(before_mb),
        "bytes_per_text_byte": round(facts["bytes"] / facts["text_bytes"], 3),
        "query_us_per_node": {str(n): asked(made, held_out, n) for n in ROWS},
        "first_list_ms": first_lists(made, tokenizer, lines),
    }


def asked(made: Any, held_out: Any, n_rows: int) -> dict[str, float]:
    """Microseconds for a node: its match from its parent's, and what may follow."""
    documents = [held_out[i].astype(np.int64) for i in range(len(held_out))]
    documents = [ids for ids in documents if len(ids) > 12]
    drawn, index, found = random.Random(1), made.index, []
    for _ in range(QUERIES):
        rows = np.stack([drawn.choice(documents)[:12] for _ in range(n_rows)])
        start = index.start().take(np.zeros(n_rows, np.int64))
        length = drawn.randrange(2, 11)
        _, matches = index.follow(start, rows[:, :length], np.full(n_rows, length))
        started = time.perf_counter()
        made.estimator.behind(index.extend(matches, rows[:, length]))
        found.append((time.perf_counter() - started) / n_rows * 1e6)
    return {f"p{q}": round(float(np.percentile(found, q)), 1) for q in (50, 99)}


def first_lists(made: Any, tokenizer: Any, lines: list[str]) -> dict[str, float]:
    """Milliseconds to a list from the memory alone, behind random keys of held-out lines."""
    from prompt_gen.config import EngineConfig
    from prompt_gen.engine.covers import Vocabulary
    from prompt_gen.engine.first import first

    vocabulary, config, drawn, found = Vocabulary(tokenizer), EngineConfig(), random.Random(2), []
    for _ in range(QUERIES):
        line = drawn.choice([line for line in lines if len(line) > 1])
        typed = line[: drawn.randrange(1, len(line))]
        started = time.perf_counter()
        first(made.index, vocabulary, typed, config)
        found.append((time.perf_counter() - started) * 1000)
    return {f"p{q}": round(float(np.percentile(found, q)), 2) for q in (50, 95, 99)}


def _memory_mb(name: str) -> float:
    """Resident memory of this process in MiB, now (VmRSS) or at its most (VmHWM).

    Not as `resource` has it: there a process begins with what its parent had.
    """
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


# -- tiny Shakespeare ------------------------------------------------------------------------------


def shakespeare(minutes: float) -> dict[str, Any]:
    import torch

    from benchmarks.shakespeare import by_characters, network_of

    play = (DATA / "shakespeare-en.txt").read_text("utf-8")
    tokenizer = by_characters(sorted(set(play)))
    ids = np.array(tokenizer.encode(play), np.int64)
    n_train = int(0.9 * len(ids))
    pieces = np.split(ids[:n_train], range(PIECE, n_train, PIECE))
    fitted = pieces[FITTED // 2 :: FITTED]
    learned = np.concatenate([p for i, p in enumerate(pieces) if i % FITTED != FITTED // 2])
    started = time.perf_counter()
    part, whole = (remembered(text, tokenizer) for text in (learned, ids[:n_train]))
    memory_s = time.perf_counter() - started
    started = time.perf_counter()
    network = network_of(learned, tokenizer, SHAKESPEARE, CONTEXT, minutes - memory_s / 60)
    network_s = time.perf_counter() - started
    started = time.perf_counter()
    mixture = evidence(part, network, fitted).fit()
    fit_s = time.perf_counter() - started
    on_test = evidence(whole, network, [ids[n_train:]])
    nats = on_test.compared(mixture, evidence(part, None, fitted).fit())
    n = len(on_test.features_TF)
    return {
        "machine": describe("torch", "transformers"),
        "threads": torch.get_num_threads(),
        "shape": SHAKESPEARE,
        "context": CONTEXT,
        "kneser_ney_order": ORDER,
        "seconds": {
            "memory": round(memory_s, 1),
            "network": round(network_s, 1),
            "mixture": round(fit_s, 1),
        },
        "characters": n,
        "nats_per_char": {name: round(total / n, 4) for name, total in nats.items()},
        "goal_nats": 1.47,
    }


def remembered(ids: np.ndarray, tokenizer: Any) -> Any:
    """The memory of one text."""
    from prompt_gen.memory import estimate, sorting

    text = sorting.EndToEnd.of([np.array([tokenizer.bos_id, *ids, tokenizer.eos_id])])
    index = sorting.index_of([text], np.ones(1, np.int64), tokenizer.size)
    return estimate.build(index, tokenizer.size, ORDER)


def evidence(estimator: Any, network: Any, texts: list[np.ndarray]) -> Any:
    """What network and memory say of texts, in windows of the network's context."""
    import torch

    from prompt_gen.memory import mixture
    from prompt_gen.memory.fitting import Evidence
    from prompt_gen.memory.index import MAX_DEPTH

    columns: list[tuple[np.ndarray, ...]] = []
    windows = [
        ids[at - MAX_DEPTH : at + CONTEXT + 1]
        for ids in texts
        for at in range(MAX_DEPTH, len(ids) - CONTEXT, CONTEXT)
    ]
    for some in np.array_split(np.stack(windows), max(1, len(windows) // 16)):
        before = some[:, :-1]
        lengths = np.full(len(some), before.shape[1])
        begin = estimator.index.start().take(np.zeros(len(some), np.int64))
        every, _ = estimator.index.follow(begin, before, lengths)
        rows = np.arange(len(some) * before.shape[1]).reshape(before.shape)[:, MAX_DEPTH:]
        estimated = estimator.behind(every.take(rows.ravel()))
        targets = some[:, MAX_DEPTH + 1 :]
        known = np.zeros(targets.size)
        if network is not None:
            with torch.no_grad():
                logits = network(input_ids=torch.from_numpy(before[:, MAX_DEPTH:])).logits
                logprobs = logits.float().log_softmax(-1).numpy()
            known = np.exp(np.take_along_axis(logprobs, targets[..., None], 2)[..., 0]).ravel()
        counted = estimated.of(targets.ravel(), estimator.unigrams)
        columns.append(
            (
                mixture.features(estimated),
                mixture.there(estimated, network is not None),
                np.stack([known, *counted], axis=1),
            )
        )
    return Evidence(*map(np.concatenate, zip(*columns, strict=True)))


if __name__ == "__main__":
    main(sys.argv[1:])
