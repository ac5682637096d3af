"""Who wins where, in words: differences whose interval does not contain zero are called."""

from typing import Any

from prompt_gen.evaluate.metrics import is_better, metric

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
    is said once. Of the others it is said where the model is behind.
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
        found += _also(title, [n for n in differences[name] if n not in named], differences[name])
    return found


def _also(title: tuple[str, str], numbers: list[str], row: dict[str, Any]) -> list[Verdict]:
    """What else the other is ahead in, by name, in one sentence; nothing if there is nothing."""
    lost = [number for number in numbers if row[number] and _winner(number, row[number]) == "other"]
    if not lost:
        return []
    listed = ", ".join(lost)
    return [
        {
            "winner": "other",
            "kind": "",
            "english": f"Ahead of the model: {title[0]} in {listed}.",
            "chinese": f"{title[1]}在以下各项优于模型：{listed}。",
        }
    ]


def _winner(number: str, row: dict[str, float]) -> str:
    """Who is better: "model", "other", or "" where the lines do not decide."""
    return {True: "model", False: "other", None: ""}[is_better(number, row)]


def _sentence(title: tuple[str, str], number: str, kind: str, row: dict[str, float]) -> Verdict:
    where, where_zh = _KINDS[kind]
    name, name_zh = _names(number)
    gap, gap_zh = _gap(metric(number).unit, row)
    winner = _winner(number, row)
    ahead, behind = (_MODEL, title) if winner == "model" else (title, _MODEL)
    return {
        "winner": winner,
        "kind": kind,
        "english": f"{name}{where}: {ahead[0]} ahead of {behind[0]}, by {gap}.",
        "chinese": f"{name_zh}{where_zh}：{ahead[1]}优于{behind[1]}，差 {gap_zh}。",
    }


def _undecided(title: tuple[str, str], number: str) -> Verdict:
    name, name_zh = _names(number)
    return {
        "winner": "",
        "kind": "",
        "english": f"{name}: these lines do not tell the model and {title[0]} apart.",
        "chinese": f"{name_zh}：这些行不足以分出模型与{title[1]}的高下。",
    }


def _gap(unit: str, row: dict[str, float]) -> tuple[str, str]:
    """The difference and its interval, in both languages; who wins has been said: no sign."""
    numbers = [abs(row["value"]), *sorted(abs(row[end]) for end in ("low", "high"))]
    if unit != "share":
        gap, low, high = (f"{number:.2f}" for number in numbers)
        return f"{gap} ({low} to {high})", f"{gap}（{low} 至 {high}）"
    gap, low, high = (f"{100 * number:.1f}" for number in numbers)
    return f"{gap} points ({low} to {high})", f"{gap} 个百分点（{low} 至 {high}）"


def _names(number: str) -> tuple[str, str]:
    """A number's name to begin a sentence with, in both languages."""
    row, k = metric(number), number.partition("@")[2]
    of = f" (k = {k})" if k else ""
    return f"{row.english[:1].upper()}{row.english[1:]}{of}", f"{row.chinese}{of}"
