"""How it was measured: what is missing, the command, fingerprints, and what each number means."""

from collections.abc import Iterable
from typing import Any

from prompt_gen.evaluate.metrics import METRICS, SECTIONS
from prompt_gen.evaluate.report.values import Report, names_of, numbers_of, title_of
from prompt_gen.page.words import both, grouped, paragraph, shown, table

_LINES = {  # what is known of the lines -> what it is called
    "source": ("lines", "文本来源"),
    "n": ("lines in all", "总行数"),
    "characters": ("characters", "字符数"),
    "typed": ("lines typed key by key", "逐键输入的行数"),
    "keys": ("keys", "键数"),
    "fingerprint": ("fingerprint of the lines", "文本指纹"),
    "seed": ("seed", "随机种子"),
    "min_right": ("right characters that are taken", "取用所需的正确字数"),
    "resamples": ("resamples for intervals", "区间重抽样次数"),
}
_MADE = {
    "version": ("version", "版本"),
    "seconds": ("seconds", "耗时（秒）"),
    "processes": ("processes", "进程数"),
    "threads": ("threads of each, 0: one a core, at most 2", "每进程线程数（0：每核一个，至多 2）"),
    "machine": ("machine", "机器"),
}
_PRINTS = {
    "bundle": ("fingerprint of the bundle", "模型包指纹"),
    "other": ("fingerprint of the other bundle", "另一模型包指纹"),
    "corpus": ("fingerprint of the corpus", "语料指纹"),
    "vocabulary": ("fingerprint of the vocabulary", "词表指纹"),
}
_LIBRARIES = {
    "bleu": ("BLEU, signature of sacrebleu", "BLEU（sacrebleu 签名）"),
    "chrf": ("chrF, signature of sacrebleu", "chrF（sacrebleu 签名）"),
    "rouge": ("ROUGE, library", "ROUGE（程序库）"),
}
_BETTER = {"more": ("more", "越高"), "less": ("less", "越低"), "": ("", "")}


def missing(report: Report) -> str:
    """What could not be measured and why, and the numbers that no predictor has."""
    rows = [
        f"<li><b>{shown(row['what'])}</b>: {shown(row['why'])}</li>"
        for row in report.get("unavailable") or []
    ]
    rows += [f"<li>{shown(remark)}</li>" for remark in report.get("remarks") or []]
    text = f'<ul class="limits">{"".join(rows)}</ul>' if rows else ""
    have = {name.partition("@")[0] for p in report["predictors"] for name in numbers_of(p)}
    lacking = [row for name, row in METRICS.items() if name not in have]
    if lacking:
        text += paragraph(
            f"No value for: {', '.join(row.english for row in lacking)}.",
            f"没有数值：{'、'.join(row.chinese for row in lacking)}。",
        )
    return text or paragraph("Nothing: every number has a value.", "无：每个数都有值。")


def measured(report: Report) -> str:
    """Facts for doing it again."""
    rows = [[both("command", "命令"), f"<code>{shown(report['command'])}</code>"]]
    parts = ("made", "lines", "fingerprints", "libraries")
    for names, part in zip((_MADE, _LINES, _PRINTS, _LIBRARIES), parts, strict=True):
        rows += _facts(names, report.get(part) or {})
    engine = report.get("engine") or {}
    if engine:
        said = "<br>".join(f"{shown(name)} = {_said(value)}" for name, value in engine.items())
        rows.append([both("settings of the engine", "引擎设置"), f"<code>{said}</code>"])
    heads = (both("What", "项目"), both("Value", "数值"))
    return table("How it was measured", heads, rows, "facts") + paragraph(
        "Intervals: the lines are drawn again with replacement; 95 of 100 such samples lie within. "
        "Two predictors are compared on the same draws.",
        "区间：对行有放回地重抽样，95% 的样本落在其中；比较两个预测器时使用相同的抽样。",
    )


def _facts(names: dict[str, tuple[str, str]], facts: dict[str, Any]) -> list[list[str]]:
    return [[both(*label), _said(facts.get(name))] for name, label in names.items()]


def _said(value: object) -> str:
    if value is None:
        return both("unknown", "未知")
    if isinstance(value, int) and not isinstance(value, bool):
        return grouped(value)
    return shown(str(value))


def definitions(report: Report) -> str:
    """Every number on the page: its name, direction and meaning."""
    names = _bases(names_of(_all_names(report)))
    if not names:
        return paragraph("There is no number on this page.", "本页没有数值。")
    return "\n".join(
        _meanings(section, inside)
        for section in SECTIONS
        if (inside := [name for name in names if METRICS[name].section == section])
    ) + paragraph(
        "A name may end in @k: over the first k candidates, or the next k characters.",
        "名称可以 @k 结尾：前 k 个候选，或后 k 个字符。",
    )


def _meanings(section: str, names: Iterable[str]) -> str:
    rows = []
    for name in names:
        row = METRICS[name]
        head = f"{title_of(name)}<small><code>{name}</code></small>"
        rows.append([head, shown(row.summary), both(*_BETTER[row.better])])
    heads = (both("Number", "数值"), both("Meaning", "含义"), both("Better", "方向"))
    english, chinese = SECTIONS[section]
    text = table(f"What the numbers mean: {english}", heads, rows, "meanings")
    return f"<h3>{both(english, chinese)}</h3>{text}"


def _all_names(report: Report) -> Iterable[Iterable[str]]:
    for predictor in report["predictors"]:
        yield numbers_of(predictor)
        yield from (predictor.get("by_kind") or {}).values()
        yield from predictor.get("by_length") or []


def _bases(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.partition("@")[0] for name in names))
