"""How good labels are, as one page: no script, nothing loaded, English and Chinese."""

from pathlib import Path
from typing import Any

from prompt_gen.page import Section, brand, contents, whole, written
from prompt_gen.page import numbers as large
from prompt_gen.page.matrix import matrix
from prompt_gen.page.words import both, grouped, paragraph, shown, table
from prompt_gen.storage import write_atomic

_TITLES = {
    "accuracy": ("accuracy", "准确率"),
    "micro_precision": ("precision, micro", "精确率（微平均）"),
    "micro_recall": ("recall, micro", "召回率（微平均）"),
    "micro_f1": ("F1, micro", "F1（微平均）"),
    "macro_precision": ("precision, macro", "精确率（宏平均）"),
    "macro_recall": ("recall, macro", "召回率（宏平均）"),
    "macro_f1": ("F1, macro", "F1（宏平均）"),
}
_LARGE = ("accuracy", "micro_f1", "macro_f1")


def write(report: dict[str, Any], title: str, path: Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    sections = [row for row in _SECTIONS if row.anchor != "matrix" or "matrix" in report]
    facts = [
        (*_TITLES[name], _percent(report["numbers"][name]["value"]))
        for name in _LARGE
        if name in report["numbers"]
    ]
    name = "entities" if report["task"] == "tag" else "texts"
    header = "\n".join(
        [
            brand("Report of labels", "标注报告", title),
            f"<h1>{both(*_TITLES[report['score']])}: "
            f"{_percent(report['numbers'][report['score']]['value'])}</h1>",
            paragraph(
                f"Of {name}, on {grouped(report['texts'])} texts that were not learned from.",
                f"在 {grouped(report['texts'])} 条未参与训练的文本上测得。",
                "lead",
            ),
            large(facts),
            contents(sections),
        ]
    )
    write_atomic(path, whole(f"Labels: {title}", header, written(sections, report)))
    return path


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _numbers(report: dict[str, Any]) -> str:
    rows = [
        (
            both(*_TITLES[name]),
            _percent(row["value"]),
            f"{_percent(row['low'])} – {_percent(row['high'])}",
        )
        for name, row in report["numbers"].items()
    ]
    heads = (both("number", "指标"), both("value", "值"), both("95 % interval", "95 % 区间"))
    return table("Numbers with intervals", heads, rows)


def _labels(report: dict[str, Any]) -> str:
    rows = [
        (
            shown(row["label"]),
            *(_percent(row[name]) for name in ("precision", "recall", "f1")),
            grouped(round(row["there"])),
        )
        for row in report["labels"]
    ]
    heads = (
        both("label", "标签"),
        both("precision", "精确率"),
        both("recall", "召回率"),
        "F1",
        both("there", "数量"),
    )
    return table("Each label by itself", heads, rows)


def _matrix(report: dict[str, Any]) -> str:
    drawn = matrix(report["matrix"]["labels"], report["matrix"]["counts"])
    note = paragraph(
        "Rows: the right label, columns: what was said; darker: a larger share of the row.",
        "行：正确标签；列：模型给出的标签；颜色越深，占该行的比例越大。",
    )
    rows = [
        (shown(row["right"]), shown(row["said"]), grouped(row["n"])) for row in report["confused"]
    ]
    heads = (both("right", "正确"), both("said", "给出"), both("texts", "文本数"))
    return drawn + note + (table("Labels taken for others", heads, rows) if rows else "")


def _mistakes(report: dict[str, Any]) -> str:
    if not report["mistakes"]:
        return paragraph("All labels are right.", "全部正确。")
    rows = [
        (shown(row["text"]), shown(row["right"]), shown(row["said"])) for row in report["mistakes"]
    ]
    heads = (both("text", "文本"), both("right", "正确"), both("said", "给出"))
    return table("Texts with a wrong label", heads, rows)


_SECTIONS = (
    Section("numbers", "Numbers", "指标", _numbers),
    Section("matrix", "What is taken for what", "混淆矩阵", _matrix),
    Section("labels", "Each label", "各标签", _labels),
    Section("mistakes", "Mistakes", "错误示例", _mistakes),
)
