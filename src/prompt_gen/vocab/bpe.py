"""Byte-level byte-pair encoding (Sennrich et al. 2016; bytes as in GPT-2), characters first.

Plain byte-level BPE may learn tokens that begin or end inside a character of several bytes. Here
the first merges put the corpus's characters together, and all later ones join whole characters:
tokens begin and end where characters do, which the caret does too. Characters that are not in the
alphabet fall apart into their bytes.
"""

from collections.abc import Iterable

from tokenizers import Tokenizer, models

from prompt_gen.vocab import bytelevel, learning
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """Merge the most frequent neighbours, seen at least twice, until there are `size` entries."""
    basis = [*SPECIAL_TOKENS, *bytelevel.ALPHABET]
    alphabet = learning.frequent_characters(texts, (size - len(basis)) // 2)
    merges = dict.fromkeys(pair for character in alphabet for pair in _assembling(character))
    for left, right in learning.merges(texts, alphabet, size - len(basis) - len(merges)):
        merges[bytelevel.spell(left), bytelevel.spell(right)] = None
    entries = dict.fromkeys([*basis, *(left + right for left, right in merges)])
    model = models.BPE(vocab={entry: i for i, entry in enumerate(entries)}, merges=list(merges))
    return bytelevel.assemble(model, bytelevel.CLAUSES)


def _assembling(character: str) -> list[tuple[str, str]]:
    """The merges that put a character's bytes together, from the left."""
    data = bytelevel.spell(character)
    return [(data[:at], data[at]) for at in range(1, len(data))]
