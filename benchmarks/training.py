"""Wall time to quality: how long each way of training takes to reach the book's five minutes.

    python -m benchmarks training [--seconds 300] [--run runs/bench-medical-zh]

The fixed medical split, one process, all cores. The book's loop has words, as its chapter makes
them (at most 50 000, with bytes for what is missing, so that every line has a probability), and
three shapes: its chapter's test shape, one between, and its "small" one, with a context of 128 (a
batch of its 1 024 does not fit into 24 GB). The other peers have our vocabulary and stock GPT-2
classes. Settings are chosen on the dev lines, each after the same short time; what is reported is
of the test lines, one by one, ends included.

A time to quality is that of the shortest run on a ladder of lengths, each with its own whole
schedule, that is at least as good as the book's best after `--seconds`. Counted are the seconds of
the loop on all sides, on ours with its looks at validation lines and checkpoints. What the command
does around its loop (n-grams counted for comparison, the last look, weights written) is given
beside it.
"""

import argparse
import gc
import itertools
import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM, PreTrainedModel

from benchmarks.machine import DATA, describe, keep
from benchmarks.peers import Setting, Stream, book, nanogpt, trainer
from prompt_gen import corpus, model, shards, training, vocab
from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.run import Run, silent
from prompt_gen.training import recipe
from prompt_gen.vocab import Tokenizer

WORDS = 50_000
LADDER_S = (1, 1.5, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300)
BOOK = [
    Setting(layers, width, context, 8, lr, dropout=0.1)
    for layers, width, context in ((1, 128, 64), (6, 256, 128), (12, 768, 128))
    for lr in (1.5e-4, 1e-3, 5e-3)
]
PEERS = [
    Setting(layers, 128, context, rows, lr)
    for layers, context, rows in ((1, 64, 8), (2, 64, 8), (2, 128, 8))
    for lr in (2e-3, 5e-3, 1e-2)
]


