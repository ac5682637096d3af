"""How good a completer is, as one page: no script, nothing loaded, English and Chinese."""

from pathlib import Path
from typing import Any

from prompt_gen.evaluate.report.sections import SECTIONS
from prompt_gen.evaluate.report.values import (
    Measured,
    interval,
    known,
    named,
    numbers_of,
    plainly,
    said,
    title_of,
    verdict,
    with_interval,
)
from prompt_gen.page import brand, contents, whole, written
from prompt_gen.page import numbers as large
from prompt_gen.page.words import count, grouped, paragraph, shown
from prompt_gen.storage import write_atomic

STYLE = Path(__file__).with_name("style.css")
_LARGE = (("saved", "5"), ("bits_per_char", ""), ("success", "1"), ("mrr", "5"),
          ("calibration_error", ""), ("p95_ms", ""))  # fmt: skip


def render(report: dict[str, Any], title: str) -> str:
    """A whole HTML page on an evaluation, to be kept in a file and opened without a network.

    `report` is what `evaluate` gives for JSON, the model first among its predictors; `title` names
    what was evaluated.
    """
    header = "\n".join(
        [
            brand("Evaluation report", "评测报告", title),
            _headline(report),
            _verdicts(report),
            _numbers(_model(report)),
            contents(SECTIONS),
        ]
    )
    main = written(SECTIONS, report)
    return whole(f"Evaluation report: {title}", header, main, STYLE.read_text("utf-8"))


def write(report: dict[str, Any], title: str, path: Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    write_atomic(path, render(report, title))
    return path


def _model(report: dict[str, Any]) -> dict[str, Measured]:
    return numbers_of(report["predictors"][0]) if report["predictors"] else {}


def _headline(report: dict[str, Any]) -> str:
    """The answer in words."""
    numbers = _model(report)
    saved, bits = named(numbers, "saved"), numbers.get("bits_per_char")
    english, chinese = [], []
    if saved and known(numbers[saved]) is not None:
        value = said(saved, numbers[saved])
        english.append(f"{value} of keystrokes saved")
        chinese.append(f"节省 {value.replace(' %', '%')} 的击键")
    if known(bits) is not None:
        english.append(f"{said('bits_per_char', bits)} bits per character")
        chinese.append(f"每字 {said('bits_per_char', bits)} 比特")
    if not english:
        english, chinese = ["Neither typing nor likelihood was measured"], ["未测量打字与概率"]
    return (
        f"<h1>{', '.join(english)}.</h1>\n"
        f'<p class="zh" lang="zh">{"，".join(chinese)}。</p>\n{_lead(report, numbers, saved)}'
    )


def _lead(report: dict[str, Any], numbers: dict[str, Measured], saved: str) -> str:
    lines, spread = report["lines"], interval(saved, numbers[saved]) if saved else ""
    english, chinese = [], []
    if spread:
        english.append(f"95 % interval {spread} %")
        chinese.append(f"95% 区间 {spread}%")
    p95 = known(numbers.get("p95_ms"))
    if p95 is not None:
        english.append(f"95 of 100 keys are answered within {plainly('p95_ms', p95)} ms")
        chinese.append(f"95% 的键在 {plainly('p95_ms', p95)} 毫秒内得到候选")
    keys, typed, n = lines.get("keys") or 0, lines.get("typed") or 0, lines["n"]
    if keys:
        english.append(f"{count(keys, 'key')} in {count(typed, 'line')} of {grouped(n)}")
        chinese.append(f"{grouped(n)} 行中取 {grouped(typed)} 行，共 {grouped(keys)} 键")
    else:
        english.append(count(n, "line"))
        chinese.append(f"{grouped(n)} 行")
    source = shown(lines["source"])
    return paragraph(f"{'; '.join(english)}: {source}.", f"{'；'.join(chinese)}。", "lead")


def _verdicts(report: dict[str, Any]) -> str:
    """Who wins on the whole, and where the model does not; the rest is among the kinds."""
    rows = "".join(
        verdict(row)
        for row in report.get("verdicts") or []
        if not row.get("kind") or row["winner"] == "other"
    )
    if len(report["predictors"]) < 2:
        return paragraph("There is nothing to compare it with.", "没有可比较的对象。", "lead")
    if not rows:
        return paragraph("The lines do not decide.", "这些行不足以定高下。", "lead")
    return f'<ul class="verdicts">{rows}</ul>'


def _numbers(numbers: dict[str, Measured]) -> str:
    facts = []
    for base, k in _LARGE:
        name = named(numbers, base, k)
        if name and known(numbers[name]) is not None:
            facts.append((title_of(name), "", with_interval(name, numbers[name])))
    return large(facts) if facts else ""
