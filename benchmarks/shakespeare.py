"""Tiny Shakespeare by characters, with the tokens of nanoGPT's setting for CPUs: loss and time.

    python -m benchmarks shakespeare [--nanogpt DIR]

The text is cut as nanoGPT cuts it: 90 % for training, the rest for validation, 65 characters,
context 64. Our side is `training.fit` on a stock Qwen3 model, with settings anybody can give; its
vocabulary has the 65 characters and, as always, BOS and EOS. Its times are from the first step to
the end of the call, with its looks at validation text and its checkpoints; `whole_s` has besides
what comes before the first step: making the weights, counting n-grams for comparison. The peers are
GPT-2 with nanoGPT's settings in a loop of our own writing and, from a checkout DIR, nanoGPT's
script itself as another process. Sides take turns. A loss is nats per character over all of the
validation text in windows of 64 tokens, each of them predicted once; beside it is that of random
windows, as nanoGPT measures.
"""

import argparse
import math
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers.models import BPE
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, PreTrainedModel

from benchmarks.machine import DATA, describe, keep
from prompt_gen import model as models
from prompt_gen import training
from prompt_gen.config import ModelConfig, TrainConfig
from prompt_gen.run import Event
from prompt_gen.shards import ShardSet
from prompt_gen.shards.part import Part, Shard
from prompt_gen.training import recipe
from prompt_gen.vocab import TOKENIZERS, Tokenizer, bytelevel
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS

CONTEXT, BATCH, STEPS = 64, 12, 2000  # nanoGPT's: tokens, rows, steps
GOAL_NATS = 1.88  # per character; what nanoGPT publishes for this setting
LOOK_STEPS, LOOK_BATCHES = 250, 20  # nanoGPT's validations
BPE_ENTRIES = 1024
SEEDS = (0, 1, 2)
THREADS = torch.get_num_threads()  # of all sides

# Ours: the shape, and what `prompt-gen train --set` would be given.
SHAPE = models.Shape(2, 128, head_width=32)
FAST = {"matrix_lr": 0.03, "momentum": 0.85}
QUICK = {"batch_tokens": 768, "steps": 200, "n_validations": 1, **FAST}
WHOLE = {"batch_tokens": 768, "steps": STEPS, "n_validations": 4}
COARSE = {"batch_tokens": 768, "steps": 30, "n_validations": 1, **FAST}


# -- text to windows -------------------------------------------------------------------------------


