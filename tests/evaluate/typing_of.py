"""Lines typed with any function from a beginning to candidates."""

from collections.abc import Callable, Sequence

from prompt_gen.engine import Candidate
from prompt_gen.evaluate.typed import Offer, Typed, target

Complete = Callable[[str], Sequence[Candidate]]

LINES = ("高血压患者要少吃盐，多喝水。", "感冒以后多休息", "糖尿病人要控制饮食，按时吃药。", "忌口")


def candidate(typed: str, completion: str, score: float = 0.5) -> Candidate:
    return Candidate(typed + completion, completion, score, "eos")


def typed_of(
    lines: Sequence[str],
    complete: Complete,
    max_chars: int = 24,
    n_ranks: int = 5,
    ms: Callable[[str], float] = lambda _: 1.0,
    n_passes: int = 1,
) -> Typed:
    """What `complete` offers behind each beginning of the lines."""

    def offer(typed: str) -> Offer:
        return Offer(tuple(complete(typed)[:n_ranks]), ms(typed), n_passes)

    offers = [[offer(line[:j]) for j in range(1, len(line))] for line in lines]
    return Typed(lines, offers, max_chars, n_ranks)


def oracle(lines: Sequence[str], score: float = 0.5, max_chars: int = 24) -> Complete:
    """One candidate: what the line goes on with. Lines must differ in their first characters."""

    def complete(typed: str) -> list[Candidate]:
        line = next(line for line in lines if line.startswith(typed))
        return [candidate(typed, target(line, len(typed), max_chars), score)]

    return complete


def constant(*completions: str, score: float = 0.5) -> Complete:
    """The same list behind everything."""
    return lambda typed: [candidate(typed, completion, score) for completion in completions]


def silent(typed: str) -> list[Candidate]:
    """Nothing."""
    return []
