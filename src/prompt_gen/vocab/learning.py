"""What the kinds that learn share: which text they see, its characters, and its frequent strings.

All of it depends on the set of documents alone, never on their order or the number of threads:
counts are whole numbers, ties are broken by the entry itself, a sample is chosen by content.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from prompt_gen.corpus.documents import Documents
from prompt_gen.vocab import bytelevel

MIN_COUNT = 2
COVERAGE = 0.998  # share of the text whose characters are entries; rarer ones fall apart
_STRETCH = 1000  # characters of a document that are sampled together
MAX_PIECE = 16  # characters; longer runs without a border are cut while learning

# Text without signs or spaces would be one piece a line: each seen once, all in memory.
PIECES = pre_tokenizers.Sequence(
    [
        pre_tokenizers.Split(Regex(bytelevel.CLAUSES), "isolated"),
        pre_tokenizers.Split(Regex(rf"[\s\S]{{1,{MAX_PIECE}}}"), "isolated"),
    ]
)


def auto_size(n_chars: int) -> int:
    """Entries for a corpus of `n_chars` characters: one per twenty, between 1 024 and 8 192."""
    return max(1024, min(8192, n_chars // 20))


def sample(documents: Documents, n_chars: int) -> Iterable[str]:
    """All documents, or of more than `n_chars` characters those whose hash is small enough.

    About `n_chars` characters, in memory; the same ones in whatever order the documents come. Of
    long documents each stretch is chosen by itself.
    """
    if documents.n_chars <= n_chars:
        return documents
    parts = (part for text in documents for part in _stretches(text))
    return [part for part in parts if is_sampled(part, n_chars, documents.n_chars)]


def is_sampled(text: str, n_chars: int, of_chars: int) -> bool:
    """Whether a text is in the sample of about `n_chars` of `of_chars` characters, by its hash."""
    return _hash(text) * of_chars < 2**64 * n_chars


def _stretches(text: str) -> list[str]:
    return [text[at : at + _STRETCH] for at in range(0, len(text), _STRETCH)]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest())


def frequent_characters(texts: Iterable[str], n_most: int) -> list[str]:
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


def merges(texts: Iterable[str], alphabet: list[str], n_merges: int) -> list[tuple[str, str]]:
    """The merges of plain BPE over whole characters, most frequent first."""
    if n_merges <= 0 or not alphabet:
        return []
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = PIECES
    trainer = trainers.BpeTrainer(
        vocab_size=len(alphabet) + n_merges,
        min_frequency=MIN_COUNT,
        initial_alphabet=alphabet,
        limit_alphabet=len(alphabet),
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return [(left, right) for left, right in json.loads(learner.to_str())["model"]["merges"]]
