"""Byte-level byte-pair encoding (Sennrich et al. 2016; bytes as in GPT-2), characters first.

Plain byte-level BPE may learn tokens that begin or end inside a character of several bytes. Here
the first merges put the corpus's characters together, and all later ones join whole characters:
tokens begin and end where characters do, which the caret does too. Characters that are not in the
alphabet fall apart into their bytes.
"""

import json
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from prompt_gen.vocab import bytelevel
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS

MIN_COUNT = 2
COVERAGE = 0.998  # share of the text whose characters are entries; rarer ones fall apart


def fit(texts: Iterable[str], size: int) -> Tokenizer:
    """Merge the most frequent neighbours, seen at least twice, until there are `size` entries."""
    basis = [*SPECIAL_TOKENS, *bytelevel.ALPHABET]
    alphabet = _alphabet(texts, (size - len(basis)) // 2)
    merges = dict.fromkeys(pair for character in alphabet for pair in _assembling(character))
    for left, right in _learn(texts, alphabet, size - len(basis) - len(merges)):
        merges[bytelevel.spell(left), bytelevel.spell(right)] = None
    entries = dict.fromkeys([*basis, *(left + right for left, right in merges)])
    model = models.BPE(vocab={entry: i for i, entry in enumerate(entries)}, merges=list(merges))
    return bytelevel.assemble(model, bytelevel.CLAUSES)


def _alphabet(texts: Iterable[str], n_most: int) -> list[str]:
    """The most frequent characters, until they cover enough of the text."""
    counts = Counter(character for text in texts for character in text)
    alphabet: list[str] = []
    n_missing, n_allowed = counts.total(), (1 - COVERAGE) * counts.total()
    for character, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(alphabet) >= n_most or count < MIN_COUNT or n_missing <= n_allowed:
            break
        alphabet.append(character)
        n_missing -= count
    return alphabet


def _assembling(character: str) -> list[tuple[str, str]]:
    """The merges that put a character's bytes together, from the left."""
    data = bytelevel.spell(character)
    return [(data[:at], data[at]) for at in range(1, len(data))]


def _learn(texts: Iterable[str], alphabet: list[str], n_merges: int) -> list[list[str]]:
    """The merges of plain BPE over whole characters."""
    if n_merges <= 0 or not alphabet:
        return []
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Split(Regex(bytelevel.CLAUSES), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + n_merges,
        min_frequency=MIN_COUNT,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return json.loads(learner.to_str())["model"]["merges"]
