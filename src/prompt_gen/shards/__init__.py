"""Token ids of documents in memory-mapped files, with access to any document."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from prompt_gen.corpus import Corpus
from prompt_gen.errors import UsageError
from prompt_gen.run import Event, Run, Watch, fingerprint, silent
from prompt_gen.shards.part import Part, Shard, open_part
from prompt_gen.shards.sealed import VERSION
from prompt_gen.shards.writer import PartWriter
from prompt_gen.vocab import Tokenizer

__all__ = ["PARTS", "Part", "Shard", "ShardSet", "load", "with_old", "write"]

PARTS = ("train", "validation")
MAX_BYTES = 256 << 20  # of one file


@dataclass(frozen=True)
class ShardSet:
    """The shards of a run and the fingerprint of their making."""

    train: Part
    validation: Part
    fingerprint: str


def write(
    corpus: Corpus,
    tokenizer: Tokenizer,
    run: Run,
    watch: Watch = silent,
    max_bytes: int = MAX_BYTES,
) -> ShardSet:
    """Encode the training and validation documents, or load the shards when nothing has changed.

    When documents came behind those that older shards of the same vocabulary hold, the older files
    are kept as they are and only the new documents are encoded.
    """
    print_ = fingerprint(VERSION, corpus.fingerprint, tokenizer.hash)
    if run.fingerprint("shards") == print_:
        watch(Event("shards", "skipped"))
        return load(run, tokenizer)
    total = len(corpus.train) + len(corpus.validation)
    watch(Event("shards", "start", total=total))
    facts: dict[str, Any] = {"vocab_hash": tokenizer.hash, "kept": 0, "encoded": 0}
    with run.write_station("shards", print_, facts) as staged:
        for part in PARTS:
            documents = getattr(corpus, part)
            writer = PartWriter(staged, part, tokenizer, max_bytes)
            writer.keep(run.station("shards"), documents)
            before = facts["kept"] + facts["encoded"]
            for n_done in writer.add(islice(documents, writer.n_kept, None)):
                watch(Event("shards", "progress", before + n_done, total))
            writer.finish(documents.weights)
            facts["kept"] += writer.n_kept
            facts["encoded"] += writer.n_encoded
            facts[f"{part}_tokens"] = writer.n_tokens
            facts[f"{part}_chars"] = writer.n_chars
    watch(Event("shards", "done", facts=facts))
    return load(run, tokenizer)


def with_old(new: ShardSet, old: ShardSet, share: float) -> ShardSet:
    """New documents, and so much of old ones that `share` of the tokens of an epoch are theirs.

    An epoch shows every new document as it did; the old ones take turns. Of what is held out as
    large a share is old, as far as there is enough.
    """
    by_new = share / (1 - share)
    tokens_new, tokens_old = (float(part.weights @ part.lengths) for part in (new.train, old.train))
    train = _joined(new.train, old.train, by_new * tokens_new / tokens_old)
    few = old.validation.first(round(by_new * new.validation.n_tokens))
    validation = _joined(new.validation, few, 1.0)
    return ShardSet(train, validation, fingerprint(new.fingerprint, old.fingerprint, share))


def _joined(new: Part, old: Part, factor: float) -> Part:
    """Both behind each other; the weights of the old documents are multiplied."""
    weights = np.concatenate([new.weights, factor * old.weights]).astype(np.float32)
    return Part((*new.shards, *old.shards), weights)


def load(run: Run, tokenizer: Tokenizer) -> ShardSet:
    """Map the shards of a run.

    Raises:
        UsageError: the run has none.
        Mismatch: they were made with another vocabulary, or do not belong together.
        Damaged: a file is not what it was.
    """
    print_ = run.fingerprint("shards")
    if print_ is None:
        raise UsageError(
            f"'{run.path}' has no token shards", f"Make them first: prompt-gen tokenize {run.path}"
        )
    train, validation = (open_part(run.station("shards"), part, tokenizer) for part in PARTS)
    return ShardSet(train, validation, print_)
