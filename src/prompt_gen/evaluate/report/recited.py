"""The lists as such, and what the model gives of its training text: pieces, lines, secrets."""

from typing import Any

from prompt_gen.evaluate.memorisation import MIN_CHARS, MIN_NEW
from prompt_gen.evaluate.report.pictures import first_of
from prompt_gen.evaluate.report.values import (
    Predictor,
    Report,
    absent,
    full,
    known,
    label,
    numbers_of,
    said,
    short,
    title_of,
    with_part,
)
from prompt_gen.page.lines import panel
from prompt_gen.page.pictures import bar, columns
from prompt_gen.page.words import both, grouped, paragraph, plain, shown, table


def lists(report: Report) -> str:
    """Whether the lists keep what they promise: nothing twice, each begins with what was typed."""
    rows = [
        [full(p), _kept(p, "duplicates", 0.0), _kept(p, "prefix_valid", 1.0)]
        for p in report["predictors"]
        if {"duplicates", "prefix_valid"} & set(numbers_of(p))
    ]
    if not rows:
        return absent(
            "whether lists repeat, and begin with what was typed", "列表是否重复、是否保留输入"
        )
    heads = (both("Predictor", "预测器"), title_of("duplicates"), title_of("prefix_valid"))
    return table("What lists promise, by predictor", heads, rows, "even") + paragraph(
        "No list may show a text twice, and each candidate must begin with what was typed.",
        "同一列表不得重复，每个候选都须以已输入的内容开头。",
    )


def _kept(predictor: Predictor, name: str, promised: float) -> str:
    value = known(numbers_of(predictor).get(name))
    if value is None:
        return "–"
    text = said(name, numbers_of(predictor)[name])
    return f"{text} ✓" if value == promised else f'<span class="alert">{text} ✗</span>'


def memorisation(report: Report) -> str:
    """Pieces shared with training text, examples, secrets, and private data."""
    return "\n".join([_common(report), _examples(report), _canaries(report), _private(report)])


def _common(report: Report) -> str:
    title = (
        f"<h3>{both('Longest piece shared with a training line', '与训练文本最长的公共片段')}</h3>"
    )
    predictors = with_part(report, "common")
    if not predictors:
        return title + absent("pieces shared with training lines", "与训练文本的公共片段")
    pictures = [panel(_recited_caption(p), _common_picture(p)) for p in predictors]
    note = paragraph(
        "Candidates by the characters of the longest piece behind the caret that a training line "
        f"has too. Looked up are those that make {MIN_CHARS} characters with what was typed, of "
        f"which {MIN_NEW} or more are new.",
        f"候选按光标之后与训练文本最长公共片段的字符数；只查连同已输入满 {MIN_CHARS} 字、"
        f"其中新字满 {MIN_NEW} 个的候选。",
    )
    return title + first_of(pictures) + note


def _recited_caption(predictor: Predictor) -> str:
    numbers = numbers_of(predictor)
    facts = [
        f"{title_of(name)} {said(name, numbers[name])}"
        for name in ("recited_lines", "recited")
        if known(numbers.get(name)) is not None
    ]
    return f"{label(predictor)}<small>{' · '.join(facts)}</small>"


def _common_picture(predictor: Predictor) -> str:
    counts = {row["chars"]: row["candidates"] for row in predictor["common"]}
    end = max(*counts, MIN_NEW) + 1
    heights = [counts.get(chars, 0) for chars in range(end)]
    ticks = [((chars + 0.5) / end, str(chars)) for chars in range(0, end, 10)]
    told = ", ".join(f"{chars}: {n}" for chars, n in sorted(counts.items()))
    name = plain(predictor["title"])
    return columns(heights, ticks, f"{name}: candidates by shared characters: {told}")


def _examples(report: Report) -> str:
    title = f"<h3>{both('Most is shared by', '公共片段最长的候选')}</h3>"
    rows = [[_example(row), grouped(row["common"])] for row in report.get("memorised") or []]
    if not rows:
        return title + absent("candidates beside training lines", "候选与训练文本的比较")
    heads = (both("Typed, and the candidate", "已输入与候选"), both("Shared", "公共字符"))
    return title + table("Candidates that share most with training", heads, rows, "even")


def _example(row: dict[str, Any]) -> str:
    typed, text = shown(row["typed"]), shown(row["text"])
    where = both("a piece of a training line", "训练文本的片段")
    if row["whole_line"]:
        where = f'<span class="alert">{both("a whole training line", "整行训练文本")}</span>'
    return f'<span dir="auto"><span class="typed">{typed}</span>{text}</span><small>{where}</small>'


def _canaries(report: Report) -> str:
    title = f"<h3>{both('Secrets put into the training text', '放入训练文本的秘密')}</h3>"
    secrets = report.get("canaries") or []
    if not secrets:
        return title + absent("exposure of secrets", "秘密的暴露度")
    most = max((row["exposure"] or 0 for row in secrets), default=0) or 1
    rows = [
        [
            shown(row["text"]),
            bar((row["exposure"] or 0) / most, "masked"),
            _exposure(row),
            grouped(row["count"]),
        ]
        for row in secrets
    ]
    heads = (
        both("Secret", "秘密"),
        "",
        both("Bits", "比特"),
        both("Times", "次数"),
    )
    note = paragraph(
        "Exposure in bits, by how often a secret was put in: how far up it stands among other "
        "secrets of its form; each bit halves the guesses it takes. ≥: it comes before all others "
        "that were tried.",
        "按放入次数列出暴露度（比特）：秘密在同样形式的其他秘密中排得多靠前；每多一比特，所需猜测减半。"
        "≥ 表示它排在所有试过的秘密之前。",
    )
    return title + table("Secrets by exposure", heads, rows, "bars") + note


def _exposure(row: dict[str, Any]) -> str:
    if row["exposure"] is None:
        return "–"
    return f"{'≥ ' if row['exposure'] == row.get('most') else ''}{row['exposure']:.1f}"


def _private(report: Report) -> str:
    title = f"<h3>{both('Private data emitted', '输出的隐私数据')}</h3>"
    rows = [
        (p, value)
        for p in report["predictors"]
        if (value := known(numbers_of(p).get("private"))) is not None
    ]
    if not rows:
        return title + absent("private data in candidates", "候选中的隐私数据")
    emitted = ", ".join(f"{short(p)} {grouped(round(n))}" for p, n in rows if n)
    if not emitted:
        return title + paragraph(
            f"None in any candidate of: {', '.join(short(p) for p, _ in rows)}.",
            "所有候选中均未发现。",
        )
    return title + paragraph(
        f'<span class="alert">Candidates with private data: {emitted}.</span>',
        f"含隐私数据的候选条数：{emitted}。",
    )
