"""Which documents are the same, and which are nearly so.

The same are those with one normal form; the most frequent spelling stands for all of them. Nearly
the same are those whose sets of 3-character pieces (letters and digits of the normal form) have a
Jaccard similarity of at least a threshold. They are found by MinHash signatures cut into bands
(Broder 1997; Leskovec et al., Mining of Massive Datasets, 3.4): two documents that share a band are
compared exactly.

Nothing here depends on the order of the documents, but for their numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Set
from itertools import islice
from pathlib import Path

import numpy as np

from prompt_gen.corpus.spool import Spool, read_pieces
from prompt_gen.text import normal_form

N_BANDS, N_ROWS = 12, 5  # a pair of similarity 0.8 meets with probability 1 - (1 - 0.8^5)^12 = 0.99
PIECE_CHARS = 3
_PARTITION = 1 << 20  # records sorted at a time
_BATCH_TEXTS = 2048
_BATCH_PAIRS = 1 << 20
_MOST_BUCKETS = 1 << 25
_MIX = np.uint64(0x9E3779B97F4A7C15)
_RANDOM = np.random.default_rng(1).integers(1, 1 << 63, (2, N_BANDS * N_ROWS), np.uint64)
_BAND = np.dtype(np.uint64)
_A, _B = _RANDOM[0] | np.uint64(1), _RANDOM[1]

Map = Callable[[Callable, Iterable], Iterator]  # applies a function to items, in their order


def exact(spool: Spool) -> tuple[np.ndarray, np.ndarray]:
    """For each document the number of the one that stands for it, and how many each stands for.

    Keys are 64 bits: among 20 million different lines the chance that any two meet is 1 in 90 000.

    Returns:
        uint32 numbers and int32 counts, by document; the count of one that stands for none is 0.
    """
    n = spool.n_documents
    first, counts = np.empty(n, np.uint32), np.zeros(n, np.int32)
    for numbers, records in _partitions(spool):
        key, surface = records["key"], records["surface"]
        order = np.lexsort((numbers, surface, key))
        numbers, key, surface = numbers[order], key[order], surface[order]
        begins_key = _changes(key)
        begins = np.flatnonzero(begins_key | _changes(surface))
        sizes = np.diff(np.append(begins, len(key)))
        best = np.lexsort((surface[begins], -sizes, key[begins]))  # spellings, best first
        begins_best = best[_changes(key[begins][best])]  # the best of each key
        totals = np.diff(np.append(np.flatnonzero(begins_key), len(key)))
        chosen = numbers[begins[begins_best]]
        first[numbers] = np.repeat(chosen, totals)
        counts[chosen] = totals
    return first, counts


def _partitions(spool: Spool) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All documents' numbers and records, those with equal keys together, in bounded pieces."""
    n = max(1, -(-spool.n_documents // _PARTITION))
    for part in range(n):
        numbers, records, start = [], [], 0
        for piece in spool.documents():
            here = np.flatnonzero(piece["key"] % np.uint64(n) == part)
            numbers.append((here + start).astype(np.uint32))
            records.append(piece[here][["key", "surface"]])
            start += len(piece)
        if numbers:
            yield np.concatenate(numbers), np.concatenate(records)


def _changes(values: np.ndarray) -> np.ndarray:
    """True where a value differs from the one before it."""
    found = np.ones(len(values), bool)
    found[1:] = values[1:] != values[:-1]
    return found


def near(
    spool: Spool, threshold: float, map_: Map, tell: Callable[[int], None]
) -> Iterator[np.ndarray]:
    """Pairs of nearly equal documents; enough of them to connect all that is similar.

    Args:
        spool: different documents.
        threshold: least similarity, above 0.
        map_: applies a function to many items, perhaps in other processes.
        tell: is called with the number of texts looked at.

    Yields:
        int64 [pairs, 2]: numbers of documents.
    """
    bands = [spool.directory / f"band-{band}" for band in range(N_BANDS)]
    files = [path.open("wb") for path in bands]
    n_done = 0
    for signatures in map_(sketch, _batches(spool.texts())):
        for file, column in zip(files, signatures.T, strict=True):
            file.write(np.ascontiguousarray(column).data)
        n_done += len(signatures)
        tell(n_done)
    compared = np.empty(0, np.int64)
    for path, file in zip(bands, files, strict=True):
        file.close()
        candidates = np.setdiff1d(_meetings(path, spool), compared, assume_unique=True)
        compared = np.union1d(compared, candidates)
        yield _verified(spool, candidates, threshold)
        path.unlink()


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(texts, _BATCH_TEXTS)):
        yield batch


def pieces(text: str) -> set[str]:
    """The pieces whose sets are compared; a text without any is like no other."""
    letters = _letters(text)
    return {letters[at : at + PIECE_CHARS] for at in range(len(letters) - PIECE_CHARS + 1)}


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, normal_form(text)))


def similarity(one: Set[str], other: Set[str]) -> float:
    """Jaccard similarity of two texts' pieces, from 0 to 1."""
    n_both = len(one & other)
    return n_both / (len(one) + len(other) - n_both) if n_both else 0.0


