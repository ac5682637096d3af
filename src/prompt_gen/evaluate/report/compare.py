"""The predictors side by side: their numbers with intervals, and which is best."""

from prompt_gen.evaluate.metrics import SECTIONS, is_beyond_chance, metric
from prompt_gen.evaluate.report.pictures import bar_with_interval
from prompt_gen.evaluate.report.values import (
    Measured,
    Predictor,
    Report,
    absent,
    colour,
    difference,
    english_of,
    full,
    known,
    label,
    named,
    names_of,
    numbers_of,
    short,
    title_of,
    verdict,
    with_interval,
)
from prompt_gen.page.words import both, grouped, paragraph, percent, shown, table

_PICTURED = ("saved", "bits_per_char", "success")  # bases of the numbers that get bars
_KINDS = {  # kind of key -> heading, and what it means
    "seen": ("Seen", "见过", "what was typed begins a training line", "开头与某条训练文本相同"),
    "near": ("Near-seen", "近似见过", "the line is nearly one of training", "与某条训练文本近似"),
    "unseen": ("Unseen", "没见过", "no training line begins like this", "没有训练文本这样开头"),
}


def against(report: Report) -> str:
    """Bars of the numbers that matter most, and how far the model is from each predictor."""
    names = _names(report)
    chosen = [name for base in _PICTURED if (name := _chosen(names, base))]
    if not chosen:
        return absent("keystrokes saved, bits per character, hits", "节省击键、每字比特、命中")
    note = paragraph(
        "A bar is the value, the thin line over it its 95 % interval over lines.",
        "条形为数值，细线为按行重抽样的 95% 区间。",
    )
    if len(report["predictors"]) > 1:
        note += paragraph(
            "Model minus it: on the same lines, shares in points of a per cent. ▲ the model is "
            "better, ▼ worse, ≈ within chance (the interval contains 0).",
            "模型减去它：同样的行上之差，占比以百分点计。▲ 模型更好，▼ 更差，≈ 不显著"
            "（区间含 0）。",
        )
    return "\n".join(_bars(report, name) for name in chosen) + note


def _chosen(names: list[str], base: str) -> str:
    return named(names, base, "1" if base == "success" else "5")


def _names(report: Report) -> list[str]:
    return names_of(numbers_of(predictor) for predictor in report["predictors"])


def _bars(report: Report, name: str) -> str:
    rows, lacking = [], []
    top = max(_reach(numbers_of(p).get(name)) for p in report["predictors"])
    for predictor in report["predictors"]:
        number = numbers_of(predictor).get(name)
        if known(number) is None:
            lacking.append(
                (short(predictor), shown(predictor.get("chinese") or predictor["title"]))
            )
            continue
        head = full(predictor) + _bar(number, top, colour(predictor))
        rows.append([head, with_interval(name, number), *_gap(report, predictor, name)])
    heads = [both("Predictor", "预测器"), both("Value", "数值")]
    if len(report["predictors"]) > 1:
        heads.append(both("Model minus it", "模型减去它"))
    text = f"<h3>{title_of(name)}{_direction(name)}</h3>"
    text += table(f"{english_of(name)} by predictor", heads, rows, "against")
    if lacking:
        text += paragraph(
            f"No such number: {', '.join(english for english, _ in lacking)}.",
            f"没有该数值：{'、'.join(chinese for _, chinese in lacking)}。",
        )
    return text


def _reach(number: Measured | None) -> float:
    return max([end for end in (number or {}).values() if end is not None], default=0)


def _bar(number: Measured | None, top: float, name: str) -> str:
    value = known(number)
    if number is None or value is None:
        return ""
    return bar_with_interval(value, number.get("low"), number.get("high"), top, name)


def _direction(name: str) -> str:
    said = {"more": ("more is better", "越高越好"), "less": ("less is better", "越低越好")}
    better = metric(name).better
    return f" <small>{both(*said[better])}</small>" if better else ""


def _gap(report: Report, predictor: Predictor, name: str) -> list[str]:
    if predictor is report["predictors"][0]:
        return [""] * (len(report["predictors"]) > 1)
    differences = (report.get("differences") or {}).get(predictor["name"]) or {}
    return [difference(name, differences.get(name))]


def best(report: Report, name: str) -> str:
    """The name of the predictor whose number is best beyond chance; empty where none is.

    Differences are known to the model only: another is best where it beats the model, the model
    where it beats all others.
    """
    better = metric(name).better
    values = {
        predictor["name"]: value
        for predictor in report["predictors"]
        if (value := known(numbers_of(predictor).get(name))) is not None
    }
    if not better or len(values) < 2:
        return ""
    first = (max if better == "more" else min)(values, key=lambda key: values[key])
    model = report["predictors"][0]["name"]
    others = [key for key in values if key != model] if first == model else [first]
    differences = report.get("differences") or {}
    sure = all(is_beyond_chance((differences.get(key) or {}).get(name) or {}) for key in others)
    return first if sure else ""


