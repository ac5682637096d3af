"""Peers that complete with the same weights as our engine: one file per peer, one row each.

A peer's module has two names:

    NEEDS                   libraries that it works with, imported inside its functions only
    ways(stock, threads)    its ways to complete, by name, with the model of a stock directory
                            (config.json, model.safetensors, tokenizer.json) in memory

A way is asked with what was typed, for `n` continuations of up to `n_tokens` tokens; each is the
text behind what was typed, up to the end of the document if that comes first. Of a text that is
longer than the model can hold together with what is written, its end is read.
"""

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from prompt_gen.choices import Choice, Choices, missing

Way = Callable[[str, int, int], list[str]]  # typed, n, n_tokens

PEERS = Choices(
    "peer",
    {
        "hf": Choice("prompt_gen.replay.peers.hf", "transformers' generate, float32", "bench"),
        "ct2": Choice("prompt_gen.replay.peers.ct2", "CTranslate2, int8", "bench"),
        "llamacpp": Choice("prompt_gen.replay.peers.llamacpp", "llama.cpp, Q8_0", "llamacpp"),
    },
)


def check(names: Sequence[str]) -> None:
    """Refuse peers that cannot be asked here, before any work is done for others.

    Raises:
        UnknownChoice: no such row.
        MissingExtra: a library is not installed.
    """
    for name in names:
        choice = PEERS[name]
        for library in PEERS.load(name).NEEDS:
            if find_spec(library) is None:
                raise missing(library, f"{PEERS.what} '{name}'", choice.extra)


def context(stock: Path) -> int:
    """Tokens that the model of a stock directory can hold."""
    config = json.loads((stock / "config.json").read_text("utf-8"))
    return config.get("max_position_embeddings") or config["n_positions"]