class Text:
    """One vocabulary's view of the text: a stream to train on, lines to be measured on."""

    def __init__(self, documents: list[str], tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        ids = [
            [tokenizer.bos_id, *line, tokenizer.eos_id]
            for line in tokenizer.encode_batch(documents)
        ]
        order = np.random.default_rng(0).permutation(len(ids))
        self.stream: Stream = np.fromiter(
            itertools.chain.from_iterable(ids[i] for i in order), np.int32
        )

    @torch.no_grad()
    def bits(self, network: PreTrainedModel, lines: Sequence[str]) -> float:
        """Bits per character of lines, each from BOS on, ends included; longer ones in pieces."""
        network.eval()
        bos, eos = self.tokenizer.bos_id, self.tokenizer.eos_id
        context, pieces = network.config.max_position_embeddings, []
        for line in self.tokenizer.encode_batch(list(lines)):
            ids = np.array([bos, *line, eos])
            pieces += [ids[at : at + context + 1] for at in range(0, len(ids) - 1, context)]
        pieces.sort(key=len)
        nats = 0.0
        for start in range(0, len(pieces), 16):
            batch = [torch.from_numpy(piece) for piece in pieces[start : start + 16]]
            padded = torch.nn.utils.rnn.pad_sequence(batch, batch_first=True, padding_value=-100)
            logits = network(input_ids=padded[:, :-1].clamp(min=0)).logits.flatten(0, 1)
            nats += F.cross_entropy(logits, padded[:, 1:].flatten(), reduction="sum").item()
        return nats / math.log(2) / sum(len(line) + 1 for line in lines)


Trained = tuple[float, dict[str, Any]]  # bits per character, and what was done


def peer(
    module: ModuleType, text: Text, setting: Setting, seconds: float, lines: list[str]
) -> Trained:
    torch.manual_seed(0)
    network = setting.model(text.tokenizer.size)
    done = module.train(network, text.stream, setting, seconds)
    bits = text.bits(network, lines)
    del network
    gc.collect()
    print(
        f"{module.__name__} {setting.name}: {done.seconds:.1f} s, {done.steps} steps: {bits:.3f}",
        flush=True,
    )
    return bits, {"bits_per_char": round(bits, 4), **asdict(done)}


def ours(run: Run, text: Text, seconds: float, lines: list[str]) -> Trained:
    """The command's own training of a fresh model, and the bits of what it keeps."""
    config = TrainConfig(minutes=seconds / 60, threads=torch.get_num_threads())
    shard_set = shards.load(run, text.tokenizer)
    shape = model.choose_shape(ModelConfig(), config, "cpu", shard_set.train.n_tokens)
    network = model.begin(ModelConfig(), shape, text.tokenizer, shard_set.train, config.seed)
    with tempfile.TemporaryDirectory() as spare:
        directory = Path(spare) / "training"
        started = time.perf_counter()
        chosen = recipe.choose(config, "cpu", epochs=0.0)
        trained = training.fit(
            network, shard_set, text.tokenizer, config, chosen, directory, "", silent
        )
        took = time.perf_counter() - started
        kept = AutoModelForCausalLM.from_pretrained(trained.directory)
    bits = text.bits(kept, lines)
    facts = {name: trained.facts[name] for name in ("steps", "seconds")}
    facts |= {"seconds_with_counting_and_closing": round(took, 2), "planned_s": seconds}
    print(f"prompt-gen: {facts['seconds']:.1f} s, {facts['steps']} steps: {bits:.3f}", flush=True)
    return bits, {"bits_per_char": round(bits, 4), **facts}


def best_setting(
    module: ModuleType, text: Text, settings: list[Setting], seconds: float, dev: list[str]
) -> tuple[Setting, list[dict[str, Any]]]:
    """The best setting after a short time on the dev lines, and all that were tried."""
    tried = [(peer(module, text, setting, seconds, dev)[0], setting) for setting in settings]
    tried.sort(key=lambda pair: pair[0])
    table = [{"setting": s.name, "dev_bits_per_char": round(bits, 3)} for bits, s in tried]
    return tried[0][1], table


def shortest(train: Callable[[float], Trained], target: float, longest: float) -> dict[str, Any]:
    """The first run on the ladder that is at least as good as the target, and those before it."""
    tried = []
    for seconds in LADDER_S:
        if seconds > longest:
            break
        bits, facts = train(seconds)
        tried.append(facts)
        if bits <= target:
            return {"reached_s": facts["seconds"], "runs": tried}
    return {"reached_s": None, "runs": tried}


def words(run: Run) -> Tokenizer:
    """The book's vocabulary: the most frequent words of the training text."""
    part = vocab.TOKENIZERS.load("word")
    return Tokenizer(part.fit(list(corpus.load(run).train), WORDS))


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--run", type=Path, default=Path("runs/bench-medical-zh"))
    args = parser.parse_args(argv)
    run = Run.open(args.run)
    documents = list(corpus.load(run).train)
    lines = {
        part: (DATA / "bench" / f"medical-zh.{part}.txt").read_text("utf-8").split("\n")[:-1]
        for part in ("dev", "test")
    }
    ours_text, book_text = Text(documents, vocab.load(run)), Text(documents, words(run))

    chosen, book_tried = best_setting(book, book_text, BOOK, args.seconds / 20, lines["dev"])
    target, book_best = peer(book, book_text, chosen, args.seconds, lines["test"])
    found = shortest(lambda s: ours(run, ours_text, s, lines["test"]), target, args.seconds)
    result: dict[str, Any] = {
        "machine": describe("torch", "transformers", "accelerate"),
        "threads": torch.get_num_threads(),
        "target_bits_per_char": round(target, 4),
        "book": {
            "setting": chosen.name,
            "best": book_best,
            "tried": book_tried,
        },
        "prompt-gen": found,
    }
    for module in (trainer, nanogpt):
        setting, tried = best_setting(module, ours_text, PEERS, args.seconds / 30, lines["dev"])
        reached = shortest(
            lambda s, m=module, chosen=setting: peer(m, ours_text, chosen, s, lines["test"]),
            target,
            args.seconds,
        )
        name = module.__name__.rpartition(".")[2]
        result[name] = {"setting": setting.name, **reached, "tried": tried}
    mine = found["reached_s"]
    others = [result[name]["reached_s"] or math.inf for name in ("trainer", "nanogpt")]
    result["times_less_than_the_book"] = round(book_best["seconds"] / mine, 1)
    result["times_less_than_the_best_peer"] = round(min(others) / mine, 1)
    keep("training", json.loads(json.dumps(result)))
