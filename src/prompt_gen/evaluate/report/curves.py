"""The sections that are pictures: by characters typed, by confidence, by time."""

import math
from collections.abc import Sequence

from prompt_gen.evaluate.report.pictures import first_of, lines, reliability
from prompt_gen.evaluate.report.values import (
    Predictor,
    Report,
    absent,
    colour,
    english_of,
    known,
    label,
    names_of,
    numbers_of,
    said,
    short,
    title_of,
    with_part,
)
from prompt_gen.page.lines import Line, panel, panels
from prompt_gen.page.pictures import Mark, columns
from prompt_gen.page.words import both, count, grouped, paragraph, plain, table

_TICKS = 7  # labels below a histogram
_BESIDE = ("first", "last", "keys")  # what is no number in a row by length


def by_length(report: Report) -> str:
    """Keystrokes saved and success by how much was typed."""
    predictors = with_part(report, "by_length")
    names = names_of(row for predictor in predictors for row in predictor["by_length"])
    if not names:
        return absent("numbers by what was typed", "按已输入长度的数值")
    pictures = [panel(title_of(name), _by_length(predictors, name)) for name in names]
    note = paragraph("Across: how many characters had been typed.", "横轴：已输入的字符数。")
    return panels(pictures) + note + _length_table(predictors[0], names)


def _by_length(predictors: Sequence[Predictor], name: str) -> str:
    rows = max((predictor["by_length"] for predictor in predictors), key=len)
    ticks = [((i + 0.5) / len(rows), _range(row)) for i, row in enumerate(rows)]
    series, told = [], []
    for predictor in predictors:
        values = [known(row.get(name)) for row in predictor["by_length"]]
        if all(value is None for value in values):
            continue
        points = [((i + 0.5) / len(rows), value) for i, value in enumerate(values)]
        series.append(Line(colour(predictor), short(predictor), points))
        told.append(f"{plain(predictor['title'])} {', '.join(_rounded(v) for v in values)}")
    ranges = ", ".join(chars for _, chars in ticks)
    return lines(series, ticks, f"{english_of(name)} after {ranges} characters: {'; '.join(told)}")