def side_by_side(report: Report) -> str:
    """A table of all numbers of all predictors, by section of METRICS."""
    names = _names(report)
    if not names:
        return absent("any number", "任何数值")
    heads = "".join(f'<th scope="col">{label(p)}</th>' for p in report["predictors"])
    groups = "\n".join(
        _group(report, section, inside)
        for section in SECTIONS
        if (inside := [name for name in names if metric(name).section == section])
    )
    note = paragraph(
        "Small: 95 % intervals over lines. ★ marks the best value, where the model's difference "
        "from the others is beyond chance. A dash: the predictor has no such number, or nothing "
        "was counted.",
        "小字为按行重抽样的 95% 区间。★ 为最好的数值，仅当与模型之差显著时标出。横线表示没有该数值"
        "或没有可计的内容。",
    )
    return (
        '<div class="wide scroll" tabindex="0" role="region" aria-label="All numbers 全部数值">'
        '<table class="side"><caption>All numbers by predictor</caption>'
        f'<thead><tr><th scope="col">{both("Number", "数值")}</th>{heads}</tr></thead>\n'
        f"{groups}\n</table></div>{note}"
    )


def _group(report: Report, section: str, names: list[str]) -> str:
    columns = len(report["predictors"]) + 1
    title = both(*SECTIONS[section])
    head = f'<tr class="group"><th scope="rowgroup" colspan="{columns}">{title}</th></tr>'
    return f"<tbody>{head}\n" + "\n".join(_number_row(report, name) for name in names) + "</tbody>"


def _number_row(report: Report, name: str) -> str:
    first, cells = best(report, name), []
    for predictor in report["predictors"]:
        text = with_interval(name, numbers_of(predictor).get(name))
        is_best = predictor["name"] == first
        star = '<span class="star" role="img" aria-label="best">★</span>' if is_best else ""
        cells.append(f'<td class="best">{star}{text}</td>' if is_best else f"<td>{text}</td>")
    return f'<tr><th scope="row">{title_of(name)}</th>{"".join(cells)}</tr>'


def kinds(report: Report) -> str:
    """The numbers where what was typed begins a training line, nearly does, or does not."""
    predictors = report["predictors"]
    found = [kind for kind in _KINDS if any(_of(p, kind) for p in predictors)]
    names = names_of(_of(p, kind) for p in predictors for kind in found)
    names.sort(key=lambda name: not name.startswith("saved"))
    if not names:
        return absent("seen and unseen beginnings apart", "见过与没见过的开头分开的数值")
    keys = report["lines"].get("kinds") or {}
    said = "; ".join(f"{_KINDS[kind][0].lower()}: {_KINDS[kind][2]}" for kind in found)
    said_zh = "；".join(f"{_KINDS[kind][1]}：{_KINDS[kind][3]}" for kind in found)
    heads = [both("Predictor", "预测器"), *(_kind_head(kind, keys) for kind in found)]
    tables = [
        f"<h3>{title_of(name)}{_direction(name)}</h3>"
        + table(
            f"{english_of(name)} by kind of key", heads, _kind_rows(report, name, found), "kinds"
        )
        for name in names
    ]
    note = paragraph(
        f"{said.capitalize()}. Below each kind: its keys.", f"{said_zh}。各类之下为键数。"
    )
    rows = "".join(verdict(row) for row in report.get("verdicts") or [] if row.get("kind"))
    return note + (f'<ul class="verdicts">{rows}</ul>' if rows else "") + "\n".join(tables)


def _kind_head(kind: str, keys: dict[str, int]) -> str:
    head = both(*_KINDS[kind][:2])
    if kind not in keys:
        return head
    share = percent(keys[kind], sum(keys.values()))
    return f"{head}<small>{grouped(keys[kind])} · {share}</small>"


def _of(predictor: Predictor, kind: str) -> dict[str, Measured]:
    return (predictor.get("by_kind") or {}).get(kind) or {}


def _kind_rows(report: Report, name: str, found: list[str]) -> list[list[str]]:
    rows = [(p, [_of(p, kind).get(name) for kind in found]) for p in report["predictors"]]
    top = max(_reach(number) for _, numbers in rows for number in numbers)
    return [
        [
            label(predictor),
            *(with_interval(name, n) + _bar(n, top, colour(predictor)) for n in numbers),
        ]
        for predictor, numbers in rows
    ]
