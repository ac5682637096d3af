"""Documents to a tokenizer: one file per kind, one row each.

Every kind works on bytes at the bottom, so that any string can be encoded and comes back as it
was; there is no unknown token.
"""

from pathlib import Path
from typing import Any

from prompt_gen.choices import Choice, Choices
from prompt_gen.config import VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.errors import Damaged, UsageError, from_os_error
from prompt_gen.run import Event, Run, Watch, fingerprint, silent
from prompt_gen.storage import file_hash
from prompt_gen.vocab import adopt, learning
from prompt_gen.vocab.tokenizer import BOS, EOS, Tokenizer, load_tokenizer

__all__ = ["BOS", "EOS", "TOKENIZERS", "Tokenizer", "fit", "keep", "load", "load_tokenizer"]

VERSION = 2

TOKENIZERS = Choices(
    "vocabulary",
    {
        "bpe": Choice("prompt_gen.vocab.bpe", "byte-level BPE: frequent strings of any length"),
        "unigram": Choice("prompt_gen.vocab.unigram", "the strings that the text would miss most"),
        "wordpiece": Choice("prompt_gen.vocab.wordpiece", "frequent strings, the longest first"),
        "word": Choice("prompt_gen.vocab.word", "the book's word list, most probable path", "word"),
        "char": Choice("prompt_gen.vocab.char", "single characters"),
    },
)


def fit(corpus: Corpus, config: VocabConfig, run: Run, watch: Watch = silent) -> Tokenizer:
    """Fit the tokenizer on the training documents, or load it when nothing has changed.

    With `config.source` it is taken from that file instead.

    Raises:
        NotFound, DataError: the source is not there or cannot be used (see `adopt`).
    """
    print_ = fingerprint(VERSION, _identity(config), corpus.fingerprint)
    if run.fingerprint("vocab") == print_:
        watch(Event("vocab", "skipped"))
        return load(run)
    n_chars = corpus.train.n_chars
    facts: dict[str, Any] = {"kind": config.origin, "chars": n_chars}
    texts = learning.sample(corpus.train, config.sample_chars)
    if config.source is not None:
        watch(Event("vocab", "start", facts=facts))
        tokenizer, remarks = adopt.adopt(Path(config.source), texts)
        for remark in remarks:
            watch(Event("vocab", "note", facts={"warning": remark}))
    else:
        facts |= {"size": config.size or learning.auto_size(n_chars), "auto": config.size is None}
        facts["sampled"] = texts is not corpus.train
        watch(Event("vocab", "start", facts=facts | {"sample_chars": config.sample_chars}))
        tokenizer = Tokenizer(TOKENIZERS.load(config.kind).fit(texts, facts["size"]))
    facts |= {"size": tokenizer.size, "hash": tokenizer.hash}
    keep(tokenizer, run, print_, facts)
    watch(Event("vocab", "done", facts=facts))
    return tokenizer


def keep(tokenizer: Tokenizer, run: Run, print_: str, facts: dict[str, Any]) -> None:
    """Make it the tokenizer of a run."""
    facts = facts | {"size": tokenizer.size, "hash": tokenizer.hash}
    with run.write_station("vocab", print_, facts) as staged:
        tokenizer.save(staged)
        entries = [tokenizer.readable(i) for i in range(tokenizer.size)]
        (staged / "vocab.txt").write_text("\n".join(entries) + "\n", "utf-8")


def _identity(config: VocabConfig) -> dict[str, Any]:
    """What of the settings decides the result: of a source its content, not its name."""
    if config.source is None:
        return config.model_dump(exclude={"source"})
    try:
        hashes = [file_hash(file) for file in adopt.files(Path(config.source))]
        return {"source": "".join(hashes), "sample_chars": config.sample_chars}
    except OSError as error:
        raise from_os_error(error) from error


def load(run: Run) -> Tokenizer:
    """The tokenizer of a run.

    Raises:
        UsageError: the run has none.
        Damaged: it is not what was written.
    """
    if run.fingerprint("vocab") is None:
        raise UsageError(
            f"'{run.path}' has no vocabulary", f"Make one first: prompt-gen vocab {run.path}"
        )
    tokenizer = load_tokenizer(run.station("vocab"))
    if tokenizer.hash != (said := str(run.facts("vocab").get("hash"))):
        raise Damaged(
            f"'{run.station('vocab')}' is damaged: its tokenizer is {tokenizer.hash[:12]}, "
            f"{said[:12]} was written",
            f"Make it again: prompt-gen vocab {run.path} --force",
        )
    return tokenizer
