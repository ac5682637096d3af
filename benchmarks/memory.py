"""The corpus memory: how quickly it is built and asked, and tiny Shakespeare with it.

    python -m benchmarks memory speed
    python -m benchmarks memory shakespeare [--minutes 5]

`speed` builds the memory of 10 MB and of 100 MB of text, each in its own process, and asks it
behind held-out lines. The 100 MB are lines of the public medical text, each made of the start of
one and the end of another: no 100 MB of one field are at hand, and what is measured is time.

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
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import DATA, describe, keep

MEGABYTES = (10, 100)
ROWS = (1, 8, 32)  # nodes that are asked about at a time
QUERIES = 400
ORDER, CONTEXT = 7, 128  # of characters: Kneser-Ney's, the network's
SHAKESPEARE = {"layers": 2, "width": 128}
PIECE, FITTED = 1000, 40  # characters; every so many-th piece is fitted on


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("speed", "shakespeare", "one-size"))
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=5)
    args = parser.parse_args(argv)
    if args.what == "one-size":
        print(json.dumps(one_size(args.megabytes)))
    elif args.what == "speed":
        sizes = [_in_a_process(megabytes) for megabytes in MEGABYTES]
        keep("memory-speed", {"machine": describe("numpy", "pydivsufsort"), "sizes": sizes})
    else:
        keep("memory-shakespeare", shakespeare(args.minutes))


# -- time ------------------------------------------------------------------------------------------


def _in_a_process(megabytes: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", "memory", "one-size"]
    command += ["--megabytes", str(megabytes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    print(done.stdout, file=sys.stderr)
    return json.loads(done.stdout)


def texts(megabytes: int) -> Iterator[str]:
    """So many MB of lines: those of the public text, then ones that are put together of two."""
    with gzip.open(DATA / "bench" / "medical-zh.train.txt.gz", "rt", encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    drawn, left = random.Random(0), megabytes * 1_000_000
    for line in lines:
        left -= len(line.encode()) + 1
        yield line
    while left > 0:
        one, other = drawn.choice(lines), drawn.choice(lines)
        line = one[: len(one) // 2] + other[len(other) // 2 :]
        left -= len(line.encode()) + 1
        yield line


def one_size(megabytes: int) -> dict[str, Any]:
    from prompt_gen import memory, shards
    from prompt_gen.config import MemoryConfig
    from prompt_gen.run import Run
    from prompt_gen.shards.writer import PartWriter
    from prompt_gen.vocab import TOKENIZERS, Tokenizer

    lines = list(dict.fromkeys(texts(megabytes)))
    tokenizer = Tokenizer(TOKENIZERS.load("bpe").fit(lines[:100_000], 8192))
    held_out, lines = lines[::500], [line for i, line in enumerate(lines) if i % 500]
    with tempfile.TemporaryDirectory() as name:
        parts = {}
        for part, documents in (("train", lines), ("validation", held_out)):
            writer = PartWriter(Path(name), part, tokenizer, 256 << 20)
            for _ in writer.add(documents):
                pass
            writer.finish(np.ones(len(documents), np.float32))
            parts[part] = shards.part.open_part(Path(name), part, tokenizer)
        before_mb = _peak_mb()
        shard_set = shards.ShardSet(parts["train"], parts["validation"], "benchmark")
        started = time.perf_counter(), time.process_time()
        made = memory.write(shard_set, tokenizer, Run(Path(name) / "run"), MemoryConfig(budget=9))
        assert made
        took = time.perf_counter() - started[0], time.process_time() - started[1]
        facts = made.facts
        return {
            "megabytes": round(facts["text_bytes"] / 1e6, 1),
            "tokens": facts["tokens"],
            "build_s": round(took[0], 2),
            "build_cpu_s": round(took[1], 2),
            "peak_memory_mb": round(_peak_mb()),
            "memory_before_mb": round(before_mb),
            "bytes_per_text_byte": round(facts["bytes"] / facts["text_bytes"], 3),
            "query_us_per_node": {str(n): asked(made, parts["validation"], n) for n in ROWS},
            "first_list_ms": first_lists(made, tokenizer, held_out),
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


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
    from prompt_gen.memory import estimate, index

    document = np.array([tokenizer.bos_id, *ids, tokenizer.eos_id])
    found = index.build([document], np.ones(1, np.int64), tokenizer.size)
    return estimate.build(found, tokenizer.size, ORDER)


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
