"""Training documents to a memory, in seconds, within a budget of room."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.config import MemoryConfig
from prompt_gen.errors import Damaged
from prompt_gen.memory import estimate, fitting, follows, sorting
from prompt_gen.memory.estimate import Estimator
from prompt_gen.memory.index import Index
from prompt_gen.memory.mixture import Mixture
from prompt_gen.run import Event, Run, Watch, fingerprint, silent
from prompt_gen.shards import Part, ShardSet
from prompt_gen.vocab import Tokenizer

VERSION = 1
FACTS = "memory.json"
_GRAM = 3  # tokens that stand elsewhere too, for a document to be worth its room
_TRIES = 4
MAX_LENGTH = 512  # tokens of a held-out document that are looked at


@dataclass(frozen=True)
class Memory:
    """What the training text says of the next token, and where it says it."""

    estimator: Estimator
    alone: Mixture  # Kneser-Ney and the longest match, without a network
    facts: dict[str, Any]

    @property
    def index(self) -> Index:
        """Where every sequence of tokens stands."""
        return self.estimator.index


def write(
    shards: ShardSet, tokenizer: Tokenizer, run: Run, config: MemoryConfig, watch: Watch = silent
) -> Memory | None:
    """The memory of the training part, or what is there when nothing has changed.

    None with a budget of 0.
    """
    if not config.budget:
        run.forget("memory")
        return None
    print_ = fingerprint(VERSION, shards.fingerprint, config.model_dump())
    directory = run.station("memory")
    if run.fingerprint("memory") == print_:
        watch(Event("memory", "skipped"))
        return load(directory)
    watch(Event("memory", "start", facts={"tokens": shards.train.n_tokens}))
    facts: dict[str, Any] = {}
    with run.write_station("memory", print_, facts) as staged:
        facts |= _build(shards, tokenizer, config, staged)
        (staged / FACTS).write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    watch(Event("memory", "done", facts=facts))
    return load(directory)


def load(directory: Path) -> Memory:
    """The memory in a directory.

    Raises:
        Damaged: it cannot be read, or is of another version.
    """
    try:
        facts = json.loads((directory / FACTS).read_text("utf-8"))
        version, alone = facts["version"], Mixture.of(facts["alone"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Damaged(f"'{directory / FACTS}' cannot be read: {error!r}", _AGAIN) from error
    if version != VERSION:
        raise Damaged(f"'{directory}' is of version {version}, this one reads {VERSION}", _AGAIN)
    return Memory(estimate.load(directory), alone, facts)


_AGAIN = "Build it again: prompt-gen memory build DIR --force"


def _build(
    shards: ShardSet, tokenizer: Tokenizer, config: MemoryConfig, directory: Path
) -> dict[str, Any]:
    """Build a memory that fits the budget into a directory; what there is to know of it."""
    part, size = shards.train, tokenizer.size
    n_bytes = _text_bytes(part, tokenizer)
    index = sorting.index_of(part.shards, _lines(part), size)
    whole = made = estimate.build(index, size, config.order)
    held_out = fitting.sample(shards.validation, MAX_LENGTH)
    made.save(directory)
    for _ in range(_TRIES):
        if (room := _room(directory)) <= config.budget * n_bytes:
            break
        n_tokens = int(made.index.n_tokens * config.budget * n_bytes / room * 0.99)
        made = estimate.build(_pruned(whole.index, n_tokens, size), size, config.order)
        made.save(directory)
    evidence = fitting.evidence(made, held_out)
    alone = evidence.fit()
    facts: dict[str, Any] = {
        "version": VERSION,
        "order": config.order,
        "documents": len(made.index.documents),
        "of_documents": len(part),
        "tokens": made.index.n_tokens,
        "bytes": _room(directory),
        "text_bytes": n_bytes,
        "bits_per_char": fitting.bits_per_char(evidence.nats(alone), held_out, tokenizer),
        "alone": alone.as_lists(),
    }
    if made is not whole:
        evidence = fitting.evidence(whole, held_out)
        nats = evidence.nats(evidence.fit())
        facts["unpruned_bits_per_char"] = fitting.bits_per_char(nats, held_out, tokenizer)
    return facts


def _lines(part: Part) -> np.ndarray:
    """How many lines each document stands for: its weight is the root of that, and less where
    near-duplicates share one."""
    return np.maximum(1, np.rint(part.weights.astype(np.float64) ** 2)).astype(np.int64)


def _text_bytes(part: Part, tokenizer: Tokenizer) -> int:
    """Bytes of the documents, each with the end of its line."""
    bytes_V = np.array([len(token) for token in tokenizer.token_bytes])
    bytes_V[[tokenizer.bos_id, tokenizer.eos_id]] = 0, 1
    return int(part.token_counts(tokenizer.size) @ bytes_V)


def _room(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.glob("*.npy"))


def _pruned(found: Index, n_tokens: int, size: int) -> Index:
    """The index of the documents that are worth most: of many lines, then of common pieces."""
    starts_N = found.documents
    lengths_N = np.diff(starts_N, append=found.n_tokens)
    shared_N = np.add.reduceat(follows.repeated(found, _GRAM), starts_N, dtype=np.int64) / lengths_N
    lines_N = found.lines_at(starts_N)
    best = np.lexsort((-shared_N, -lines_N))
    n_kept = max(1, int(np.searchsorted(np.cumsum(lengths_N[best]), n_tokens, "right")))
    is_kept_N = np.zeros(len(starts_N), bool)
    is_kept_N[best[:n_kept]] = True
    tokens = found.text[:-1][np.repeat(is_kept_N, lengths_N)]
    offsets = np.append(0, np.cumsum(lengths_N[is_kept_N]))
    documents = sorting.EndToEnd(tokens, offsets)
    return sorting.index_of([documents], lines_N[is_kept_N], size)
