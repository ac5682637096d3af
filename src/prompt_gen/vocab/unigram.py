"""Unigram (Kudo 2018): each text is cut along its most probable path through the list of entries.

Learned by counting along the best paths (hard EM) from an over-full list of frequent strings, which
loses in each round the entries that the text misses least. `tokenizers` has a trainer of its own,
but its sums of fractions depend on the order of addition: two runs on the same text give two
files. Counts of whole tokens do not. The paths are found by `tokenizers`.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, islice

from tokenizers import Tokenizer, models

from prompt_gen.vocab import bytelevel, learning
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS

_OVERFULL = (1.6, 1.25, 1.0)  # entries after each round of dropping, times those wanted
_SEEDS = 2.0  # entries to begin with, times those wanted
_BATCH = 1000  # texts that are cut at a time
_UNSEEN = 0.5  # count of an entry that is on no best path


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """The special tokens, 256 bytes, and the characters and strings that are missed most."""
    n_wanted = size - len(SPECIAL_TOKENS) - len(bytelevel.ALPHABET)
    alphabet = learning.frequent_characters(texts, n_wanted // 2)
    n_wanted += sum(character.isascii() for character in alphabet)  # are bytes already
    joined = learning.merges(texts, alphabet, int(n_wanted * _SEEDS) - len(alphabet))
    counts = weigh([*alphabet, *(left + right for left, right in joined)], texts)
    for share in _OVERFULL:
        counts = _count(_scores(_most_missed(counts, int(n_wanted * share))), texts)
    return assemble(counts)


def weigh(entries: Iterable[str], texts: Iterable[str]) -> dict[str, int]:
    """How often each entry is on the best paths: those of fewest entries, then most probable."""
    fewest = _count(dict.fromkeys(entries, -1.0), texts)
    return _count(_scores(fewest), texts)


def assemble(counts: Mapping[str, int]) -> Tokenizer:
    """A tokenizer of the special tokens, 256 bytes, and these entries in this order."""
    scores = _scores(counts)
    rarest = min(scores.values(), default=0.0)
    spelled = dict.fromkeys(SPECIAL_TOKENS, 0.0) | dict.fromkeys(bytelevel.ALPHABET, rarest)
    spelled |= {bytelevel.spell(entry): score for entry, score in scores.items()}
    return bytelevel.assemble(models.Unigram(list(spelled.items())), bytelevel.CLAUSES)


def _scores(counts: Mapping[str, int]) -> dict[str, float]:
    """Log-probabilities, rounded so that they are the same after being written and read."""
    total = sum(counts.values()) + 1
    return {e: round(math.log(max(n, _UNSEEN) / total), 6) for e, n in counts.items()}


def _count(scores: Mapping[str, float], texts: Iterable[str]) -> dict[str, int]:
    """How often each entry is on the texts' best paths."""
    cutter = Tokenizer(models.Unigram([("", 0.0), *scores.items()], unk_id=0))
    cutter.pre_tokenizer = learning.PIECES
    n_times = Counter[int]()
    waiting = iter(texts)
    while batch := list(islice(waiting, _BATCH)):
        found = cutter.encode_batch_fast(batch)
        n_times.update(chain.from_iterable(encoding.ids for encoding in found))
    return {entry: n_times[i] for i, entry in enumerate(scores, 1)}


def _most_missed(counts: Mapping[str, int], n: int) -> dict[str, int]:
    """All single characters, and the longer entries without which the text costs most, n in all."""
    scores = _scores(counts)
    losses = {
        entry: count * (scores[entry] - _without(entry, scores))
        for entry, count in counts.items()
        if len(entry) > 1
    }
    ranked = sorted(losses, key=lambda entry: (-losses[entry], entry))
    kept = set(ranked[: max(0, n - (len(counts) - len(losses)))])
    return {e: count for e, count in counts.items() if e not in losses or e in kept}


def _without(entry: str, scores: Mapping[str, float]) -> float:
    """Score of the entry's best path through the other entries."""
    best = [0.0] + [-math.inf] * len(entry)
    for end in range(1, len(entry) + 1):
        for start in range(end):
            if end - start < len(entry) and (score := scores.get(entry[start:end])) is not None:
                best[end] = max(best[end], best[start] + score)
    return best[-1]
