"""How good answers are, as one page: no script, nothing loaded, English and Chinese."""

from pathlib import Path
from typing import Any

from prompt_gen.page import Section, brand, contents, whole, written
from prompt_gen.page import numbers as large
from prompt_gen.page.words import both, grouped, paragraph, shown, table
from prompt_gen.storage import write_atomic

_TITLES = {
    "perplexity": ("perplexity of answers, by token", "答案困惑度（每词元）"),
    "bits_per_char": ("bits per character of answers", "答案每字比特"),
    "bleu": ("BLEU", "BLEU"),
    "chrf": ("chrF", "chrF"),
    "rougeL_chars": ("ROUGE-L, characters", "ROUGE-L（字）"),
    "rougeL_words": ("ROUGE-L, words", "ROUGE-L（词）"),
}
_LARGE = ("perplexity", "bleu", "rougeL_chars")
_COLUMNS = ("before", "numbers", "retrieved")


def write(report: dict[str, Any], title: str, path: Path) -> Path:
    """Write the page to `path`, whole or not at all."""
    known = report["numbers"]
    facts = [(*_TITLES[name], _number(known[name])) for name in _LARGE if name in known]
    score = report["score"]
    header = "\n".join(
        [
            brand("Report of answers", "问答报告", title),
            f"<h1>{both(*_TITLES[score])}: {_number(known[score])}</h1>",
            paragraph(
                f"On {grouped(report['texts'])} conversations that were not learned from; "
                f"{grouped(report['answered'])} of their questions were answered.",
                f"在 {grouped(report['texts'])} 段未参与训练的对话上测得，"
                f"其中 {grouped(report['answered'])} 个问题生成了答案。",
                "lead",
            ),
            large(facts),
            contents(_SECTIONS),
        ]
    )
    write_atomic(path, whole(f"Answers: {title}", header, written(_SECTIONS, report)))
    return path


def _number(row: dict[str, float] | None) -> str:
    return f"{row['value']:,.2f}" if row else "–"


def _interval(row: dict[str, float] | None) -> str:
    return f"{_number(row)} ({row['low']:,.2f} – {row['high']:,.2f})" if row else "–"


def _numbers(report: dict[str, Any]) -> str:
    rows = [
        (both(*titles), *(_interval(report[column].get(name)) for column in _COLUMNS))
        for name, titles in _TITLES.items()
        if name in report["numbers"]
    ]
    heads = (
        both("number", "指标"),
        both("before", "微调前"),
        both("after", "微调后"),
        both("answer to the most similar question", "最相似问题的原答案"),
    )
    note = paragraph(
        "With 95 % intervals over conversations. Perplexity and bits: lower is better; "
        "all others: higher. The last column repeats an answer that was learned from.",
        "含按对话重抽样的 95 % 区间。困惑度与比特越低越好，其余越高越好。"
        "最后一列直接给出训练集中最相似问题的答案。",
    )
    return table("Numbers with intervals", heads, rows) + note


def _examples(report: dict[str, Any]) -> str:
    rows = [
        (
            shown(row["question"]),
            shown(row["right"]),
            shown(row["said"]),
            _similar(row["similar"]),
        )
        for row in report["examples"]
    ]
    heads = (
        both("question", "问题"),
        both("right", "参考答案"),
        both("said", "生成的答案"),
        both("answered before", "曾经的回答"),
    )
    return table("Questions and answers", heads, rows, "texts")


def _similar(found: dict[str, Any] | None) -> str:
    if found is None:
        return "–"
    return f"{shown(found['question'])} → {shown(found['answer'])} ({found['score']:.2f})"


_SECTIONS = (
    Section("numbers", "Numbers", "指标", _numbers),
    Section("examples", "Examples", "示例", _examples),
)
