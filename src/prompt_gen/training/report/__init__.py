"""How a training went, as one page: no script, nothing loaded, English and Chinese."""

import json
from pathlib import Path
from typing import Any

from prompt_gen.errors import UsageError
from prompt_gen.page import brand, contents, numbers, whole, written
from prompt_gen.page.words import count, grouped, paragraph
from prompt_gen.run import write_atomic
from prompt_gen.training import metrics
from prompt_gen.training.report.curves import is_look, minutes
from prompt_gen.training.report.sections import SECTIONS

FILE = "report.html"
STYLE = Path(__file__).with_name("style.css")


def write(training: Path, path: Path | None = None) -> Path:
    """Write the page on a training, finished or not, to `path` or into its directory.

    Raises:
        UsageError: nothing is known of a training there.
    """
    rows, n_broken = metrics.read(training / metrics.FILE)
    if not rows:
        raise UsageError(
            f"'{training.parent}' has no training to report on ({metrics.FILE} is not there)",
            f"Train first: prompt-gen train --out {training.parent}",
        )
    path = path or training / FILE
    report = {"rows": rows, "broken": n_broken, "forecast": _forecast(training)}
    write_atomic(path, render(report, str(training.parent)))
    return path


def _forecast(training: Path) -> dict[str, Any]:
    try:
        found = json.loads((training / "forecast.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def render(report: dict[str, Any], title: str) -> str:
    """A whole HTML page, to be kept in a file and opened without a network.

    `report` has the `rows` of metrics.jsonl, how many lines were `broken`, and the `forecast`.
    """
    last: dict[str, Any] = {}
    for row in report["rows"]:
        last |= row
    looks = [row for row in report["rows"] if is_look(row)]
    best = min(looks, key=lambda row: row["validation_bits_per_char"], default={})
    report = report | {"last": last, "best": best}
    header = "\n".join(
        [
            brand("Training report", "训练报告", title),
            _headline(last, best, report["rows"]),
            _numbers(last),
            contents(SECTIONS),
        ]
    )
    style = STYLE.read_text("utf-8")
    return whole(f"Training report: {title}", header, written(SECTIONS, report), style)


def _headline(last: dict[str, Any], best: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    if best:
        bits, step = best["validation_bits_per_char"], grouped(best["step"])
        english = f"{bits:.3f} bits per character on validation, at step {step}."
        chinese = f"第 {step} 步时，验证集每字 {bits:.3f} 比特。"
    elif scored := [row for row in rows if "validation_score" in row and row["state"] == "note"]:
        top = max(scored, key=lambda row: row["validation_score"])
        name, score, step = top["score"], top["validation_score"], grouped(top["step"])
        english = f"{name} {score:.3f} on validation, at step {step}."
        chinese = f"第 {step} 步时，验证集 {name} 为 {score:.3f}。"
    else:
        english, chinese = (
            "The validation lines have not been looked at yet.",
            "尚未在验证集上测量。",
        )
    return f'<h1>{english}</h1>\n<p class="zh" lang="zh">{chinese}</p>\n{_state(last)}'


def _state(last: dict[str, Any]) -> str:
    step, share = grouped(last["step"]), f"{100 * last.get('share', 0):.0f} %"
    if last["state"] == "done":
        return paragraph(
            f"Finished after {count(last['step'], 'step')}.", f"共 {step} 步，已完成。", "lead"
        )
    return paragraph(
        f"Not finished: it goes on, or was stopped, at step {step} ({share}).",
        f"尚未完成：正在训练，或停在第 {step} 步（{share}）。",
        "lead",
    )


def _numbers(last: dict[str, Any]) -> str:
    facts = [
        ("steps", "步数", grouped(last["step"])),
        ("minutes", "分钟", f"{minutes(last):.1f}"),
        ("epochs", "遍数", f"{last.get('epochs', 0):.2f}"),
        ("tokens seen", "已见词元", grouped(last.get("tokens", 0))),
        ("parameters", "参数", grouped(last.get("parameters", 0))),
    ]
    return numbers(facts)
