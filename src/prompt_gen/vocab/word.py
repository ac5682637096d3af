"""The book's word list: the most frequent words, and characters and bytes for all else.

Words are counted with `rjieba`. Encoding needs no segmenter: each text is cut along its most
probable path through the list (a unigram model, Kudo 2018), by the same rule for what is trained on
and what is typed.
"""

from collections import Counter
from collections.abc import Iterable

import rjieba
from tokenizers import Tokenizer

from prompt_gen.vocab import bytelevel, unigram
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """Special tokens, 256 bytes, then words and characters by frequency up to `size` entries."""
    counts: Counter[str] = Counter()
    pieces = Counter(piece for text in texts for piece in bytelevel.pieces(text))
    for piece, n_times in pieces.items():
        # Words are counted inside the pieces that encoding works on, so that none is out of reach,
        # and characters beside them, so that all can be spelled.
        for entry in (*rjieba.cut(piece, False), *piece):
            counts[entry] += n_times
    n_free = size - len(SPECIAL_TOKENS) - len(bytelevel.ALPHABET)
    chosen: dict[str, int] = {}
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        is_byte = len(word) == 1 and word.isascii()
        if is_byte or n_free > 0:
            chosen[word] = count
            n_free -= not is_byte
    return unigram.assemble(chosen)
