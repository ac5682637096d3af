"""The book's word list: the most frequent words, and characters and bytes for all else.

Words are counted with `rjieba`. Encoding needs no segmenter: each text is cut along its most
probable path through the list (a unigram model, Kudo 2018), by the same rule for what is trained on
and what is typed.
"""

import math
from collections import Counter
from collections.abc import Iterable

import rjieba
from tokenizers import Tokenizer, models

from prompt_gen.vocab import bytelevel
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
    total = counts.total()
    scores = dict.fromkeys(SPECIAL_TOKENS, 0.0)
    rarest = _score(0.5, total)
    scores |= dict.fromkeys(bytelevel.ALPHABET, rarest)
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        entry = bytelevel.spell(word)
        if (entry in scores and entry not in SPECIAL_TOKENS) or len(scores) < size:
            scores[entry] = _score(count, total)
    return bytelevel.assemble(models.Unigram(list(scores.items())), bytelevel.CLAUSES)


def _score(count: float, total: int) -> float:
    """Log-probability, rounded so that it is the same after being written and read."""
    return round(math.log(count / total), 6)
