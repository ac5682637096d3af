"""How good ranks are, as one page: no script, nothing loaded, English and Chinese."""

from pathlib import Path
from typing import Any

from prompt_gen.page import Section, brand, whole, written
from prompt_gen.page.words import both, grouped, paragraph, table
from prompt_gen.storage import write_atomic


def write(report: dict[str, Any], title: str, path: Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    header = "\n".join(
        [
            brand("Report of ranks", "排序报告", title),
            f"<h1>MRR: {report['numbers'][report['score']]['value']:.3f}</h1>",
            paragraph(
                f"Of {grouped(report['queries'])} queries that were not learned from.",
                f"在 {grouped(report['queries'])} 个未参与训练的查询上测得。",
                "lead",
            ),
        ]
    )
    write_atomic(path, whole(f"Ranks: {title}", header, written(_SECTIONS, report)))
    return path


def _numbers(report: dict[str, Any]) -> str:
    rows = [
        (name.upper(), *(_interval(report[column][name]) for column in ("numbers", "order")))
        for name in report["numbers"]
    ]
    heads = (both("number", "指标"), both("value", "值"), both("any order", "随机顺序"))
    return table("Numbers with intervals", heads, rows)


def _interval(row: dict[str, float]) -> str:
    return f"{row['value']:.3f} ({row['low']:.3f} – {row['high']:.3f})"


_SECTIONS = (Section("numbers", "Numbers, with 95 % intervals", "指标与 95 % 区间", _numbers),)
