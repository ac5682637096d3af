"""How good a run will be, in bits per character, told from what counting reaches on the same text.

A run begins as good as single tokens counted (`unigram`) and ends some way below Kneser-Ney; how
far it is on that way depends on the tokens it has learned from. What is behind the numbers is in
docs/log.md, "How good a run will be".
"""

from dataclasses import dataclass

from prompt_gen.training.references import References


@dataclass(frozen=True)
class Expected:
    """Bits per character on the validation lines at the end of a run, with a range."""

    low: float
    middle: float
    high: float


# Fitted to runs of 30 to 5 400 steps on three corpora, within 3 % of each.
_END = 0.88  # of a run without end, share of Kneser-Ney's
_HALF_TOKENS = 2_000_000  # half of the way is behind, were Kneser-Ney no better than unigrams
_EASE = 3.4  # how much sooner that is where it is better: power of the ratio of the two
_POWER = 0.86
# A corpus that the numbers were not fitted to wanted up to four times more tokens, or less.
_TOKENS_RANGE = 4.0
_END_RANGE = 0.03  # and ended so much better or worse


def expected_bits(counted: References, n_tokens: float) -> Expected:
    """Bits per character of a run that learns from so many tokens, repetitions included.

    In logarithms: the share of the way from `unigram` to the end that is still ahead falls with
    a power of the tokens.
    """
    return Expected(
        low=_bits(counted, n_tokens * _TOKENS_RANGE) * (1 - _END_RANGE),
        middle=_bits(counted, n_tokens),
        high=_bits(counted, n_tokens / _TOKENS_RANGE) * (1 + _END_RANGE),
    )


def _bits(counted: References, n_tokens: float) -> float:
    end = _END * counted.kneser_ney
    half_tokens = _HALF_TOKENS * (counted.kneser_ney / counted.unigram) ** _EASE
    ahead = 1 / (1 + (n_tokens / half_tokens) ** _POWER)
    return end * (counted.unigram / end) ** ahead
