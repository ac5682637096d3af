"""The curves of a training: bits per character by steps and by minutes, rate, batch and speed."""

from collections.abc import Callable, Sequence
from typing import Any

from prompt_gen.page.lines import Line, Point, lines, panel, panels, plain_lines, round_scale
from prompt_gen.page.pictures import N_POINTS, Mark, round_ticks
from prompt_gen.page.words import both, grouped, paragraph

Row = dict[str, Any]
Across = Callable[[Row], float]

REFERENCES = {  # what the n-grams of the same text reach
    "kneser_ney": ("Kneser-Ney", ""),
    "bigram": ("bigram", "二元"),
    "unigram": ("unigram", "一元"),
}
_SETTLED = 0.03  # share of the run before which the training curve does not set the height
_MIN_MINUTES = 3  # shorter runs are drawn by seconds


def minutes(row: Row) -> float:
    """Minutes a run had trained at a row."""
    return row.get("seconds", 0.0) / 60


def is_look(row: Row) -> bool:
    """Whether the validation lines were looked at there; the end only says which was best."""
    return row["state"] == "note" and "validation_bits_per_char" in row


def loss(report: Row) -> str:
    """Bits per character in training and on validation, beside references."""
    rows = report["rows"]
    if any("validation_score" in row for row in rows):
        return _panel("Across: steps.", "横轴：步数。", _scores(rows))
    if not any("bits_per_char" in row or "validation_bits_per_char" in row for row in rows):
        return paragraph("Nothing has been measured yet.", "尚无测量值。")
    by_steps = _panel(
        "Across: steps.", "横轴：步数。", _bits(rows, "step", lambda row: row["step"])
    )
    unit, chinese, scale = _time(rows)
    across = f"Across: {unit} of training.", f"横轴：训练时间（{chinese}）。"
    by_time = _panel(*across, _bits(rows, unit, lambda row: row.get("seconds", 0.0) / scale))
    note = paragraph(
        "Validation and training lines: all tokens, nothing dropped. Batches: the mean of each "
        "second's, where no softmax is sampled; dropout may play in. Lower is better.",
        "验证与训练集：完整 softmax，无 dropout；批次：未用采样 softmax 时每秒各批的平均值，"
        "可能含 dropout 的影响。越低越好。",
    )
    return by_steps + by_time + note


def _scores(rows: Sequence[Row]) -> str:
    """Scores of labels in a look after the other; higher is better."""
    looks = [row for row in rows if row["state"] == "note" and "validation_score" in row]
    end = max(max(row["step"] for row in rows), 1)
    parts = {"validation": ("t-validation", "验证"), "training": ("t-lines", "训练集")}
    series = [
        Line(
            colour,
            both(f"{name} texts", chinese),
            [(row["step"] / end, row[f"{name}_score"]) for row in looks],
        )
        for name, (colour, chinese) in parts.items()
    ]
    values = [y for line in series for _, y in line.points if y is not None]
    scale = round_scale(min(values), max(values), lambda score: f"{score:.3f}")
    told = ", ".join(f"{row['validation_score']:.3f} at {grouped(row['step'])}" for row in looks)
    return lines(series, _few(end), scale, f"{looks[-1]['score']} by steps; on validation {told}")


def _time(rows: Sequence[Row]) -> tuple[str, str, float]:
    """The unit of time, and its seconds."""
    is_short = max(map(minutes, rows)) < _MIN_MINUTES
    return ("seconds", "秒", 1.0) if is_short else ("minutes", "分钟", 60.0)


def _panel(english: str, chinese: str, drawn: str) -> str:
    return panel(both(english, chinese), drawn)


def _bits(rows: Sequence[Row], unit: str, at: Across) -> str:
    end = max(max(map(at, rows)), 1e-9)
    training = _points(rows, "bits_per_char", at, end)
    looks = [row for row in rows if is_look(row)]
    validation = [(at(row) / end, row["validation_bits_per_char"]) for row in looks]
    seen = [
        (at(row) / end, row["training_bits_per_char"])
        for row in looks
        if "training_bits_per_char" in row
    ]
    known: Row = {}
    for row in rows:
        known |= row.get("references") or {}
    levels = [
        Line(f"t-{name}", both(*REFERENCES[name]), [(0.0, known[name]), (1.0, known[name])], False)
        for name in REFERENCES
        if name in known
    ]
    shown = [y for x, y in training if y is not None and x >= _SETTLED]
    shown += [y for line in (validation, seen) for _, y in line]
    shown += [known[name] for name in REFERENCES if name in known]
    scale = round_scale(min(shown or [0]), max(shown or [1]), lambda bits: f"{bits:.2f}")
    fitting = [(x, y if y is not None and y <= scale.high else None) for x, y in training]
    series = [
        Line("t-validation", both("validation", "验证"), validation),
        Line("t-lines", both("training lines", "训练集"), seen),
        Line("t-training", both("batches", "批次"), fitting, False),
        *levels,
    ]
    told = [f"{y:.2f} at {_at(x, end)}" for x, y in validation]
    return lines(
        [line for line in series if line.points],
        _few(end),
        scale,
        f"Bits per character by {unit}; on validation {', '.join(told) or 'not measured'}",
    )


def _at(share: float, end: float) -> str:
    """A place on the axis in its own unit."""
    return grouped(round(share * end))


def _ticks(end: float) -> list[Mark]:
    return [(tick / end, grouped(tick)) for tick in round_ticks(int(end)) if tick <= end]


def _points(rows: Sequence[Row], name: str, at: Across, end: float) -> list[Point]:
    """The values by where they are; of more than can be drawn the means of neighbours."""
    points = [
        (at(row) / end, row[name]) for row in rows if name in row and row["state"] == "progress"
    ]
    n = -(-len(points) // N_POINTS) or 1
    groups = [points[i : i + n] for i in range(0, len(points), n)]
    return [(sum(x for x, _ in g) / len(g), sum(y for _, y in g) / len(g)) for g in groups]


_SMALL = (  # fact, what it is called, how its last value is written
    ("rate", "Learning rate, share of the peak", "学习率（占峰值）", "{:.2f}"),
    ("batch_tokens", "Tokens in a batch", "每批词元数", "{:,.0f}"),
    ("tokens_per_s", "Tokens a second", "每秒词元数", "{:,.0f}"),
)


def course(report: Row) -> str:
    """Learning rate, batch and speed by steps."""
    rows = report["rows"]
    end = max(*(row["step"] for row in rows), 1)
    drawn = []
    for name, english, chinese, form in _SMALL:
        points = _points(rows, name, lambda row: row["step"], end)
        if not points:
            continue
        values = [y for _, y in points if y is not None]
        scale = round_scale(0.0, max(values), form.format, 2)
        facts = f"mean {form.format(sum(values) / len(values))}, last {form.format(values[-1])}"
        caption = f"{both(english, chinese)}<small>{facts}</small>"
        line = Line("t-validation", "", points, False)
        drawn.append(panel(caption, plain_lines([line], _few(end), scale, f"{english}: {facts}")))
    if not drawn:
        return paragraph("Nothing has been measured yet.", "尚无测量值。")
    return panels(drawn, "small") + paragraph("Across: steps.", "横轴：步数。")


def _few(end: float) -> list[Mark]:
    """Up to four labels, for a phone has no room for more."""
    ticks = _ticks(end)
    return ticks[len(ticks) - 1 :: -2][::-1] if len(ticks) > 3 else ticks
