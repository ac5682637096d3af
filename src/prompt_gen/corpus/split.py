"""Which part of the corpus a document belongs to, decided by a hash of its content.

Documents that must stay together (near-duplicates, a question and its answer) form a group; the
member with the least scrambled hash decides for all of them. So a document goes to the same part in
whatever order the corpus is, and in any but a small corpus whatever else is in it; one that gets a
new near-duplicate moves only if that one comes to decide and lies elsewhere.
"""

import numpy as np

from prompt_gen.config import CorpusConfig

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)
_SMALL = 100_000  # documents up to which the held-out parts may need a higher border
_MIX = np.uint64(0xD6E8FEB86659FD93)


def split(keys: np.ndarray, groups: np.ndarray, config: CorpusConfig) -> np.ndarray:
    """The part of each document: uint8 indices into PARTS.

    Test groups lie lowest, validation groups next. In a small corpus the two borders rise until
    each held-out part has `min_held_out` groups, but never more than a tenth of all. A group that
    would fill a quarter of a held-out part is trained on.

    Args:
        keys: uint64 hashes of the normal forms.
        groups: int32 labels; a label is the number of one of the group's documents.
        config: the shares.
    """
    places = keys[_deciders(keys, groups)].astype(np.float64) / 2**64
    sizes = np.bincount(groups, minlength=len(groups))[groups]
    is_large = sizes > max(
        config.min_held_out, 0.25 * len(keys) * max(config.test, config.validation)
    )
    places[is_large] = 1.0
    test, validation = config.test, config.test + config.validation
    if len(keys) <= _SMALL:
        ordered = np.unique(places)
        least = min(config.min_held_out, len(ordered) // 10)
        test = _border(ordered, test, least)
        validation = _border(ordered[ordered >= test], test + config.validation, least)
    parts = np.full(len(keys), TRAIN, np.uint8)
    parts[places < validation] = VALIDATION
    parts[places < test] = TEST
    return parts


def _deciders(keys: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """For each document the number of the one that decides for its group."""
    if np.array_equal(groups, np.arange(len(groups))):
        return groups
    order = np.lexsort((keys * _MIX, groups))
    ordered = groups[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    decider = np.empty(len(groups), np.int64)
    decider[ordered[begins]] = order[begins]
    return decider[groups]


def _border(ordered: np.ndarray, border: float, least: int) -> float:
    """The given border, or the lowest one that has `least` places below it."""
    if least == 0 or least >= len(ordered):
        return border
    return max(border, float(ordered[least]))
