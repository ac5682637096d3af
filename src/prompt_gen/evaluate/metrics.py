"""The table of numbers: what each is called, in which direction it is good, and what it means.

The terminal, the page, the bundle's card, `--fail-under` and `prompt-gen list` all read it. A name
may end in `@k`: over the first k candidates, or the next k characters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from prompt_gen.errors import UnknownChoice, did_you_mean

Unit = Literal["share", "bits", "number", "ms", "mb", "score"]


@dataclass(frozen=True)
class Metric:
    """One row."""

    section: str
    unit: Unit
    better: Literal["more", "less", ""]  # "": says how it is, neither good nor bad
    english: str
    chinese: str
    summary: str


METRICS: dict[str, Metric] = {
    # how probable the text is
    "bits_per_char": Metric("likelihood", "bits", "less", "bits per character", "每字比特",
        "-log2 p of all lines and their ends, by characters + 1 for each line"),
    "perplexity_char": Metric("likelihood", "number", "less", "perplexity per character",
        "每字困惑度", "2 to the bits per character"),
    "perplexity": Metric("likelihood", "number", "less", "perplexity per token", "每词元困惑度",
        "to be compared within one vocabulary only"),
    "accuracy": Metric("likelihood", "share", "more", "next token among the first k",
        "下一词元命中", "share of tokens, line ends included, that were among the k most probable"),
    # typing
    "saved": Metric("typing", "share", "more", "keystrokes saved", "节省击键",
        "rational user: takes a right beginning that is long enough and pays for itself"),
    "saved_oracle": Metric("typing", "share", "more", "saved, oracle", "节省击键（先知）",
        "a user who knows all lists in advance, and takes any of the k for one key"),
    "saved_lazy": Metric("typing", "share", "more", "saved, lazy user", "节省击键（懒人）",
        "a user who looks at the first candidate alone, and wants all of it right"),
    "saved_pinyin": Metric("typing", "share", "more", "pinyin keys saved", "节省拼音键",
        "the rational user's way in keys of an input method: letters of the pinyin and a choice"),
    "ceiling": Metric("typing", "share", "", "a perfect model would save", "理想模型可节省",
        "the same user where the first candidate is always right"),
    "ceiling_pinyin": Metric("typing", "share", "", "the same in pinyin keys", "理想模型（拼音）",
        "in keys of an input method"),
    # ranking
    "success": Metric("ranking", "share", "more", "right continuation among the first k",
        "前 k 命中", "share of keys at which the continuation, whole, was among the first k"),
    "mrr": Metric("ranking", "score", "more", "mean reciprocal rank", "平均倒数排名",
        "of the whole right continuation; 0 where it is not there"),
    "pmrr": Metric("ranking", "score", "more", "partial reciprocal rank", "部分倒数排名",
        "of the first candidate that is right up to a border of clause, word or line"),
    "exact": Metric("ranking", "share", "more", "next k characters right", "后 k 字全对",
        "share of keys at which the first candidate's next k characters are those of the line"),
    # confidence
    "calibration_error": Metric("confidence", "share", "less", "calibration error", "校准误差",
        "mean gap between a first candidate's score and how often it was right, 15 bins"),
    "calibration_error_raw": Metric("confidence", "share", "", "the same before calibration",
        "校准前误差", "with the model's own probabilities"),
    "coverage_area": Metric("confidence", "share", "more", "precision, mean over coverages",
        "各覆盖率下平均准确率", "area under the curve of precision by coverage"),
    # overlap with the truth
    "bleu": Metric("overlap", "score", "more", "BLEU", "BLEU", "first candidates, by sacrebleu"),
    "chrf": Metric("overlap", "score", "more", "chrF", "chrF", "first candidates, by sacrebleu"),
    "rouge1_chars": Metric("overlap", "share", "more", "ROUGE-1, characters", "ROUGE-1（字）",
        "F1, by rouge-score"),
    "rouge2_chars": Metric("overlap", "share", "more", "ROUGE-2, characters", "ROUGE-2（字）",
        "F1, by rouge-score"),
    "rougeL_chars": Metric("overlap", "share", "more", "ROUGE-L, characters", "ROUGE-L（字）",
        "F1, by rouge-score"),
    "rouge1_words": Metric("overlap", "share", "more", "ROUGE-1, words", "ROUGE-1（词）",
        "F1, by rouge-score"),
    "rouge2_words": Metric("overlap", "share", "more", "ROUGE-2, words", "ROUGE-2（词）",
        "F1, by rouge-score"),
    "rougeL_words": Metric("overlap", "share", "more", "ROUGE-L, words", "ROUGE-L（词）",
        "F1, by rouge-score"),
    # the lists
    "duplicates": Metric("lists", "number", "less", "duplicates in lists", "列表内重复",
        "candidates shown twice in one list; must be 0"),
    "prefix_valid": Metric("lists", "share", "more", "begin with what was typed", "保留已输入内容",
        "share of candidates; must be all"),
    "distinct": Metric("lists", "share", "", "different k-grams", "不同 k 元占比",
        "different k-grams of characters by all, within a list, mean over lists"),
    "self_bleu": Metric("lists", "score", "", "self-BLEU", "自 BLEU",
        "BLEU of each candidate against the others of its list, by sacrebleu"),
    "edit_distance": Metric("lists", "share", "", "edit distance in a list", "列表内编辑距离",
        "mean over pairs, by the longer one's length"),
    # memorisation
    "recited_lines": Metric("memorisation", "share", "less", "training lines, whole",
        "整行照抄训练文本", "of long candidates: with what was typed equal to a training line"),
    "recited": Metric("memorisation", "share", "less", "found in training lines",
        "出现在训练文本中",
        "of long candidates (20 characters with what was typed, 10 new): in a training line"),
    "common_chars": Metric("memorisation", "number", "", "longest common piece", "最长公共片段",
        "of long candidates: the longest piece behind the caret that a training line has, median"),
    "private": Metric("memorisation", "number", "less", "private data emitted", "输出的隐私数据",
        "candidates with an e-mail address, a phone number and the like behind the caret"),
    "exposure": Metric("memorisation", "bits", "less", "exposure of secrets", "秘密暴露度",
        "highest exposure of the secrets that were put into the training text"),
    # latency
    "p50_ms": Metric("latency", "ms", "less", "per key, median", "每键中位耗时", "wall time"),
    "p95_ms": Metric("latency", "ms", "less", "per key, 95 %", "每键 95% 耗时", "wall time"),
    "p99_ms": Metric("latency", "ms", "less", "per key, 99 %", "每键 99% 耗时", "wall time"),
    "passes": Metric("latency", "number", "less", "forward passes per key", "每键前向次数", "mean"),
    "cold_start_ms": Metric("latency", "ms", "less", "cold start", "冷启动",
        "a new process: loading the bundle, and the first answer"),
    "memory_mb": Metric("latency", "mb", "less", "resident memory", "常驻内存",
        "of that process behind its first answer"),
}  # fmt: skip

SECTIONS = {
    "likelihood": ("How probable the text is", "文本概率"),
    "typing": ("Typing", "打字"),
    "ranking": ("Ranking", "排序"),
    "confidence": ("Confidence", "置信度"),
    "overlap": ("Overlap with the truth", "与真实文本的重合"),
    "lists": ("The lists", "候选列表"),
    "memorisation": ("Memorisation", "记忆"),
    "latency": ("Latency", "延迟"),
}


RANKS = (1, 3, 5, 10, 20)  # first candidates that are looked at
NEXT = (1, 2, 4, 8)  # characters behind the caret that must be right
AMONG = (1, 5)  # ranks at which next tokens are counted
GRAMS = (1, 2)  # characters in a row that are counted within a list


def ranks(n: int) -> list[int]:
    """The numbers of first candidates that are looked at in lists of n."""
    return sorted({k for k in RANKS if k < n} | {n})


def names(n: int) -> list[str]:
    """The full names of all numbers, for lists of n candidates."""
    all_ranks, last = ranks(n), [n]
    of = {"accuracy": AMONG, "exact": NEXT, "distinct": GRAMS, "mrr": last, "pmrr": last}
    of |= dict.fromkeys(("saved", "saved_oracle", "saved_pinyin", "success"), all_ranks)
    return [f"{base}@{k}" if k else base for base in METRICS for k in of.get(base, [0])]


def is_better(name: str, difference: Mapping[str, float | None]) -> bool | None:
    """Whether the first of two is better, by its number minus the other's.

    None where the interval contains 0, where there is none, and where no side is the better one.
    """
    better = metric(name).better
    if not better or not is_beyond_chance(difference):
        return None
    return ((difference["low"] or 0) > 0) == (better == "more")


def is_beyond_chance(difference: Mapping[str, float | None]) -> bool:
    """There is an interval of a difference, and it does not contain 0."""
    low, high = difference.get("low"), difference.get("high")
    return low is not None and high is not None and not low <= 0 <= high


def metric(name: str) -> Metric:
    """The row of a name such as `saved@5`.

    Raises:
        UnknownChoice: no such row.
    """
    base = name.partition("@")[0]
    if base not in METRICS:
        raise UnknownChoice(f"unknown number '{name}'", did_you_mean(base, list(METRICS)))
    return METRICS[base]
