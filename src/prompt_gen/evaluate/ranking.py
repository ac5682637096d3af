"""Where in the list the right continuation was."""

from collections.abc import Sequence

import numpy as np

from prompt_gen.engine.candidates import family
from prompt_gen.evaluate.numbers import Number
from prompt_gen.evaluate.typed import Typed, at_border

NEXT = (1, 2, 4, 8)  # characters that must be right


def numbers(
    typed: Typed, ranks: Sequence[int], where_P: np.ndarray | None = None
) -> dict[str, Number]:
    """Hits, reciprocal ranks and exact matches, over all beginnings or some of them.

    Reciprocal ranks as in Voorhees 1999; the partial one as in Kim 2019, "Subword language model
    for query auto-completion", with borders of clauses in place of spaces. Exact matches of the
    next characters as in Chen et al. 2019, "Gmail Smart Compose".
    """
    is_target_PK = _is_target(typed)
    last = ranks[-1]
    return {
        **{f"success@{k}": typed.mean(is_target_PK[:, :k].max(axis=1), where_P) for k in ranks},
        f"mrr@{last}": typed.mean(_reciprocal(is_target_PK[:, :last]), where_P),
        f"pmrr@{last}": typed.mean(_reciprocal(_is_right_at_border(typed)[:, :last]), where_P),
        **_exact(typed, where_P),
    }


def _exact(typed: Typed, where_P: np.ndarray | None) -> dict[str, Number]:
    """Share of beginnings whose next n characters are right, of those that have so many left."""
    where_P = np.ones(len(typed.length_P), bool) if where_P is None else where_P
    n_left_P = np.array([len(target) for target in typed.target_P])
    right_P = typed.right_PK[:, 0]
    return {f"exact@{n}": typed.mean(right_P >= n, where_P & (n_left_P >= n)) for n in NEXT}


def _is_target(typed: Typed) -> np.ndarray:
    """Whether each candidate is the right continuation, but for its final marks: [P, K]."""
    found = np.zeros(typed.size_PK.shape, bool)
    for row, ((_, _, offer), target) in enumerate(zip(typed, typed.target_P, strict=True)):
        for rank, candidate in enumerate(offer.candidates):
            found[row, rank] = family(candidate.completion) == family(target)
    return found


def _is_right_at_border(typed: Typed) -> np.ndarray:
    """Whether each candidate is right and ends where a clause, a word or the line does: [P, K]."""
    found = typed.is_right_PK.copy()
    for row, rank in np.argwhere(found).tolist():
        line = typed.lines[int(typed.line_P[row])]
        found[row, rank] = at_border(line, int(typed.length_P[row] + typed.size_PK[row, rank]))
    return found


def _reciprocal(is_hit_PK: np.ndarray) -> np.ndarray:
    """1 / rank of the first hit, 0 where there is none: [P]."""
    first_P = is_hit_PK.argmax(axis=1)
    return is_hit_PK.any(axis=1) / (1 + first_P)
