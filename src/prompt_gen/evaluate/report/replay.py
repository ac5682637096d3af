"""Lines as they were typed: what was offered, what was taken, and what was left to type."""

from typing import Any

from prompt_gen.evaluate.report.values import Report, absent
from prompt_gen.page.words import both, paragraph, percent, shown, table

_OPEN = 1  # lines whose steps are unfolded from the start
_BEFORE = 14  # characters before the caret that are repeated at each step

Line = dict[str, Any]
Key = dict[str, Any]


def examples(report: Report) -> str:
    """Each line with what was given in it, its steps folded below."""
    lines = report.get("examples") or []
    if not lines:
        return absent("lines typed key by key", "逐键输入的例子")
    note = paragraph(
        "Typed by hand: plain. <ins>Given by a candidate</ins>: one key, and one for each above "
        "it. Unfold a line for what was offered at each key pressed; <del>what was wrong</del> of "
        "an accepted candidate is struck out, which is one key more.",
        "普通文字为手工输入，<ins>下划线部分</ins>由候选给出：一键，其上每个候选再加一键。展开可见"
        "每一键的候选；被采纳的候选中<del>不对的部分</del>以删除线标出，再加一键。",
    )
    drawn = "\n".join(_line(line, i < _OPEN) for i, line in enumerate(lines))
    return f'{note}<ol class="replay">{drawn}</ol>'


def _line(line: Line, is_open: bool) -> str:
    saved = percent(line["saved"], 1) if line.get("saved") is not None else "–"
    head = f'<span class="strip" dir="auto">{strip(line)}</span><span class="saved">{saved}</span>'
    rows = [_step(line["line"], key) for key in line["keys"]]
    heads = (both("Typed", "已输入"), both("Offered", "候选"), both("Keys saved", "省键"))
    steps = table("Steps", heads, rows, "steps")
    return (
        f"<li><details{' open' if is_open else ''}><summary>{head}</summary>{steps}</details></li>"
    )


def strip(line: Line) -> str:
    """The line, what candidates gave of it marked."""
    text, drawn, at = line["line"], [], 0
    for key in line["keys"]:
        if key.get("took") is None:
            continue
        start = max(key["typed"], at)
        end = key["typed"] + (key.get("right") or 0)
        if end > start:
            drawn += [shown(text[at:start]), f"<ins>{shown(text[start:end])}</ins>"]
            at = end
    return "".join([*drawn, shown(text[at:])])


def _step(text: str, key: Key) -> list[str]:
    n, took, right = key["typed"], key.get("took"), key.get("right") or 0
    cut = "…" if n > _BEFORE else ""
    typed = (
        f'<span dir="auto">{cut}{shown(text[max(n - _BEFORE, 0) : n])}<i class="caret">▏</i></span>'
    )
    offered = "".join(
        _offered(c, right if i == took else None) for i, c in enumerate(key["offered"])
    )
    nothing = f'<span class="absent">{both("nothing", "无候选")}</span>'
    saved = "" if took is None else f"+{right - key['keys']}"
    return [typed, f"<ul>{offered}</ul>" if offered else nothing, saved]


def _offered(candidate: str, right: int | None) -> str:
    if right is None:
        return f'<li dir="auto">{shown(candidate)}</li>'
    wrong = f"<del>{shown(candidate[right:])}</del>" if candidate[right:] else ""
    return f'<li class="took" dir="auto"><ins>{shown(candidate[:right])}</ins>{wrong}</li>'


def worst(report: Report) -> str:
    """The lines with which the model helps least."""
    rows = [_bad(row) for row in report.get("worst") or []]
    if not rows:
        return absent("worst cases", "最差的例子")
    heads = (
        both("Line, and a first candidate", "文本与一个首选候选"),
        both("Saved", "节省"),
    )
    return table("Worst lines", heads, rows, "even")


def _bad(row: Line) -> list[str]:
    saved, typed = row.get("saved"), shown(row["line"][: row["typed"]])
    offered = (
        f'<small dir="auto">{typed} → {shown(row["offered"])}</small>' if row["offered"] else ""
    )
    return [
        f'<span dir="auto">{shown(row["line"])}</span>{offered}',
        "–" if saved is None else percent(saved, 1),
    ]
