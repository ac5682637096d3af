"""What a report holds, in words: numbers with their units and intervals, predictors by name."""

import re
from collections.abc import Iterable
from typing import Any

from prompt_gen.evaluate.metrics import METRICS, is_better, is_beyond_chance, metric
from prompt_gen.page.words import both, grouped, paragraph, percent, shown

Report = dict[str, Any]
Predictor = dict[str, Any]
Measured = dict[str, float | None]  # value, low, high

_UNITS = {"share": " %", "ms": " ms", "mb": " MB"}
_SHORT = {  # name -> what it is called where there is little room
    "model": ("model", "模型"),
    "popular": ("most popular", "最常见"),
    "characters": ("char n-grams", "字 n 元"),
    "tokens": ("token n-grams", "词元 n 元"),
}
PREFERRED = "5"  # candidates, where a number is known for several


def plainly(name: str, value: float) -> str:
    """A number without its unit, as precise as its kind deserves."""
    unit = metric(name).unit
    if unit == "share":
        return f"{100 * value:.1f}"
    if unit == "bits":
        return f"{value:.2f}"
    if unit in ("ms", "mb"):
        return f"{value:.1f}" if abs(value) < 100 else grouped(round(value))
    if unit == "score":
        return f"{value:.3f}" if abs(value) <= 1 else f"{value:.1f}"
    if value == round(value) or abs(value) >= 1000:
        return grouped(round(value))
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def said(name: str, number: Measured | None) -> str:
    """The value with its unit; a dash where nothing was counted."""
    value = known(number)
    if value is None:
        return "–"
    unit = metric(name).unit
    return percent(value, 1) if unit == "share" else plainly(name, value) + _UNITS.get(unit, "")


def interval(name: str, number: Measured | None) -> str:
    """From low to high, no unit; empty where there is none, or nothing varies."""
    if not number or number.get("low") is None or number.get("high") is None:
        return ""
    low, high = (plainly(name, number[end] or 0).replace("-", "−") for end in ("low", "high"))
    if low == high:
        return ""
    return f"{low} to {high}" if "−" in low else f"{low}–{high}"


def with_interval(name: str, number: Measured | None) -> str:
    """The value, its interval small below."""
    spread = interval(name, number)
    return said(name, number) + (f"<small>{spread}</small>" if spread else "")


def difference(name: str, number: Measured | None) -> str:
    """A signed difference with its interval; shares in points of a per cent.

    A sign before it says whether the first of the two is better (▲), worse (▼), or neither (≈).
    """
    value = known(number)
    if value is None:
        return "–"
    text = f"{'+' if value > 0 else ''}{plainly(name, value)}".replace("-", "−")
    return f"{_sign(name, number)} {text}<small>{interval(name, number)}</small>"


def _sign(name: str, number: Measured | None) -> str:
    if not is_beyond_chance(number or {}):
        mark, meaning = "≈", "within chance"
    elif (ahead := is_better(name, number or {})) is None:
        mark, meaning = "≠", "different"
    else:
        mark, meaning = ("▲", "better") if ahead else ("▼", "worse")
    kind = " alert" if meaning == "worse" else ""
    return f'<span class="sign{kind}" role="img" aria-label="{meaning}">{mark}</span>'


def known(number: Measured | None) -> float | None:
    """The value of a number that may be missing."""
    return number.get("value") if number else None


def title_of(name: str) -> str:
    """What a number such as `saved@5` is called, in both languages."""
    row, (_, _, k) = metric(name), name.partition("@")
    chinese = row.chinese if row.chinese != row.english else ""
    return both(_with_k(row.english, k), _with_k(chinese, k))


def english_of(name: str) -> str:
    """The same in English, for what is read out."""
    return _with_k(metric(name).english, name.partition("@")[2])


def _with_k(text: str, k: str) -> str:
    if not k or not text:
        return text
    filled = re.sub(r"\bk\b", k, text)
    return filled if filled != text else f"{text}, k\u00a0=\u00a0{k}"


def names_of(numbers: Iterable[Iterable[str]]) -> list[str]:
    """All names of some sets of numbers, in the order of METRICS, small k first."""
    order = list(METRICS)
    return sorted(
        {name for names in numbers for name in names if name.partition("@")[0] in METRICS},
        key=lambda name: (order.index(name.partition("@")[0]), _k(name)),
    )


def _k(name: str) -> int:
    return int(name.partition("@")[2] or 0)


def named(names: Iterable[str], base: str, k: str = PREFERRED) -> str:
    """The name with this base: the one of k if there, else the one with most; empty if none is."""
    found = [name for name in names if name.partition("@")[0] == base]
    return f"{base}@{k}" if f"{base}@{k}" in found else max(found, key=_k, default="")


def full(predictor: Predictor) -> str:
    """The whole name of a predictor, in both languages; of a bundle also where it lies."""
    title = shown(predictor["title"])
    if predictor.get("chinese") not in (None, "", predictor["title"]):
        return both(title, shown(predictor["chinese"]))
    return f"{label(predictor)}<small>{title}</small>"


def label(predictor: Predictor) -> str:
    """What a predictor is called, in both languages."""
    if predictor["name"] in _SHORT:
        return both(*_SHORT[predictor["name"]])
    return short(predictor)


def short(predictor: Predictor) -> str:
    """A name with little room; of a path its last part."""
    if predictor["name"] in _SHORT:
        return _SHORT[predictor["name"]][0]
    return shown(predictor["title"].rstrip("/").rpartition("/")[2])


def colour(predictor: Predictor) -> str:
    """The class of its colour and dash."""
    return f"p-{predictor['name']}" if predictor["name"] in _SHORT else "p-other"


def numbers_of(predictor: Predictor) -> dict[str, Measured]:
    """Its numbers by name."""
    return predictor.get("numbers") or {}


def with_part(report: Report, part: str) -> list[Predictor]:
    """The predictors of which this part is known."""
    return [predictor for predictor in report["predictors"] if predictor.get(part)]


def absent(english: str, chinese: str) -> str:
    """The sentence that stands where something was not measured."""
    return paragraph(f"Not measured: {english}.", f"未测量：{chinese}。", "note absent")


def verdict(row: dict[str, Any]) -> str:
    """A sentence on who wins, as an item of a list; its colour is the winner's."""
    winner = row.get("winner") if row.get("winner") in ("model", "other") else "nobody"
    chinese = f'<span class="zh" lang="zh">{shown(row["chinese"])}</span>'
    return f'<li class="for-{winner}">{shown(row["english"])}{chinese}</li>'