def _rounded(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _range(row: dict) -> str:
    first, last = row["first"], row.get("last")
    if last is None:
        return f"{first}+"
    return str(first) if first == last else f"{first}–{last}"


def _length_table(predictor: Predictor, names: Sequence[str]) -> str:
    heads = [both("Characters typed", "已输入字符"), both("Keys", "键数"), *map(title_of, names)]
    rows = [
        [_range(row), grouped(row["keys"]), *(said(name, row.get(name)) for name in names)]
        for row in predictor["by_length"]
    ]
    told = table("The first predictor by characters typed", heads, rows, "even")
    summary = f"{label(predictor)}: {both('in numbers', '数值')}"
    return f"<details><summary>{summary}</summary>{told}</details>"


def confidence(report: Report) -> str:
    """Precision by coverage of all predictors, then how far scores can be believed."""
    return _coverage(report) + _reliability(report)


def _coverage(report: Report) -> str:
    predictors = with_part(report, "coverage")
    title = f"<h3>{both('Precision by coverage', '覆盖率与准确率')}</h3>"
    if not predictors:
        return title + absent("precision by coverage", "覆盖率与准确率")
    series, told = [], []
    for predictor in predictors:
        points = sorted(
            (row["coverage"], row["precision"])
            for row in predictor["coverage"]
            if row.get("coverage") is not None and row.get("precision") is not None
        )
        series.append(Line(colour(predictor), short(predictor), points))
        told.append(f"{plain(predictor['title'])} {_at_half(points)}")
    ticks = [(share, f"{100 * share:g} %") for share in (0.0, 0.5, 1.0)]
    picture = lines(series, ticks, f"Precision by coverage: {'; '.join(told)}")
    return (
        title
        + picture
        + paragraph(
            "Only first candidates with a score above a threshold are shown. Across: at what share "
            "of keys one is left; upwards: how many of those are right.",
            "只显示得分高于阈值的首个候选。横轴：仍有候选的键所占比例；纵轴：其中正确的比例。",
        )
    )


def _at_half(points: Sequence[tuple[float, float]]) -> str:
    if not points:
        return "nothing shown"
    coverage, precision = min(points, key=lambda point: abs(point[0] - 0.5))
    return f"{100 * precision:.0f} % right at {100 * coverage:.0f} % coverage"


def _reliability(report: Report) -> str:
    predictors = with_part(report, "reliability")
    title = f"<h3>{both('Scores and how often they were right', '得分与实际正确率')}</h3>"
    if not predictors:
        return title + absent("how far scores can be believed", "得分是否可信")
    pictures = [panel(_reliability_caption(p), _reliability_picture(p)) for p in predictors]
    note = paragraph(
        "Across: the score of the first candidate; upwards: how often it was right. Points on the "
        "broken line can be believed; a stem is the error, a larger point more keys.",
        "横轴：首个候选的得分；纵轴：实际正确的比例。虚线上的点可信；竖线为误差，点越大键越多。",
    )
    return title + panels(pictures, "small") + note


def _reliability_caption(predictor: Predictor) -> str:
    error = numbers_of(predictor).get("calibration_error")
    if known(error) is None:
        return label(predictor)
    told = f"{title_of('calibration_error')} {said('calibration_error', error)}"
    return f"{label(predictor)}<small>{told}</small>"


def _reliability_picture(predictor: Predictor) -> str:
    bins = [
        (row["score"], row["right"], row["keys"])
        for row in predictor["reliability"]
        if row.get("score") is not None and row.get("right") is not None
    ]
    told = ", ".join(f"{100 * score:.0f} % → {100 * right:.0f} %" for score, right, _ in bins)
    name = plain(predictor["title"])
    return reliability(bins, colour(predictor), f"{name}: score and how often right: {told}")


def latency(report: Report) -> str:
    """How many keys took how long; median and 95th percentile."""
    predictors = with_part(report, "latency")
    if not predictors:
        return absent("time per key", "每键耗时")
    pictures = [panel(_latency_caption(p), _latency_picture(p)) for p in predictors]
    note = paragraph(
        "Keys by milliseconds until their candidates were there, on the machine named at the end; "
        "the columns are not of equal width in time.",
        "各键得到候选所用的毫秒数，机器见文末；各柱的时间跨度并不相等。",
    )
    return first_of(pictures) + note


def _latency_caption(predictor: Predictor) -> str:
    numbers = numbers_of(predictor)
    facts = [
        f"{share} {said(name, numbers[name])}"
        for name, share in (("p50_ms", "50 % ≤"), ("p95_ms", "95 % ≤"), ("p99_ms", "99 % ≤"))
        if known(numbers.get(name)) is not None
    ]
    return f"{label(predictor)}<small>{' · '.join(facts)}</small>"


def _latency_picture(predictor: Predictor) -> str:
    bins = predictor["latency"]
    bounds = [row.get("up_to_ms") for row in bins]
    marks: list[Mark] = []
    for name, share in (("p50_ms", "50 %"), ("p95_ms", "95 %")):
        value = known(numbers_of(predictor).get(name))
        if value is not None:
            marks.append((place(value, bounds), share))
    every = math.ceil(len(bins) / _TICKS)
    ticks = [
        ((i + 1) / len(bins), f"{bound:g}")
        for i, bound in enumerate(bounds)
        if bound is not None and (len(bins) - 1 - i) % every == 0
    ]
    told = ", ".join(f"{_bound(row.get('up_to_ms'))}: {count(row['keys'], 'key')}" for row in bins)
    return columns(
        [row["keys"] for row in bins],
        ticks,
        f"{plain(predictor['title'])}, time per key: {told}",
        marks,
    )


def _bound(bound: float | None) -> str:
    return "more" if bound is None else f"up to {bound:g} ms"


def place(value: float, bounds: Sequence[float | None]) -> float:
    """Where a value stands among columns of equal width with these upper bounds, 0 to 1."""
    low = 0.0
    for i, bound in enumerate(bounds):
        if bound is None or value <= bound:
            within = (value - low) / (bound - low) if bound is not None and bound > low else 0.5
            return (i + within) / len(bounds)
        low = bound
    return 1.0
