"""An export, opened in its engine, held to what the bundle says.

Greedy continuations of prefixes that the network wrote itself have to be the same. Where two tokens
are equally probable but for rounding, either is right: that is a tie, and counted as one. Behind
every token of those texts log-probabilities of all tokens are compared: in float32 the largest
difference has a bound, for rounded weights the root mean square has one, as a share of the standard
deviation of the log-probabilities.
"""

from collections.abc import Sequence
from importlib.metadata import packages_distributions, version
from typing import Any, Protocol

import numpy as np

from prompt_gen.errors import Mismatch
from prompt_gen.export.reference import Reference
from prompt_gen.export.source import Source
from prompt_gen.export.strings import strings

N_PREFIXES, N_TOKENS, N_STRINGS = 100, 24, 10_000
ROUNDED = 0.1  # of the standard deviation
_AGAIN = "This is an error of the export or of that engine's version; please report it"


class Engine(Protocol):
    """A model as its stock engine has opened it."""

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """Behind each token of a row, [T, V]; up to a constant for each token."""
        ...

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """What the engine writes behind each row: n tokens, or up to the end of the document."""
        ...

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """Token ids with what comes before the first; none, if it has no tokenizer of its own."""
        ...


def named(libraries: Sequence[str]) -> str:
    """The first library by its distribution's name, with its version."""
    name = packages_distributions()[libraries[0]][0]
    return f"{name} {version(name)}"


def compare(source: Source, engine: Engine, bound: float, weights: str) -> dict[str, Any]:
    """What was compared, and how near it is.

    Raises:
        Mismatch: it is not near enough.
    """
    reference = Reference(source)
    prefixes = reference.prefixes(N_PREFIXES)
    found = _tokenized(source, engine, reference.texts(N_PREFIXES)) | {"prefixes": len(prefixes)}
    n_tokens = min(N_TOKENS, source.context // 2)
    rows = [[source.tokenizer.bos_id, *source.tokenizer.encode(prefix)] for prefix in prefixes]
    rows = [ids[: source.context - n_tokens] for ids in rows]
    expected = reference.greedy(rows, n_tokens)
    written = engine.greedy(rows, n_tokens)
    identical, ties, first_other, apart = 0, 0, "", []
    for prefix, ids, ours, its in zip(prefixes, rows, expected, written, strict=True):
        said_TV = reference.log_probabilities([*ids, *ours])
        found_TV = normalised(engine.logits([*ids, *ours]))
        apart.append((found_TV - said_TV, said_TV.std()))
        if its == ours:
            identical += 1
        elif _is_tie(said_TV[len(ids) - 1 :], ours, its, source.tokenizer.eos_id, bound):
            ties += 1
        else:
            first_other = first_other or prefix
    largest = max(float(np.abs(each).max()) for each, _ in apart)
    rms = float(np.sqrt(np.mean([np.square(each).mean() for each, _ in apart])))
    share = rms / float(np.mean([deviation for _, deviation in apart]))
    found |= {"tokens": n_tokens, "identical": identical, "ties": ties,
              "largest": largest, "rms": rms, "share": share}  # fmt: skip
    if weights == "float32":
        found |= {"bound": bound, "bounded": "largest difference"}
        _refuse(
            largest > bound, f"log-probabilities differ by {largest:.3g}, more than {bound:.3g}"
        )
        _refuse(bool(first_other), f"greedily it writes something else behind {first_other!r}")
    else:
        found |= {"bound": ROUNDED, "bounded": "root mean square by the standard deviation"}
        _refuse(share > ROUNDED, f"log-probabilities are off by {share:.2f} of their deviation")
    return found


def normalised(logits_TV: np.ndarray) -> np.ndarray:
    """Log-probabilities."""
    high_TV = logits_TV.astype(np.float64)
    high_TV -= high_TV.max(axis=1, keepdims=True)
    return high_TV - np.log(np.exp(high_TV).sum(axis=1, keepdims=True))


def _tokenized(source: Source, engine: Engine, texts: Sequence[str]) -> dict[str, Any]:
    """How many strings give the same ids; nothing, if the engine leaves that to its users."""
    chosen = strings(source.tokenizer, texts, N_STRINGS)
    if (read := engine.encode(chosen)) is None:
        return {}
    wanted = [[source.tokenizer.bos_id, *ids] for ids in source.tokenizer.encode_batch(chosen)]
    rows = zip(chosen, read, wanted, strict=True)
    others = [text for text, its, ours in rows if its != ours]
    told = f"its tokenizer reads {len(others):,} of {len(chosen):,} strings otherwise"
    _refuse(bool(others), f"{told}, e.g. {others[:1]}")
    return {"strings": len(chosen), "same_ids": len(chosen) - len(others)}


def _is_tie(
    said_TV: np.ndarray, expected: Sequence[int], written: Sequence[int], end: int, bound: float
) -> bool:
    """Whether the first tokens that differ are equally probable, but for rounding."""
    pairs = zip([*expected, end], [*written, end], strict=False)
    at, (ours, its) = next((at, pair) for at, pair in enumerate(pairs) if pair[0] != pair[1])
    return bool(said_TV[at, ours] - said_TV[at, its] <= 2 * bound)


def _refuse(is_wrong: bool, what: str) -> None:
    if is_wrong:
        raise Mismatch(f"the export says something else than the bundle: {what}", _AGAIN)
