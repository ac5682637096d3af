"""WordPiece (Schuster and Nakajima 2012, as in BERT): from the left, always the longest entry.

The entries are learned as `tokenizers` learns WordPiece, by merging frequent neighbours. Two
things differ from BERT's. Text is spelled in bytes, and all 256 are entries, so that none is
unknown. And entries carry no `##`: where words are not set apart, a mark for "goes on" would only
hold each entry twice; where they are, the space in front marks a word's beginning.
"""

from collections.abc import Iterable

from tokenizers import Tokenizer, models

from prompt_gen.vocab import bytelevel, learning
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS

_MAX_BYTES = 4 * learning.MAX_PIECE  # UTF-8 has at most four a character


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """Special tokens, 256 bytes, frequent characters, then frequent strings: `size` entries."""
    basis = [*SPECIAL_TOKENS, *bytelevel.ALPHABET]
    alphabet = learning.frequent_characters(texts, (size - len(basis)) // 2)
    entries = dict.fromkeys([*basis, *map(bytelevel.spell, alphabet)])
    for left, right in learning.merges(texts, alphabet, size - len(entries)):
        entries[bytelevel.spell(left + right)] = None
    vocab = {entry: i for i, entry in enumerate(entries)}
    # An unknown token that is no entry: to need one would be an error, not a lost character.
    model = models.WordPiece(
        vocab, unk_token="", continuing_subword_prefix="", max_input_chars_per_word=_MAX_BYTES
    )
    # The search for the longest entry takes time with the square of a piece's length.
    return bytelevel.assemble(model, bytelevel.CLAUSES, learning.MAX_PIECE)
