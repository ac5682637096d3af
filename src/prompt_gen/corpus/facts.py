"""What is told about a corpus: a summary for the command line and the card, more for the report."""

from collections import Counter
from typing import Any

import numpy as np

from prompt_gen.corpus.prepare import SHOWN_CHARS, Tally
from prompt_gen.corpus.reading import Found
from prompt_gen.corpus.split import PARTS, leads
from prompt_gen.corpus.spool import PIECE, Spool

N_GROUPS, N_MEMBERS = 12, 5  # groups of near-duplicates that the report shows, texts of each


def of(
    found: Found, fates: dict[str, int], parts: np.ndarray, counts: np.ndarray, groups: np.ndarray
) -> dict[str, Any]:
    """What the command line prints and the bundle's card says."""
    several = _several(groups)
    n_others = len(groups) - int(leads(groups).sum())
    return {
        "files": found.files,
        "encodings": dict(Counter(file.get("encoding", "") for file in found.files)),
        "lines": found.n_lines,
        "fates": fates,
        "documents": {name: int((parts == i).sum()) for i, name in enumerate(PARTS)},
        "chars": found.tally.n_chars(),
        "near_duplicates": {"groups": len(several), "documents": n_others + len(several)},
        "merged_lines": int(counts.sum()) - len(counts),
        "rules": dict(found.tally.changes),
        "private": dict(found.tally.private),
    }


def for_report(
    tally: Tally, distinct: Spool, counts: np.ndarray, groups: np.ndarray, seen: np.ndarray
) -> dict[str, Any]:
    """What only the report shows."""
    return {
        "characters": _by_frequency(tally.characters),
        "lengths": sorted(tally.lengths.items()),
        "examples": tally.examples,
        "samples": [sample[1:] for sample in tally.samples],
        "counts": _histogram(counts),
        "near_groups": _near_examples(distinct, groups),
        "seen_chars": _histogram(seen),
    }


def _several(groups: np.ndarray) -> np.ndarray:
    """Labels of the groups with more than one document."""
    return np.unique(groups[~leads(groups)])


def _by_frequency(characters: np.ndarray) -> list[tuple[str, int]]:
    """Characters and how often they occur, the most frequent first."""
    codes = np.flatnonzero(characters)
    order = np.argsort(-characters[codes], kind="stable")
    return [(chr(code), int(characters[code])) for code in codes[order].tolist()]


def _histogram(values: np.ndarray) -> list[list[int]]:
    """Pairs of a value and how often it occurs."""
    found = Counter[int]()
    for start in range(0, len(values), PIECE):
        distinct, counts = np.unique(values[start : start + PIECE], return_counts=True)
        found.update(dict(zip(distinct.tolist(), counts.tolist(), strict=True)))
    return [list(pair) for pair in sorted(found.items())]


def _near_examples(distinct: Spool, groups: np.ndarray) -> list[list[str]]:
    """Some groups of near-duplicates, spread over the corpus."""
    several = _several(groups)
    shown = several[:: max(1, len(several) // N_GROUPS)][:N_GROUPS]
    chosen = [np.flatnonzero(groups == group)[:N_MEMBERS] for group in shown]
    members = np.unique(np.concatenate([np.empty(0, np.int64), *chosen]))
    texts: dict[int, list[str]] = {int(group): [] for group in shown}
    with distinct.open_texts() as text:
        for member, place in zip(members, distinct.offsets(members).tolist(), strict=True):
            texts[int(groups[member])].append(text(*place)[:SHOWN_CHARS])
    return list(texts.values())
