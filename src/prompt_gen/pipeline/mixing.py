"""How far the network and the memory of a run are believed, found on its validation part."""

from pathlib import Path
from typing import Any

from prompt_gen.bundle import Bundle, Mixed
from prompt_gen.engine import remembering
from prompt_gen.engine.runtime import Graph
from prompt_gen.memory import Memory, fitting
from prompt_gen.run import Event, Run, Watch
from prompt_gen.shards import ShardSet


def mixing(
    run: Run, remembered: Memory | None, shards: ShardSet, watch: Watch
) -> tuple[Path | None, Mixed | None]:
    """The directory of a memory, and what finds its weights in a bundle; nothing without one."""
    if remembered is None:
        return None, None

    def mixed(made: Bundle) -> dict[str, Any]:
        network = Graph(made)
        documents = fitting.sample(shards.validation, network.context + 1)
        watch(Event("memory", "mix", facts={"documents": len(documents)}))
        evidence = remembering.learn(remembered, network, documents)
        fitted = evidence.fit()
        bits = {
            name: fitting.bits_per_char(nats, documents, made.tokenizer)
            for name, nats in evidence.compared(fitted, remembered.alone).items()
        }
        watch(Event("memory", "mixed", facts=bits))
        return {"weights": fitted.as_lists(), "bits_per_char": bits}

    return run.station("memory"), mixed
