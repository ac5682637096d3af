"""What users did with what they were shown, as one page: no script, English and Chinese."""

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from prompt_gen.page import Section, brand, contents, numbers, whole, written
from prompt_gen.page.lines import Line, Scale, lines, panel
from prompt_gen.page.pictures import Mark, bar, columns
from prompt_gen.page.words import both, grouped, paragraph, percent, shown, table
from prompt_gen.storage import write_atomic

Summary = dict[str, Any]
_STYLE = """
/* the report on feedback */
.line.t-kept { stroke: var(--warm); stroke-dasharray: 7 3; }
.dot.t-kept { fill: var(--warm); }
.facts :is(th, td):nth-child(n+2) { text-align: end; }
.ranks :is(th, td):nth-child(1) { inline-size: 4.5rem; }
.ranks :is(th, td):nth-child(n+3) { inline-size: 1%; padding-inline: 0.5rem 0; }
"""
_MOST = 90  # days on the axis; of more, months are shown


def write(summary: Summary, place: str, path: Path) -> None:
    """Write the page.

    Raises:
        OSError: it cannot be written.
    """
    write_atomic(path, render(summary, place))


def render(summary: Summary, place: str) -> str:
    """A whole HTML page, to be kept in a file and opened without a network.

    `summary` is that of `summary.summarised`, `place` says where the store is.
    """
    header = "\n".join(
        [
            brand("Feedback report", "使用反馈报告", place),
            _headline(summary),
            _numbers(summary),
            contents(SECTIONS),
        ]
    )
    return whole(f"Feedback report: {place}", header, written(SECTIONS, summary), _STYLE)


def _headline(summary: Summary) -> str:
    share, chars = summary["acceptance"], grouped(summary["accepted_chars"])
    if share is None:
        english = f"{chars} characters were accepted."
        chinese = f"共采纳 {chars} 个字。"
    else:
        english = f"Users took something from {_percent(share)} of the lists they were shown."
        chinese = f"展示的候选列表中，{_percent(share)} 被采纳。"
    span = ""
    if summary["first"]:
        first, last = summary["first"][:10], summary["last"][:10]
        span = paragraph(f"{first} to {last} (UTC).", f"{first} 至 {last}（UTC）。", "lead")
    return f'<h1>{english}</h1>\n<p class="zh" lang="zh">{chinese}</p>\n{span}'


def _numbers(summary: Summary) -> str:
    median = summary["median_ms"]
    return numbers(
        [
            ("lists shown", "展示次数", grouped(summary["shown"])),
            ("candidates accepted", "采纳次数", grouped(summary["accepted"])),
            ("keystrokes saved", "节省按键", grouped(summary["saved_keys"])),
            ("still in the text", "保留比例", _percent(summary["retained"])),
            ("median time to accept", "采纳用时中位数", "–" if median is None else _time(median)),
            ("users", "用户", grouped(summary["users"])),
        ]
    )


def over_time(summary: Summary) -> str:
    """Acceptance, what stayed, and keystrokes saved, by day or week."""
    rows, unit = _periods(summary["days"])
    if not rows:
        return _nothing()
    ticks = _ticks(rows)
    shares = [
        Line("", both("accepted", "采纳"), _points(rows, lambda r: r["acceptance"])),
        Line("t-kept", both("still there", "保留"), _points(rows, _retained)),
    ]
    drawn = [line for line in shares if any(y is not None for _, y in line.points)]
    parts = []
    if drawn:
        scale = Scale(0.0, 1.0, [(0.5, "50 %"), (1.0, "100 %")], _percent)
        told = f"Share of lists accepted, and of accepted characters that stayed, by {unit[0]}"
        parts.append(lines(drawn, ticks, scale, told))
    saved = [row["saved_keys"] for row in rows]
    if any(saved):
        told = f"Keystrokes saved by {unit[0]}: {', '.join(map(grouped, saved))}"
        caption = both(f"Keystrokes saved by {unit[0]}", f"每{unit[1]}节省的按键")
        labels = [grouped(n) for n in saved] if len(saved) <= 12 else ()
        parts.append(panel(caption, columns(saved, ticks, told, labels=labels)))
    note = paragraph(
        f"Across: {unit[0]}s (UTC). Keystrokes saved are accepted characters, less one key to take "
        "the candidate and one for each rank below the first, as in the evaluation.",
        f"横轴：{unit[1]}（UTC）。节省的按键：采纳的字数，减去采纳所按一键，再减去候选与首位的名次差。",
    )
    return "\n".join(parts) + note


