"""Where in the list the right continuation was."""

from collections.abc import Sequence

import numpy as np

from prompt_gen.evaluate.metrics import NEXT
from prompt_gen.evaluate.numbers import Number
from prompt_gen.evaluate.typed import Typed


def numbers(
    typed: Typed, ranks: Sequence[int], where_P: np.ndarray | None = None
) -> dict[str, Number]:
    """Hits, reciprocal ranks and exact matches, over all beginnings or some of them.

    Reciprocal ranks as in Voorhees 1999; the partial one as in Kim 2019, "Subword language model
    for query auto-completion", with borders of clauses in place of spaces. Exact matches of the
    next characters as in Chen et al. 2019, "Gmail Smart Compose".
    """
    last, is_hit_PK = ranks[-1], typed.is_target_PK
    return {
        **{f"success@{k}": typed.mean(is_hit_PK[:, :k].max(axis=1), where_P) for k in ranks},
        f"mrr@{last}": typed.mean(_reciprocal(is_hit_PK[:, :last]), where_P),
        f"pmrr@{last}": typed.mean(_reciprocal(typed.is_clause_PK[:, :last]), where_P),
        **_exact(typed, where_P),
    }


def _exact(typed: Typed, where_P: np.ndarray | None) -> dict[str, Number]:
    """Share of beginnings whose next n characters are right, of those that have so many left."""
    where_P = np.ones(len(typed.length_P), bool) if where_P is None else where_P
    n_left_P = np.array([len(target) for target in typed.target_P])
    right_P = typed.right_PK[:, 0]
    return {f"exact@{n}": typed.mean(right_P >= n, where_P & (n_left_P >= n)) for n in NEXT}


def _reciprocal(is_hit_PK: np.ndarray) -> np.ndarray:
    """1 / rank of the first hit, 0 where there is none: [P]."""
    first_P = is_hit_PK.argmax(axis=1)
    return is_hit_PK.any(axis=1) / (1 + first_P)
