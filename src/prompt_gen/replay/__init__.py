"""Typing replayed: our engine and peers with the same weights, key by key, by turns."""

import os
import random
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.errors import BadText
from prompt_gen.replay.sides import OfPeer, Ours, Source
from prompt_gen.replay.table import table
from prompt_gen.replay.turns import Process, take_turns
from prompt_gen.run import Event, Watch, silent

__all__ = ["replay"]

FEWEST_TOKENS = 24  # that a peer writes; more where lists may be longer


def replay(
    made: Bundle,
    against: Sequence[str],
    lines: Sequence[str],
    engine: EngineConfig,
    config: EvaluateConfig,
    watch: Watch = silent,
) -> dict[str, Any]:
    """The table of our engine and all ways of peers, over `config.typed` of the lines.

    `against` names rows of PEERS that have been checked: see `peers.check`.

    Raises:
        BadText: no line to type.
        PromptGenError: a process was ended from outside.
    """
    chosen = _chosen(lines, config)
    threads = engine.threads or min(2, os.cpu_count() or 1)  # the same for all
    engine = engine.model_copy(update={"threads": threads})
    n_tokens = max(FEWEST_TOKENS, engine.max_chars)
    sources: list[Source] = [
        Ours(made.path, engine),
        *(OfPeer(name, made.path, engine, n_tokens) for name in against),
    ]
    facts = {"lines": len(chosen), "keys": sum(len(line) - 1 for line in chosen)}
    watch(Event("bench", "start", facts=facts))
    with ExitStack() as stack:
        processes = [stack.enter_context(Process(each, threads)) for each in sources]
        players = [player for each in processes for player in each.players(chosen[0])]
        found = take_turns(players, chosen, engine.n, watch)
    made_of = {"threads": threads, "n": engine.n, "max_chars": engine.max_chars,
               "peer_tokens": n_tokens, "shape": made.facts.get("shape")}  # fmt: skip
    return facts | made_of | table(chosen, found, engine.max_chars, engine.n, config)


def _chosen(lines: Sequence[str], config: EvaluateConfig) -> list[str]:
    """Lines that can be typed, cut where evaluations cut them; by the seed where not all."""
    cut = [line.strip()[: config.max_typed_chars] for line in lines]
    typable = [line for line in cut if len(line) > 1]
    if not typable or not config.typed:
        raise BadText("there is no line to type", "Give a file with --data, and --lines above 0")
    if len(typable) <= config.typed:
        return typable
    return random.Random(config.seed).sample(typable, config.typed)
