"""How much of a held-out line a completer has seen at the beginning of lines it was trained on.

Completing what begins like a known line is another task than completing what does not; evaluation
tells the two apart.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

MAX_CHARS = 64


def seen_chars(held_out: Sequence[str], train: Iterable[str]) -> np.ndarray:
    """Leading characters of each held-out text that some training text begins with, up to 64.

    Among sorted texts those with the longest common beginning are neighbours: each training text
    is compared with its two neighbours only, and what they learn is handed on in both directions.

    Returns:
        int16 [held-out texts].
    """
    order = sorted(range(len(held_out)), key=lambda i: held_out[i][:MAX_CHARS])
    texts = [held_out[i][:MAX_CHARS] for i in order]
    seen = [0] * len(texts)
    for text in train:
        text = text[:MAX_CHARS]
        at = bisect_left(texts, text)
        for neighbour in (at - 1, at):
            if 0 <= neighbour < len(texts):
                n = _common(texts[neighbour], text)
                if n > seen[neighbour]:
                    seen[neighbour] = n
    common = [_common(one, other) for one, other in pairwise(texts)]
    for i, n in enumerate(common):
        seen[i + 1] = max(seen[i + 1], min(seen[i], n))
    for i, n in reversed(list(enumerate(common))):
        seen[i] = max(seen[i], min(seen[i + 1], n))
    found = np.empty(len(texts), np.int16)
    found[order] = seen
    return found


def _common(one: str, other: str) -> int:
    """Characters that both begin with."""
    n = min(len(one), len(other))
    if one[:n] == other[:n]:
        return n
    return next(i for i in range(n) if one[i] != other[i])
