"""Who wins where, in words: differences whose interval does not contain zero are called."""

from typing import Any

from prompt_gen.evaluate.metrics import metric

Verdict = dict[str, str]

_MODEL = ("the model", "模型")
_KINDS = {
    "": ("", ""),
    "seen": (" behind beginnings seen in training", "（训练中见过的开头）"),
    "near": (" in lines nearly like a training line", "（与训练文本近似的行）"),
    "unseen": (" behind unseen beginnings", "（未见过的开头）"),
}


def verdicts(
    titles: dict[str, tuple[str, str]],
    differences: dict[str, dict[str, Any]],
    differences_by_kind: dict[str, dict[str, dict[str, Any]]],
    named: tuple[str, ...],
) -> list[Verdict]:
    """One sentence for each predictor, number and kind where the lines decide.

    `titles` are the predictors' names in English and Chinese; differences are the model's number
    minus theirs; `named` are the numbers to speak of. Where a number is undecided everywhere, that
    is said once.
    """
    found = []
    for name, title in titles.items():
        rows = {"": differences[name]} | differences_by_kind.get(name, {})
        for number in named:
            said = [
                _sentence(title, number, kind, row[number])
                for kind, row in rows.items()
                if row.get(number) and _winner(number, row[number])
            ]
            if not said and rows[""].get(number):
                said = [_undecided(title, number)]
            found += said
    return found


def _winner(number: str, row: dict[str, float]) -> str:
    """Who is better: "model", "other", or "" where the interval contains zero."""
    if "low" not in row or row["low"] <= 0 <= row["high"]:
        return ""
    return "model" if (row["low"] > 0) == (metric(number).better == "more") else "other"


def _sentence(title: tuple[str, str], number: str, kind: str, row: dict[str, float]) -> Verdict:
    english, chinese = _KINDS[kind]
    row_of = metric(number)
    gap = _gap(row_of.unit, row)
    winner = _winner(number, row)
    ahead, behind = (_MODEL, title) if winner == "model" else (title, _MODEL)
    return {
        "winner": winner,
        "english": f"{_capital(_at(row_of.english, number))}{english}: {ahead[0]} ahead of "
        f"{behind[0]}, by {gap}.",
        "chinese": f"{_at(row_of.chinese, number)}{chinese}：{ahead[1]}优于{behind[1]}，差 {gap}。",
    }


def _undecided(title: tuple[str, str], number: str) -> Verdict:
    row_of = metric(number)
    return {
        "winner": "",
        "english": f"{_capital(_at(row_of.english, number))}: these lines do not tell the model "
        f"and {title[0]} apart.",
        "chinese": f"{_at(row_of.chinese, number)}：这些行不足以分出模型与{title[1]}的高下。",
    }


def _gap(unit: str, row: dict[str, float]) -> str:
    """The difference and its interval, without sign: who wins has been said."""
    ends = sorted(abs(row[end]) for end in ("low", "high"))
    scale, mark = (100, " points") if unit == "share" else (1, "")
    shown = [f"{scale * number:.1f}" if scale == 100 else f"{number:.2f}"
             for number in (abs(row["value"]), *ends)]  # fmt: skip
    return f"{shown[0]}{mark} ({shown[1]} to {shown[2]})"


def _at(title: str, number: str) -> str:
    k = number.partition("@")[2]
    return f"{title} (k = {k})" if k else title


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
