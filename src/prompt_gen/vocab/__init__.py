"""Documents to a tokenizer: one file per kind, one row each.

Every kind works on bytes at the bottom, so that any string can be encoded and comes back as it
was; there is no unknown token.
"""

from prompt_gen.choices import Choice, Choices
from prompt_gen.config import VocabConfig
from prompt_gen.corpus import Corpus
from prompt_gen.errors import UsageError
from prompt_gen.run import Event, Run, Watch, fingerprint, silent
from prompt_gen.vocab.tokenizer import BOS, EOS, Tokenizer, load_tokenizer

__all__ = ["BOS", "EOS", "TOKENIZERS", "Tokenizer", "auto_size", "fit", "load", "load_tokenizer"]

VERSION = 1

TOKENIZERS = Choices(
    "vocabulary",
    {
        "bpe": Choice("prompt_gen.vocab.bpe", "byte-level BPE: frequent strings of any length"),
        "word": Choice("prompt_gen.vocab.word", "the book's word list, most probable path", "word"),
        "char": Choice("prompt_gen.vocab.char", "single characters"),
    },
)


def auto_size(n_chars: int) -> int:
    """Entries for a corpus of `n_chars` characters: one per twenty, between 1 024 and 8 192."""
    return max(1024, min(8192, n_chars // 20))


def fit(corpus: Corpus, config: VocabConfig, run: Run, watch: Watch = silent) -> Tokenizer:
    """Fit the tokenizer on the training documents, or load it when nothing has changed."""
    print_ = fingerprint(VERSION, config.model_dump(), corpus.fingerprint)
    if run.fingerprint("vocab") == print_:
        watch(Event("vocab", "skipped"))
        return load(run)
    watch(Event("vocab", "start", facts={"kind": config.kind}))
    size = config.size or auto_size(corpus.train.n_chars)
    tokenizer = Tokenizer(TOKENIZERS.load(config.kind).fit(corpus.train, size))
    facts = {"kind": config.kind, "size": tokenizer.size, "hash": tokenizer.hash}
    with run.write_station("vocab", print_, facts) as staged:
        tokenizer.save(staged)
        entries = [tokenizer.readable(i) for i in range(tokenizer.size)]
        (staged / "vocab.txt").write_text("\n".join(entries) + "\n", "utf-8")
    watch(Event("vocab", "done", facts=facts))
    return tokenizer


def load(run: Run) -> Tokenizer:
    """The tokenizer of a run.

    Raises:
        UsageError: the run has none.
        Damaged: it cannot be read.
    """
    if run.fingerprint("vocab") is None:
        raise UsageError(
            f"'{run.path}' has no vocabulary", f"Make one first: prompt-gen vocab {run.path}"
        )
    return load_tokenizer(run.station("vocab"))