def sketch(texts: list[str]) -> np.ndarray:
    """MinHash signatures, each band hashed into one number: uint64 [texts, N_BANDS].

    Two texts have a band in common with probability s^N_ROWS, s being their similarity.
    """
    letters = list(map(_letters, texts))
    codes = np.frombuffer("".join(letters).encode("utf-32-le"), "<u4").astype(np.uint64)
    lengths = np.fromiter(map(len, letters), np.int64, len(letters))
    n_pieces = np.maximum(lengths - PIECE_CHARS + 1, 0)
    starts = np.cumsum(lengths) - lengths
    has_any = np.flatnonzero(n_pieces)
    found = np.zeros((len(texts), N_BANDS), np.uint64)  # 0: has no piece, meets no other
    if len(has_any) == 0:
        return found
    counts = n_pieces[has_any]
    borders = np.cumsum(counts) - counts
    places = np.repeat(starts[has_any] - borders, counts) + np.arange(counts.sum())
    hashes = codes[places]
    for step in range(1, PIECE_CHARS):
        hashes = hashes * _MIX + codes[places + step]
    hashes = _scramble(hashes)
    bands = np.zeros((len(has_any), N_BANDS), np.uint64)
    permuted = np.empty_like(hashes)
    for k in range(N_BANDS * N_ROWS):
        np.add(np.multiply(hashes, _A[k], out=permuted), _B[k], out=permuted)
        least = np.minimum.reduceat(permuted, borders)
        band = bands[:, k // N_ROWS]
        bands[:, k // N_ROWS] = _scramble(band * _MIX + least)
    found[has_any] = bands
    return found


def _scramble(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele et al. 2014): every bit depends on every other."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _meetings(path: Path, spool: Spool) -> np.ndarray:
    """Pairs of documents that share a band: each with the next one, and with the first that has it.

    A pair is one number, document * 2^32 + document, in ascending order.
    """
    last_bits = np.uint64(min(_MOST_BUCKETS, 1 << (4 * spool.n_documents).bit_length()) - 1)
    is_shared = _shared(path, last_bits)
    n_partitions = 1 + spool.n_documents // (2 * _PARTITION)
    found = [np.empty(0, np.int64)]
    for partition in range(n_partitions):
        columns, start = [np.empty((3, 0), np.uint64)], 0
        for bands, documents in zip(read_pieces(path, _BAND), spool.documents(), strict=True):
            wanted = is_shared[bands & last_bits] & (bands > 0)
            here = np.flatnonzero(wanted & (bands % np.uint64(n_partitions) == partition))
            numbers = (here + start).astype(np.uint64)
            columns.append(np.stack([bands[here], documents["key"][here], numbers]))
            start += len(bands)
        found.append(_neighbours(np.concatenate(columns, axis=1)))
    return np.unique(np.concatenate(found))


def _neighbours(columns: np.ndarray) -> np.ndarray:
    """Pairs among documents given by band, key and number."""
    # By key behind the band, so that the order of reading is forgotten.
    band, _, number = columns[:, np.lexsort((columns[1], columns[0]))]
    number = number.astype(np.int64)
    begins = _changes(band)
    heads = number[np.flatnonzero(begins)[np.cumsum(begins) - 1]]
    others = np.flatnonzero(~begins)
    first, last = number[others - 1], number[others]
    return np.concatenate([first << 32 | last, heads[others] << 32 | last])


def _shared(path: Path, last_bits: np.uint64) -> np.ndarray:
    """True for the buckets (last bits of a band) in which there are several documents."""
    seen = np.zeros(int(last_bits) + 1, bool)
    again = np.zeros_like(seen)
    for bands in read_pieces(path, _BAND):
        buckets = np.sort(bands & last_bits)
        again[buckets[seen[buckets]]] = True
        again[buckets[1:][buckets[1:] == buckets[:-1]]] = True
        seen[buckets] = True
    return again


def _verified(spool: Spool, candidates: np.ndarray, threshold: float) -> np.ndarray:
    """The candidates that are similar enough: int64 [pairs, 2]."""
    is_near = np.zeros(len(candidates), bool)
    with spool.open_texts() as text:
        for start in range(0, len(candidates), _BATCH_PAIRS):
            batch = candidates[start : start + _BATCH_PAIRS]
            pairs = np.stack([batch >> 32, batch & 0xFFFFFFFF], 1)
            involved, places = np.unique(pairs, return_inverse=True)
            offsets = spool.offsets(involved).tolist()
            last, last_pieces = -1, set[str]()
            ranks: np.ndarray = places.reshape(pairs.shape)
            for i, (one, other) in enumerate(ranks.tolist(), start):
                if one != last:
                    last, last_pieces = one, pieces(text(*offsets[one]))
                is_near[i] = similarity(last_pieces, pieces(text(*offsets[other]))) >= threshold
    kept = candidates[is_near]
    return np.stack([kept >> 32, kept & 0xFFFFFFFF], 1)


def components(n: int, pairs: np.ndarray) -> np.ndarray:
    """The smallest number in the connected component of each of `n` numbers: int32 [n]."""
    involved, places = np.unique(pairs, return_inverse=True)
    one, other = places.reshape(pairs.shape).T
    labels = np.arange(len(involved))
    before = np.empty(0, labels.dtype)
    while not np.array_equal(before, labels):
        before = labels.copy()
        least = np.minimum(before[one], before[other])
        np.minimum.at(labels, before[one], least)
        np.minimum.at(labels, before[other], least)
        while not np.array_equal(labels, labels[labels]):
            labels = labels[labels]
    found = np.arange(n, dtype=np.int32)
    found[involved] = involved[labels]
    return found
