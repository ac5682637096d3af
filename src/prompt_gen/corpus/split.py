"""Which part of the corpus a document belongs to, decided by a hash of its content.

Documents that must stay together (near-duplicates, a question and its answer) form a group; the
member with the least scrambled hash decides for all of them. So a document goes to the same part in
whatever order the corpus is, and in any but a small corpus whatever else is in it; one that gets a
new near-duplicate moves only if that one comes to decide and lies elsewhere.
"""

from collections.abc import Iterable

import numpy as np

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.spool import PIECE

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
_SMALL = 100_000  # documents up to which the held-out parts may need a higher border
_MIX = np.uint64(0xD6E8FEB86659FD93)


def split(keys: Iterable[np.ndarray], groups: np.ndarray, config: CorpusConfig) -> np.ndarray:
    """The part of each document: uint8 indices into PARTS.

    Test groups lie lowest, validation groups next. In a small corpus the two borders rise until
    each held-out part has `min_held_out` groups, but never more than a tenth of all; in a large one
    they are halved until a part has at most about `max_held_out` documents, so that what leaves it
    while the corpus grows is trained on, and what was trained on stays so. A group that would fill
    a quarter of a held-out part is trained on.

    Args:
        keys: uint64 hashes of the normal forms, in pieces.
        groups: int32 labels; a label is the number of one of the group's documents.
        config: the shares.
    """
    places = _places(keys, groups, config)
    test, more = (_share(share, len(places), config) for share in (config.test, config.validation))
    validation = test + more
    if len(places) <= _SMALL:
        ordered = np.unique(places)
        least = min(config.min_held_out, len(ordered) // 10)
        test = _border(ordered, test, least) if test else 0.0
        rest = ordered[ordered >= test]
        validation = _border(rest, test + more, least) if more else test
    parts = np.full(len(places), TRAIN, np.uint8)
    parts[places < validation] = VALIDATION
    parts[places < test] = TEST
    if not (parts == TRAIN).any():  # a handful of documents
        parts[:] = TRAIN
    return parts


def _places(keys: Iterable[np.ndarray], groups: np.ndarray, config: CorpusConfig) -> np.ndarray:
    """float32 in [0, 1] for each document, the same for all of a group."""
    members = _members(groups)
    places = np.empty(len(groups), np.float32)
    member_keys, start = [np.empty(0, np.uint64)], 0
    for piece in keys:
        here = slice(start, start + len(piece))
        places[here] = piece.astype(np.float64) / 2**64
        inside = members[np.searchsorted(members, here.start) : np.searchsorted(members, here.stop)]
        member_keys.append(piece[inside - start])
        start = here.stop
    if len(members):
        own = np.concatenate(member_keys)
        _, labels, sizes = np.unique(groups[members], return_inverse=True, return_counts=True)
        order = np.lexsort((own * _MIX, labels))
        deciders = order[np.concatenate([[0], np.cumsum(sizes)[:-1]])]
        decided = places[members[deciders]]
        share = max(config.test, config.validation)
        small = min(config.min_held_out, len(groups) // 10)
        decided[sizes > max(small, 0.25 * len(groups) * share)] = 1.0
        places[members] = decided[labels]
    return places


def _members(groups: np.ndarray) -> np.ndarray:
    """Numbers of the documents that are in a group with others, ascending."""
    others = np.flatnonzero(~leads(groups))
    return np.union1d(others, groups[others].astype(others.dtype))


def leads(groups: np.ndarray) -> np.ndarray:
    """True for the documents whose number is their group's label; those alone, too."""
    found = np.empty(len(groups), bool)
    for start in range(0, len(groups), PIECE):  # a number for each would take more than the labels
        piece = groups[start : start + PIECE]
        found[start : start + PIECE] = piece == np.arange(start, start + len(piece))
    return found


def _share(share: float, n: int, config: CorpusConfig) -> float:
    while share * n > config.max_held_out:
        share /= 2
    return share


def _border(ordered: np.ndarray, border: float, least: int) -> float:
    """The given border, or the lowest one that has `least` places below it."""
    if least == 0 or least >= len(ordered):
        return border
    return max(border, float(ordered[least]))