def split(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nine tenths to learn from, and the rest."""
    n_train = int(0.9 * len(ids))
    return ids[:n_train], ids[n_train:]


def part(ids: np.ndarray, context: int = CONTEXT) -> Part:
    """A text as documents of one row each, so that an epoch shows its pieces in random order.

    The first and last token of a document stand where others have BOS and EOS, so they do not
    count as characters.
    """
    offsets = np.arange(0, len(ids) + 1, context)
    n_documents = len(offsets) - 1
    n_chars = n_documents * (context - 2)
    shard = Shard(ids[: offsets[-1]], offsets.astype("<u8"), n_chars, before="", texts="")
    return Part((shard,), np.ones(n_documents, "<f4"))


@torch.no_grad()
def nats(model: PreTrainedModel, starts: np.ndarray, ids: np.ndarray) -> float:
    """Cross-entropy of the windows that begin at `starts`, nats, summed."""
    model.eval()
    total = 0.0
    for some in np.array_split(starts, -(-len(starts) // BATCH)):
        windows = torch.from_numpy(np.stack([ids[i : i + CONTEXT + 1] for i in some]).astype("i8"))
        logits = model(input_ids=windows[:, :-1], use_cache=False).logits
        targets = windows[:, 1:].flatten()
        total += F.cross_entropy(logits.flatten(0, 1), targets, reduction="sum").item()
    model.train()
    return total


def all_windows(ids: np.ndarray) -> np.ndarray:
    """Where windows begin that predict each token once, but for the first and an incomplete end."""
    return np.arange(0, len(ids) - CONTEXT, CONTEXT)


def losses(model: PreTrainedModel, ids: np.ndarray) -> dict[str, float]:
    """Nats per token over all of a text, and over random windows of it, as many."""
    starts = all_windows(ids)
    drawn = np.random.default_rng(0).integers(len(ids) - CONTEXT, size=len(starts))
    n_targets = len(starts) * CONTEXT
    return {
        "nats": round(nats(model, starts, ids) / n_targets, 4),
        "nats_random_windows": round(nats(model, drawn, ids) / n_targets, 4),
    }


# -- our side --------------------------------------------------------------------------------------


def ours(text: str, tokenizer: Tokenizer, seed: int, settings: dict[str, Any]) -> dict[str, Any]:
    """A run of the project's own training, and its best weights read by stock transformers.

    Nats are per character, whatever the tokens are.
    """
    cut = int(0.9 * len(text))
    train, validation = (np.array(tokenizer.encode(t), "<u2") for t in (text[:cut], text[cut:]))
    shards = ShardSet(part(train), part(validation), "shakespeare")
    settings_of_model = ModelConfig(context=CONTEXT)
    start = models.start(settings_of_model, tokenizer, shards.train)
    config = TrainConfig(seed=seed, repeats="once", device="cpu", threads=THREADS, **settings)
    chosen = recipe.choose(config, "cpu", epochs=0.0)
    clocks: list[tuple[float, float]] = []  # wall and processor seconds

    def look_at_clocks(event: Event | None = None) -> None:
        if event is None or event.state == "start":
            clocks.append((time.perf_counter(), time.process_time()))

    with tempfile.TemporaryDirectory() as name:
        look_at_clocks()
        network = models.begin(settings_of_model, SHAPE, tokenizer, shards.train, seed)
        directory = Path(name) / "training"
        training.fit(network, shards, tokenizer, config, chosen, directory, "", look_at_clocks)
        look_at_clocks()
        called, begun, ended = clocks
        best = AutoModelForCausalLM.from_pretrained(directory / "best")
    predicted = validation[1 : len(all_windows(validation)) * CONTEXT + 1]
    n_chars = len(tokenizer.decode(predicted.tolist()))
    found = losses(best, validation)
    return {
        "seed": seed,
        "entries": tokenizer.size,
        "start": start,
        "tokens": config.steps * config.batch_tokens,  # type: ignore[operator]
        **{name: round(nats * len(predicted) / n_chars, 4) for name, nats in found.items()},
        "wall_s": round(ended[0] - begun[0], 2),
        "cpu_s": round(ended[1] - begun[1], 2),
        "whole_s": round(ended[0] - called[0], 2),
    }


def network_of(
    ids: np.ndarray, tokenizer: Tokenizer, shape: dict[str, int], context: int, minutes: float
) -> PreTrainedModel:
    """A stock model trained on a text for some minutes, all that it is looked at with included."""
    network = models.build(
        ModelConfig(context=context), models.Shape(**shape), tokenizer.size, seed=0
    )
    cut = int(0.99 * len(ids))
    shards = ShardSet(part(ids[:cut], context), part(ids[cut:], context), "shakespeare")
    config = TrainConfig(minutes=minutes, repeats="once", device="cpu", threads=THREADS)
    chosen = recipe.choose(config, "cpu", epochs=0.0)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "training"
        training.fit(network, shards, tokenizer, config, chosen, directory, "", _quiet)
        return AutoModelForCausalLM.from_pretrained(directory / "best").eval()


def _quiet(event: Event) -> None:
    """Nobody watches."""


def by_characters(chars: list[str]) -> Tokenizer:
    """A vocabulary of these characters (of one byte each), BOS and EOS, and nothing else."""
    entries = [*SPECIAL_TOKENS, *map(bytelevel.spell, chars)]
    vocabulary = {entry: i for i, entry in enumerate(entries)}
    return Tokenizer(bytelevel.assemble(BPE(vocabulary, []), bytelevel.CHARACTERS))


def by_bpe(text: str) -> Tokenizer:
    """Our own BPE, learned from the lines of the training text."""
    lines = text[: int(0.9 * len(text))].splitlines()
    return Tokenizer(TOKENIZERS.load("bpe").fit(lines, BPE_ENTRIES))


# -- the peers -------------------------------------------------------------------------------------


def peer_rate(step: int) -> float:
    """nanoGPT's learning rate: up for 100 steps to 1e-3, by a cosine down to 1e-4."""
    if step < 100:
        return 1e-3 * (step + 1) / 101
    return 1e-4 + 9e-4 * 0.5 * (1 + math.cos(math.pi * (step - 100) / (STEPS - 100)))


def peer(text: tuple[np.ndarray, np.ndarray], size: int, seed: int) -> dict[str, Any]:
    """A stock GPT-2 of 4 x 128, trained as nanoGPT's setting for CPUs says."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    off = dict.fromkeys(("resid_pdrop", "embd_pdrop", "attn_pdrop"), 0.0)
    shape = {"n_positions": CONTEXT, "n_embd": 128, "n_layer": 4, "n_head": 4}
    network = GPT2LMHeadModel(
        GPT2Config(vocab_size=size, activation_function="gelu", **shape, **off)
    )
    matrices = [p for p in network.parameters() if p.ndim == 2]
    others = [p for p in network.parameters() if p.ndim != 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))

    def draw(ids: np.ndarray) -> np.ndarray:
        return rng.integers(len(ids) - CONTEXT, size=BATCH)

    looks: list[tuple[float, float]] = []  # seconds, nats
    wall, processor = time.perf_counter(), time.process_time()
    for step in range(STEPS + 1):
        if step % LOOK_STEPS == 0:
            n_targets = LOOK_BATCHES * BATCH * CONTEXT
            for ids in text:  # the look at the training text costs nanoGPT its time, too
                total = sum(nats(network, draw(ids), ids) for _ in range(LOOK_BATCHES))
            looks.append((time.perf_counter() - wall, total / n_targets))
        for group in optimizer.param_groups:
            group["lr"] = peer_rate(step)
        starts = draw(text[0])
        windows = np.stack([text[0][i : i + CONTEXT + 1] for i in starts]).astype("i8")
        windows = torch.from_numpy(windows)
        logits = network(input_ids=windows[:, :-1], use_cache=False).logits
        loss = F.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    took = time.perf_counter() - wall, time.process_time() - processor
    return {
        "seed": seed,
        "tokens": STEPS * BATCH * CONTEXT,
        **losses(network, text[1]),
        **to_goal(looks, took[0]),
        "wall_s": round(took[0], 2),
        "cpu_s": round(took[1], 2),
    }


def to_goal(looks: list[tuple[float, float]], whole_s: float) -> dict[str, Any]:
    """Seconds to the first look at or under the goal, else to the end, and which of the two."""
    reached = [seconds for seconds, found in looks if found <= GOAL_NATS]
    return {
        "looks": [{"wall_s": round(s, 2), "nats": round(found, 4)} for s, found in looks],
        "reaches_goal": bool(reached),
        "goal_wall_s": round(min(reached, default=whole_s), 2),
    }


def nanogpt(directory: Path, chars: list[str], text: tuple[np.ndarray, np.ndarray]) -> dict:
    """nanoGPT's script in a process of its own: the losses and times that it prints."""
    shape = {"block_size": CONTEXT, "batch_size": BATCH, "n_layer": 4, "n_head": 4, "n_embd": 128}
    lengths = {"max_iters": STEPS, "lr_decay_iters": STEPS, "eval_iters": LOOK_BATCHES}
    rest = {"device": "cpu", "compile": False, "log_interval": 1, "dropout": 0.0}
    settings = [f"--{name}={value}" for name, value in (shape | lengths | rest).items()]
    with tempfile.TemporaryDirectory() as name:
        # A copy, since the script looks for its other files and for data where it is started.
        copy = shutil.copytree(directory, Path(name) / "nanoGPT")
        data = copy / "data" / "shakespeare_char"
        for ids, file in zip(text, ("train.bin", "val.bin"), strict=True):
            ids.astype("<u2").tofile(data / file)
        ids_of = {char: i for i, char in enumerate(chars)}
        meta = {"vocab_size": len(chars), "stoi": ids_of, "itos": dict(enumerate(chars))}
        (data / "meta.pkl").write_bytes(pickle.dumps(meta))
        command = [sys.executable, "train.py", "config/train_shakespeare_char.py", *settings]
        done = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, text=True, check=True)
    looks, whole_s = read_log(done.stdout)
    return {"tokens": STEPS * BATCH * CONTEXT, "wall_s": round(whole_s, 2)} | to_goal(
        looks, whole_s
    )


