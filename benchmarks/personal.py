"""What the personal layer saves a user who writes line after line: with it and without it.

    python -m benchmarks personal [--run runs/bench-medical-zh] [--lines 500] [--every 3]
                                  [--writers NAME ...]

Each writer types lines key by key, a rational user reading five candidates; with the layer, each
line is learned when it is typed. Of so many lines only every third is measured, which takes a third
of the time and learns as much. Both sides see a line in one go, so the machine is the same. The
model is that of the run as a user has it: network and memory.

formulary   prescriptions of one old medical book, in its order: a style that the model has never
            read, and an author who says the same things again (每服三钱, 右为细末, 治...)
treatise    another old medical book, in short sentences that its commentator repeats
criteria    criteria of clinical trials of many authors, shuffled: a style that is in the training
            text, with phrases of a form (签署知情同意书) but no habits of one person
"""

import argparse
import gzip
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.machine import DATA, describe, keep
from prompt_gen import Completer, bundle
from prompt_gen.config import EngineConfig, PersonalConfig
from prompt_gen.engine.personalised import Personalised
from prompt_gen.evaluate import typing
from prompt_gen.evaluate.numbers import Ratio, draws, measured
from prompt_gen.evaluate.typed import Offer, Typed
from prompt_gen.memory.personal import Personal

USER, HUNDRED, RANKS, MIN_RIGHT = "writer", 100, 5, 3
CHARS = range(4, 81)  # of a line that is used


def _book(start: int) -> list[str]:
    """A book of the old ones, from somewhere in it on."""
    with gzip.open(DATA / "medical-classical-zh.txt.gz", "rt", encoding="utf-8") as file:
        return file.read().splitlines()[start:]


def _criteria() -> list[str]:
    rows = (DATA / "criteria-zh" / "test.tsv").read_text("utf-8").splitlines()
    return [row.split("\t")[1].strip() for row in rows]


WRITERS: dict[str, Callable[[], list[str]]] = {
    "formulary": lambda: _book(15_000),
    "treatise": lambda: _book(185_000),
    "criteria": _criteria,
}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, default=Path("runs/bench-medical-zh"))
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--writers", nargs="+", choices=WRITERS, default=list(WRITERS))
    args = parser.parse_args(argv)
    without = Completer.of(bundle.load(args.run), EngineConfig(threads=1, n=RANKS))
    found = {}
    for name in args.writers:
        lines = [line for line in WRITERS[name]() if len(line) in CHARS][: args.lines]
        found[name] = compared(without, lines, args.every)
    facts = {"experts": without.config.experts, "every": args.every}
    keep("personal", {"machine": describe("onnxruntime", "numpy"), **facts, "writers": found})


def compared(without: Completer, lines: list[str], every: int) -> dict[str, object]:
    """Shares of keystrokes saved on both sides, in all and by hundreds of lines that were learned.

    Of each so many lines the last is typed.
    """
    personal = Personal(without.tokenizer, PersonalConfig())
    model = Personalised(without.model, personal, USER)
    sides = {
        "without": without,
        "with": Completer(without.tokenizer, model, without.config, without.temperature),
    }
    offers: dict[str, list[list[Offer]]] = {name: [] for name in sides}
    for i, line in enumerate(lines, 1):
        for name, completer in sides.items():
            if i % every == 0:
                offers[name].append([offered(completer, line[:at]) for at in range(1, len(line))])
        personal.learn(USER, line)
    measured_lines = lines[every - 1 :: every]
    typed = {
        name: Typed(measured_lines, rows, without.config.max_chars, RANKS)
        for name, rows in offers.items()
    }
    saved = {name: typing.rational(side, RANKS, MIN_RIGHT).saved for name, side in typed.items()}
    draws_RN = draws(len(measured_lines), 1000, 0)
    gained = measured(saved["with"](draws_RN) - saved["without"](draws_RN))
    return {
        "lines": len(lines),
        "measured_lines": len(measured_lines),
        "characters": sum(map(len, measured_lines)),
        "saved": {name: share(ratio, 0, len(measured_lines)) for name, ratio in saved.items()},
        "difference": {key: round(value, 4) for key, value in vars(gained).items()},
        "saved_by_hundred": {
            name: [
                share(ratio, at // every, HUNDRED // every) for at in range(0, len(lines), HUNDRED)
            ]
            for name, ratio in saved.items()
        },
        "p50_ms": {name: round(float(np.median(side.ms_P)), 2) for name, side in typed.items()},
    }


def offered(completer: Completer, typed: str) -> Offer:
    started = time.perf_counter()
    found = completer.complete(typed)
    return Offer(tuple(found), (time.perf_counter() - started) * 1000, 0)


def share(ratio: Ratio, start: int, n: int) -> float:
    """A ratio over some lines."""
    here = slice(start, start + n)
    return round(float(ratio.of_N[here].sum() / ratio.by_N[here].sum()), 4)
