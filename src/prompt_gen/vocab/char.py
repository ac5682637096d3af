"""Single characters: the most frequent ones whole, all others by their bytes."""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer, models

from prompt_gen.vocab import bytelevel
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """The `size` entries are the special tokens, 256 bytes and the most frequent characters."""
    counts = Counter(character for text in texts for character in text)
    entries = [*SPECIAL_TOKENS, *bytelevel.ALPHABET]
    known = set(entries)
    for character, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        entry = bytelevel.spell(character)
        if len(entries) < size and entry not in known:
            entries.append(entry)
            known.add(entry)
    vocab = {entry: i for i, entry in enumerate(entries)}
    # Without merges a piece (one character) is found whole or falls apart into its bytes.
    model = models.BPE(vocab=vocab, merges=[], ignore_merges=True)
    return bytelevel.assemble(model, bytelevel.CHARACTERS)
