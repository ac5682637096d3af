"""First candidates against what a perfect predictor would have offered, by published libraries.

Only what lies behind the caret is compared, one pair for each beginning; where nothing was offered
the candidate is empty. BLEU and chrF take all pairs as one corpus, ROUGE is the mean of the pairs.
As pairs are short, a perfect predictor need not have ROUGE-2 of 1: a pair of one character or word
has no two in a row, and counts 0.

Keys of one line are alike, and these libraries take their time: of each line at most ten beginnings
are compared, evenly spread over it.

N lines, R draws, C compared beginnings, O orders of n-grams
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from typing import Any, Protocol

import numpy as np

from prompt_gen.evaluate.numbers import Number, Ratio
from prompt_gen.evaluate.optional import Needs, absent
from prompt_gen.evaluate.typed import Typed
from prompt_gen.text import script

_KEYS = 10  # beginnings of a line that are compared at most
_ROUGE = ("rouge1", "rouge2", "rougeL")

NEEDS: Needs = {
    "bleu": ("sacrebleu",),
    "chrf": ("sacrebleu",),
    **{f"{kind}_chars": ("rouge_score",) for kind in _ROUGE},
    **{f"{kind}_words": ("rouge_score", "rjieba") for kind in _ROUGE},
}


@dataclass(frozen=True)
class Pair:
    """What was offered first in a line, and what would have been right."""

    line: int
    offered: str
    target: str


def numbers(typed: Typed) -> dict[str, Number]:
    """BLEU, chrF, and ROUGE of characters and of words; without those whose library is missing."""
    return compared(pairs(typed), len(typed.lines), "".join(typed.lines))


def compared(pairs_C: Sequence[Pair], n_lines: int, text: str) -> dict[str, Number]:
    """The same of pairs; the script of `text` decides what BLEU takes for words."""
    found, lacking = dict[str, Number](), absent(NEEDS)
    if "bleu" not in lacking:
        found["bleu"] = _bleu(_metric(text), pairs_C, n_lines)
        found["chrf"] = _chrf(pairs_C, n_lines)
    for suffix, tokenizer in (("chars", Characters), ("words", Words)):
        if f"rouge1_{suffix}" not in lacking:
            means = _rouge(pairs_C, n_lines, tokenizer())
            found |= {f"{kind}_{suffix}": mean for kind, mean in means.items()}
    return found


def facts(typed: Typed) -> dict[str, str]:
    """How it was measured: the signatures of sacrebleu, and the version of rouge-score."""
    lacking = absent(NEEDS)
    found: dict[str, str] = {}
    if "bleu" not in lacking:
        from sacrebleu.metrics.chrf import CHRF

        one_reference = [[""]]
        found["bleu"] = str(bleu_metric(typed, references=one_reference).get_signature())
        found["chrf"] = str(CHRF(references=one_reference).get_signature())
    if "rouge1_chars" not in lacking:
        found["rouge"] = f"rouge-score {version('rouge-score')}"
    return found


def pairs(typed: Typed) -> list[Pair]:
    """First candidate and target of the beginnings that are compared, line by line."""
    found, start = list[Pair](), 0
    for line, row in enumerate(typed.offers):
        spread = np.linspace(0, len(row) - 1, min(_KEYS, len(row))).round().astype(int).tolist()
        for at in spread:
            first = row[at].candidates[0].completion if row[at].candidates else ""
            found.append(Pair(line, first, typed.target_P[start + at]))
        start += len(row)
    return found


# -- sacrebleu ---------------------------------------------------------------------------------


def bleu_metric(typed: Typed, **settings: Any) -> Any:
    """The `BLEU` of sacrebleu with the tokenizer for the script of the lines."""
    return _metric("".join(typed.lines), **settings)


def _metric(text: str, **settings: Any) -> Any:
    from sacrebleu.metrics.bleu import BLEU

    tokenizer = "zh" if script(text) == "cjk" else "13a"
    return BLEU(tokenize=tokenizer, force=True, **settings)


def _bleu(metric: Any, pairs_C: Sequence[Pair], n_lines: int) -> Number:
    """BLEU of draws from the statistics of lines, which are those of the draw when summed up."""
    stats_N = np.zeros((n_lines, 2 + 2 * metric.max_ngram_order))
    for line, of_line in groupby(pairs_C, lambda pair: pair.line):
        own = list(of_line)
        score = metric.corpus_score([p.offered for p in own], [[p.target for p in own]])
        stats_N[line] = [score.sys_len, score.ref_len, *score.counts, *score.totals]

    def value(stats: list[int]) -> float:
        n_offered, n_target, *rest = stats
        counts, totals = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        if not n_target:
            return np.nan
        smooth = metric.smooth_method
        return metric.compute_bleu(counts, totals, n_offered, n_target, smooth_method=smooth).score

    return lambda weights_RN: np.array(
        [value(stats) for stats in np.rint(weights_RN @ stats_N).astype(int).tolist()]
    )


def _chrf(pairs_C: Sequence[Pair], n_lines: int) -> Number:
    """chrF of draws: n-grams are counted and compared as sacrebleu does it for a corpus.

    Its own sums are not public. Source: Popović 2015, "chrF: character n-gram F-score for automatic
    MT evaluation", with the effective order of sacrebleu.
    """
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.helpers import extract_all_char_ngrams

    beta = CHRF.BETA
    counts_NO3 = np.zeros((n_lines, CHRF.CHAR_ORDER, 3))
    for pair in pairs_C:
        of_pair = (extract_all_char_ngrams(t, CHRF.CHAR_ORDER) for t in (pair.offered, pair.target))
        for order, (offered, target) in enumerate(zip(*of_pair, strict=True)):
            n_target = target.total()
            n_offered = offered.total() if n_target else 0  # sacrebleu counts them so
            counts_NO3[pair.line, order] += n_offered, n_target, (offered & target).total()

    def number(weights_RN: np.ndarray) -> np.ndarray:
        counts_RO3 = np.tensordot(weights_RN, counts_NO3, axes=1)
        n_offered_RO, n_target_RO, n_match_RO = np.moveaxis(counts_RO3, -1, 0)
        there_RO = (n_offered_RO > 0) & (n_target_RO > 0)
        precision_R = _mean_share(n_match_RO, n_offered_RO, there_RO)
        recall_R = _mean_share(n_match_RO, n_target_RO, there_RO)
        below_R = beta**2 * precision_R + recall_R
        score_R = 100 * (1 + beta**2) * precision_R * recall_R / np.where(below_R > 0, below_R, 1)
        return np.where(n_target_RO.any(axis=1), score_R, np.nan)

    return number


def _mean_share(of_RO: np.ndarray, by_RO: np.ndarray, there_RO: np.ndarray) -> np.ndarray:
    """The mean of shares over those orders that are there; 0 without any."""
    share_RO = np.divide(of_RO, by_RO, out=np.zeros_like(of_RO), where=there_RO)
    return share_RO.sum(axis=1) / np.maximum(there_RO.sum(axis=1), 1)


# -- rouge-score -------------------------------------------------------------------------------


class Tokenizer(Protocol):
    """What rouge-score asks for."""

    def tokenize(self, text: str) -> list[str]:
        """The units that are compared."""
        ...


class Characters:
    """Every character but white space."""

    def tokenize(self, text: str) -> list[str]:
        """The characters in order."""
        return [c for c in text if not c.isspace()]


_LATIN = re.compile(r"([A-Za-z0-9À-ɏ]+(?:[.'’-][A-Za-z0-9À-ɏ]+)*)")


class Words:
    """Words and numbers of Latin script by a pattern, all else by `rjieba`; marks are words too."""

    def __init__(self) -> None:
        import rjieba

        self._cut = rjieba.cut

    def tokenize(self, text: str) -> list[str]:
        """The words in order, as they are written."""
        words = list[str]()
        for at, piece in enumerate(_LATIN.split(text)):
            words += [piece] if at % 2 else self._cut(piece, False)
        return [word for word in words if not word.isspace()]


def _rouge(pairs_C: Sequence[Pair], n_lines: int, tokenizer: Tokenizer) -> dict[str, Number]:
    """Mean F1 of ROUGE-1, ROUGE-2 and ROUGE-L."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(_ROUGE, tokenizer=tokenizer)
    scores = [scorer.score(pair.target, pair.offered) for pair in pairs_C]
    line_C = np.array([pair.line for pair in pairs_C], np.int64)
    n_pairs_N = np.bincount(line_C, minlength=n_lines)
    return {
        kind: Ratio(
            np.bincount(line_C, [score[kind].fmeasure for score in scores], n_lines), n_pairs_N
        )
        for kind in _ROUGE
    }