def read_log(printed: str) -> tuple[list[tuple[float, float]], float]:
    """Seconds and nats of each look that nanoGPT printed, and the seconds of all iterations.

    An iteration's time holds the look before it, so a look is over when its iteration is, at most.
    """
    times = re.findall(r"^iter \d+: .* time ([\d.]+)ms", printed, re.MULTILINE)
    until = list(accumulate(float(ms) / 1000 for ms in times))
    found = re.findall(r"^step (\d+): .* val loss ([\d.]+)", printed, re.MULTILINE)
    return [(until[int(step)], float(loss)) for step, loss in found], until[-1]


# -- all together ----------------------------------------------------------------------------------


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--nanogpt", type=Path, help="a checkout of nanoGPT")
    args = parser.parse_args(argv)
    whole = (DATA / "shakespeare-en.txt").read_text("utf-8")
    chars = sorted(set(whole))
    text = split(np.searchsorted(np.array(chars), np.array(list(whole))).astype("<u2"))

    of_chars, of_bpe = by_characters(chars), by_bpe(whole)
    turns: list[tuple[str, Callable[[], dict[str, Any]]]] = []
    peers = [("gpt2 with nanoGPT's settings", lambda: peer(text, len(chars), 0))]
    if args.nanogpt:
        directory = args.nanogpt.resolve()
        peers.append(("nanoGPT's script", lambda: nanogpt(directory, chars, text)))
    peers.append(("ours, all tokens", lambda: ours(whole, of_chars, 0, WHOLE)))
    for seed in SEEDS:
        quick = ("ours, to the goal", lambda s=seed: ours(whole, of_chars, s, QUICK))
        turns.append(quick)
        turns += peers[seed : seed + 1]
    turns.append((f"ours, BPE {BPE_ENTRIES}", lambda: ours(whole, of_bpe, 0, COARSE)))

    found: dict[str, list[dict[str, Any]]] = {}
    for name, side in turns:
        found.setdefault(name, []).append(side())
        print(name, found[name][-1], file=sys.stderr)
    quick_s = max(run["wall_s"] for run in found["ours, to the goal"])
    all_tokens = found["ours, all tokens"][0]
    result = {
        "machine": describe("torch", "transformers", "accelerate"),
        "threads": THREADS,
        "settings": {
            "shape": f"{SHAPE.layers} x {SHAPE.width}, heads of {SHAPE.head_width}",
            "quick": QUICK,
            "whole": WHOLE,
            "bpe": COARSE,
        },
        "runs": found,
        "times_faster_to_goal": {
            name: round(runs[0]["goal_wall_s"] / quick_s, 1)
            for name, runs in found.items()
            if "goal_wall_s" in runs[0]
        },
        "reached": {
            "goal": all(run["nats"] <= GOAL_NATS for run in found["ours, to the goal"]),
            "under_1.80": all_tokens["nats"] < 1.80,
        },
    }
    keep("shakespeare", result)