def by_rank(summary: Summary) -> str:
    """Which places of the list are used."""
    rows = summary["ranks"]
    if not rows:
        return _nothing()
    total = sum(row["accepted"] for row in rows) or 1
    heads = (both("Rank", "名次"), "", both("accepted", "采纳"), both("of lists", "占列表"))
    told = (
        [
            str(row["rank"]),
            bar(row["accepted"] / total),
            grouped(row["accepted"]),
            percent(row["accepted"], row["shown"]),
        ]
        for row in rows
    )
    return table("Accepted candidates by rank", heads, told, "ranks") + paragraph(
        "The last column: of the lists that had a candidate of that rank.",
        "末列：在含有该名次候选的列表中所占比例。",
    )


def by_model(summary: Summary) -> str:
    """Whether another model did better."""
    if not summary["models"]:
        return _nothing()
    heads = (both("Model", "模型"), both("lists", "列表"), both("accepted", "采纳"))
    told = (
        [
            f"{shown(row['name'])}<small>{shown(row['digest'][:8])}</small>",
            grouped(row["shown"]),
            f"{_percent(row['acceptance'])}<small>{_interval(row['acceptance_interval'])}</small>",
        ]
        for row in summary["models"]
    )
    return table("Acceptance by model", heads, told, "facts") + paragraph(
        "In small print, 95 % intervals, as if lists of one user were independent.",
        "小字为 95% 区间，视同一用户的列表为相互独立。",
    )


def held(summary: Summary) -> str:
    """How much there is."""
    names = {
        "shown": both("shown", "展示"),
        "accepted": both("accepted", "采纳"),
        "dismissed": both("dismissed", "关闭"),
        "kept": both("kept", "保留"),
    }
    rows = [[names[kind], grouped(n)] for kind, n in summary["events"].items()]
    rows.append([both("text fields", "文本框"), grouped(summary["sessions"])])
    heads = (both("Events", "事件"), both("stored", "已存"))
    return table("Events in the store", heads, rows, "facts")


SECTIONS = (
    Section("time", "Over time", "随时间", over_time),
    Section("ranks", "By rank", "按名次", by_rank),
    Section("models", "By model", "按模型", by_model),
    Section("events", "What is stored", "已存事件", held),
)


def _periods(days: Sequence[Summary]) -> tuple[list[Summary], tuple[str, str]]:
    """The days, or the months where they are many; and what one is called."""
    if len(days) <= _MOST:
        return list(days), ("day", "日")
    months = [list(group) for _, group in groupby(days, lambda row: row["day"][:7])]
    return [_together(rows) for rows in months], ("month", "月")


def _together(rows: Sequence[Summary]) -> Summary:
    """Days as one row; acceptance by the lists of each."""
    sums = {
        name: sum(row[name] for row in rows)
        for name in ("shown", "saved_keys", "retained_chars", "looked_at_chars")
    }
    taken = sum((row["acceptance"] or 0) * row["shown"] for row in rows)
    acceptance = taken / sums["shown"] if sums["shown"] else None
    return sums | {"day": rows[0]["day"][:7], "acceptance": acceptance}


def _points(
    rows: Sequence[Summary], value: Callable[[Summary], float | None]
) -> list[tuple[float, float | None]]:
    """Each in the middle of its column."""
    return [((i + 0.5) / len(rows), value(row)) for i, row in enumerate(rows)]


def _retained(row: Summary) -> float | None:
    return row["retained_chars"] / row["looked_at_chars"] if row["looked_at_chars"] else None


def _ticks(rows: Sequence[Summary]) -> list[Mark]:
    """The first and the last period under the axis; a phone has no room for more."""
    return [((i + 0.5) / len(rows), rows[i]["day"]) for i in sorted({0, len(rows) - 1})]


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share, 1.0)


def _interval(ends: tuple[float, float] | None) -> str:
    return "–" if ends is None else " – ".join(map(_percent, ends))


def _time(ms: float) -> str:
    return f"{ms / 1000:.1f} s"


def _nothing() -> str:
    return paragraph("Nothing is stored of that yet.", "尚无记录。")
