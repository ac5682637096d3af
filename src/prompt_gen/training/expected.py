"""How good a run will be, in bits per character, told from what counting reaches on the same text.

A run begins as good as single tokens counted (`unigram`) and ends some way below Kneser-Ney; how
far it is on that way depends on the tokens it has learned from, and one that does not begin at
random learns sooner. What is behind the numbers is in docs/log.md, "How good a run will be".
"""

from dataclasses import dataclass

from prompt_gen.training.references import References


@dataclass(frozen=True)
class Expected:
    """Bits per character on the validation lines at the end of a run, with a range."""

    low: float
    middle: float
    high: float


# Fitted to runs of 30 to 5 400 steps on three corpora and pieces of them, within 10 %.
_END = 0.88  # of a run without end, share of Kneser-Ney's
_HALF_TOKENS = 1_150_000  # half of the way is behind, on a million tokens of text ...
_EASE = 2.8  # ... power of Kneser-Ney over unigram: what is predictable is learned sooner
_SIZE = 0.24  # ... power of the text in millions of tokens: a large one has more to learn
_POWER = 0.91
_SOONER = {"bigrams": 1.9, "previous": 2.3}  # times fewer tokens than from random weights
# A corpus that the numbers were not fitted to wanted up to four times more tokens, or less.
_TOKENS_RANGE = 4.0
_END_RANGE = 0.04  # and ended so much better or worse


def expected_bits(
    counted: References, n_tokens: float, n_text_tokens: int, start: str = "random"
) -> Expected:
    """Bits per character of a run that learns from so many tokens, repetitions included.

    In logarithms: the share of the way from `unigram` to the end that is still ahead falls with
    a power of the tokens.
    """
    n_tokens *= _SOONER.get(start, 1.0)
    return Expected(
        low=_bits(counted, n_tokens * _TOKENS_RANGE, n_text_tokens) * (1 - _END_RANGE),
        middle=_bits(counted, n_tokens, n_text_tokens),
        high=_bits(counted, n_tokens / _TOKENS_RANGE, n_text_tokens) * (1 + _END_RANGE),
    )


def _bits(counted: References, n_tokens: float, n_text_tokens: int) -> float:
    end = _END * counted.kneser_ney
    ease = (counted.kneser_ney / counted.unigram) ** _EASE
    half_tokens = _HALF_TOKENS * ease * (n_text_tokens / 1_000_000) ** _SIZE
    ahead = 1 / (1 + (n_tokens / half_tokens) ** _POWER)
    return end * (counted.unigram / end) ** ahead
