"""The sections of the page on a training, in their order, and those that are no picture."""

from collections.abc import Mapping
from typing import Any

from prompt_gen.page import Section
from prompt_gen.page.words import both, count, grouped, paragraph, shown, table
from prompt_gen.training.report.curves import course, loss, minutes

Report = dict[str, Any]

_N_SAMPLES = 8  # looks whose completions are shown, evenly over the run, the last among them
_COMPARED = {  # what a forecast may hold -> where the outcome is in the last facts
    "steps": ("steps", "步数", "step"),
    "seconds": ("seconds", "秒", "seconds"),
    "epochs": ("epochs", "遍数", "epochs"),
    "tokens_per_s": ("tokens a second", "每秒词元数", "tokens_per_s"),
    "bits_per_char": ("bits per character", "每字比特", "best_bits"),
    "memory_mb": ("memory, MB", "内存（MB）", "memory_mb"),
}


def warnings(report: Report) -> str:
    """What was warned of, and at which step."""
    rows = [row for row in report["rows"] if "warning" in row]
    if report["broken"]:
        lost = count(report["broken"], "line"), grouped(report["broken"])
        broken = paragraph(
            f"{lost[0]} of metrics.jsonl could not be read and are left out.",
            f"metrics.jsonl 中有 {lost[1]} 行无法读取，已略去。",
        )
    else:
        broken = ""
    if not rows:
        return paragraph("There was none.", "没有警告。") + broken
    told = "".join(f"<li>{_at(row)}: {shown(row['warning'])}</li>" for row in rows)
    return f'<ul class="limits">{told}</ul>{broken}'


def _at(row: Report) -> str:
    return f"<b>{both('step', '步')} {grouped(row['step'])}</b>"


def samples(report: Report) -> str:
    """What the model wrote at looks over the run."""
    rows = [row for row in report["rows"] if row.get("samples")]
    if not rows:
        return paragraph("None was written.", "没有续写样例。")
    places = {round(i * (len(rows) - 1) / max(1, _N_SAMPLES - 1)) for i in range(_N_SAMPLES)}
    heads = (both("Step", "步数"), both("Completions", "续写"))
    chosen = [rows[i] for i in sorted(places)]
    told = ([grouped(row["step"]), "<br>".join(map(shown, row["samples"]))] for row in chosen)
    return table("Completions by step", heads, told, "samples")


def forecast(report: Report) -> str:
    """What was expected before the run, beside what came."""
    expected, last = report["forecast"], report["last"]
    if not expected:
        return paragraph("No forecast was kept for this run.", "本次训练没有保存预测。")
    pace = last["tokens"] / last["seconds"] if last.get("seconds") else None
    came = last | {
        "tokens_per_s": pace,
        "best_bits": report["best"].get("validation_bits_per_char"),
    }
    rows = []
    for name, (english, chinese, outcome) in _COMPARED.items():
        if name in expected:
            rows.append([both(english, chinese), _said(expected[name]), _said(came.get(outcome))])
    heads = (both("What", "项目"), both("Forecast", "预测"), both("Outcome", "结果"))
    return table("The forecast and what came", heads, rows, "facts even")


def recipe(report: Report) -> str:
    """The settings of the run and the shape of the model."""
    told = {}
    for row in report["rows"]:
        if row["state"] == "start":
            told = {name: value for name, value in row.items() if name not in ("state", "step")}
    chosen = told.pop("recipe", {})
    rows = [[shown(name.replace("_", " ")), _said(value)] for name, value in told.items()]
    rows.append([both("minutes of training", "训练分钟数"), f"{minutes(report['last']):.1f}"])
    rows += [[f"<code>train.{shown(name)}</code>", _said(value)] for name, value in chosen.items()]
    heads = (both("What", "项目"), both("Value", "数值"))
    return table("How it was trained", heads, rows, "facts settings")


def _said(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | str):
        return shown(str(value))
    if isinstance(value, int):
        return grouped(value)
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, Mapping):
        return "<br>".join(f"{shown(str(k))}: {_said(inner)}" for k, inner in value.items())
    if isinstance(value, list | tuple):
        return " – ".join(map(_said, value))
    return shown(str(value))


SECTIONS = (
    Section("loss", "Bits per character", "每字比特", loss),
    Section("warnings", "Warnings", "警告", warnings),
    Section("course", "Learning rate, batch and speed", "学习率、批量与速度", course),
    Section("samples", "Completions over time", "续写的变化", samples),
    Section("forecast", "Forecast and outcome", "预测与结果", forecast),
    Section("recipe", "Recipe", "训练设置", recipe),
)
