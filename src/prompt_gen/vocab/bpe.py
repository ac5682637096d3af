"""Byte-level byte-pair encoding (Sennrich et al. 2016; bytes as in GPT-2)."""

from collections.abc import Sequence

from tokenizers import Tokenizer, models, trainers

from prompt_gen.vocab import bytelevel
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS


def fit(texts: Sequence[str], size: int) -> Tokenizer:
    """Merge the most frequent neighbours, seen at least twice, until there are `size` entries."""
    tokenizer = bytelevel.assemble(models.BPE(), bytelevel.CLAUSES)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=bytelevel.ALPHABET,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer, length=len(texts))
    return tokenizer
