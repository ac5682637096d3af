"""The sections that are one picture: lengths, coverage of characters, beginnings seen before."""

import math
from collections.abc import Iterable
from typing import Any

from prompt_gen.page.pictures import (
    N_POINTS,
    Mark,
    columns,
    curve,
    powers,
    round_ticks,
)
from prompt_gen.page.words import count, grouped, paragraph, percent

N_COLUMNS = 80  # of the lengths
N_FIRST = 16  # characters up to which beginnings are shown
_SHOWN = 0.98  # share of the documents whose lengths are drawn; the rest are few and far away
_COVERED = (0.99, 0.998)

Report = dict[str, Any]
Histogram = list[tuple[int, int]]  # a value, how often it occurs; by rising values


def quantile(pairs: Histogram, share: float) -> int:
    """The smallest value that at least this share of all are not above."""
    wanted, total = share * sum(n for _, n in pairs), 0
    for value, n in pairs:
        total += n
        if total >= wanted:
            return value
    return pairs[-1][0]


def lengths(report: Report) -> str:
    """Documents by characters; median and 95th percentile."""
    pairs = _pairs(report["lengths"])
    total = sum(n for _, n in pairs)
    most = max(quantile(pairs, _SHOWN), 1)
    width = math.ceil(most / N_COLUMNS)
    heights = [0] * math.ceil(most / width)
    for value, n in pairs:
        if value <= most:
            heights[max(value - 1, 0) // width] += n
    end = len(heights) * width
    median, high = quantile(pairs, 0.5), quantile(pairs, 0.95)
    marks = [((median - 0.5) / end, f"median 中位数 {grouped(median)}")]
    if high <= most:
        marks.append(((high - 0.5) / end, f"95 % ≤ {grouped(high)}"))
    longer = sum(n for value, n in pairs if value > most)
    rest = f"{count(longer, 'document')} ({percent(longer, total)})"
    mean = sum(value * n for value, n in pairs) / total
    summary = f"median {grouped(median)}, mean {mean:,.1f}, 95th percentile {grouped(high)}"
    picture = columns(
        heights,
        [((v - 0.5) / end, grouped(v)) for v in round_ticks(most)],
        f"Documents by length in characters: {summary}",
        marks,
    )
    text = paragraph(
        f"Characters in each of {count(total, 'document')}, repeats included: {summary}. "
        + (f"Not drawn: {rest} longer than {grouped(most)}, " if longer else "")
        + f"the longest {grouped(pairs[-1][0])}.",
        f"{grouped(total)} 条文本（含重复）的字符数：中位数 {grouped(median)}，平均 {mean:,.1f}，"
        f"95% 不超过 {grouped(high)}，最长 {grouped(pairs[-1][0])}。"
        + (f"图中略去更长的 {grouped(longer)} 条。" if longer else ""),
    )
    return picture + text


def characters(report: Report) -> str:
    """The share of the text that the n most frequent characters make up."""
    covered, total = [], 0
    for _, n in report["characters"]:
        total += n
        covered.append(total)
    distinct = len(covered)
    scale = math.log(max(distinct, 2))
    kept = sorted({round(math.exp(scale * i / N_POINTS)) for i in range(N_POINTS + 1)})
    points = [(math.log(n) / scale, covered[n - 1] / total) for n in kept if n <= distinct]
    needed = {
        share: next(n for n, c in enumerate(covered, 1) if c >= share * total) for share in _COVERED
    }
    marks: list[Mark] = [
        (math.log(n) / scale, f"{100 * share:g} %: {grouped(n)}") for share, n in needed.items()
    ]
    said = ", ".join(f"{grouped(n)} make up {100 * share:g} %" for share, n in needed.items())
    said_zh = "，".join(f"前 {grouped(n)} 个占 {100 * share:g}%" for share, n in needed.items())
    once = sum(1 for _, n in report["characters"] if n == 1)
    picture = curve(
        points,
        [(math.log(n) / scale, grouped(n)) for n in powers(distinct)],
        f"Share of the text by number of most frequent characters: {said}",
        marks,
    )
    return picture + paragraph(
        f"Of {count(distinct, 'distinct character')} the most frequent {said} of the text; "
        f"{grouped(once)} occur once only. Across: how many of the most frequent characters.",
        f"共 {grouped(distinct)} 种字符，按频率{said_zh}；仅出现一次的有 {grouped(once)} 种。"
        "横轴：最常用的字符个数。",
    )


def seen(report: Report) -> str:
    """The share of held-out documents whose first characters begin a training document too."""
    pairs = _pairs(report["seen_chars"])
    total = sum(n for _, n in pairs)
    if not total:
        return paragraph("No document was held out.", "没有留出的文本。")
    at_least = [sum(n for value, n in pairs if value >= k) for k in range(1, N_FIRST + 1)]
    shares = [n / total for n in at_least]
    median = quantile(pairs, 0.5)
    picture = columns(
        shares,
        [((i + 0.5) / N_FIRST, str(i + 1)) for i in range(N_FIRST)],
        "Share of held-out documents whose first 1 to 16 characters are known: "
        + ", ".join(f"{100 * share:.0f} %" for share in shares),
        labels=[f"{100 * share:.0f}" for share in shares],
    )
    return picture + paragraph(
        f"Per cent of {count(total, 'held-out document')} whose first 1, 2, … {N_FIRST} characters "
        f"begin a training document too; half share {count(median, 'character')} or more.",
        f"{grouped(total)} 条留出的文本中，前 1、2…{N_FIRST} 个字符也是某条训练文本开头的占百分之"
        f"几；半数至少有 {median} 个字符相同。",
    )


def _pairs(histogram: Iterable[list[int]]) -> Histogram:
    return sorted((value, n) for value, n in histogram)
