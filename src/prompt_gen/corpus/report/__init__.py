"""What a corpus is made of, as one page: no script, nothing loaded, English and Chinese."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_gen.corpus import load
from prompt_gen.corpus.privacy import LIMITS
from prompt_gen.corpus.report.sections import SECTIONS
from prompt_gen.errors import Damaged
from prompt_gen.page import brand, contents, numbers, whole, written
from prompt_gen.page.words import count, grouped, paragraph
from prompt_gen.run import Run
from prompt_gen.storage import write_atomic


def render(report: dict[str, Any], title: str, limits: Sequence[str] = ()) -> str:
    """A whole HTML page on a corpus, to be kept in a file and opened without a network.

    `report` holds what `report.json` of the corpus station does; `title` names the corpus;
    `limits` are sentences on what the search for private data cannot find.
    """
    header = "\n".join(
        [
            brand("Corpus report", "语料报告", title),
            _headline(report),
            _numbers(report),
            contents(SECTIONS),
        ]
    )
    main = written(SECTIONS, report | {"limits": list(limits)})
    return whole(f"Corpus report: {title}", header, main)


def _headline(report: dict[str, Any]) -> str:
    """The essential in words."""
    lines, n_files = count(report["lines"], "line"), len(report["files"])
    n_documents = sum(report["documents"].values())
    became = f"{lines} from {count(n_files, 'file')} became {count(n_documents, 'document')}."
    chinese = f"{grouped(n_files)} 个文件的 {grouped(report['lines'])} 行成为 "
    return (
        f"<h1>{became}</h1>\n"
        f'<p class="zh" lang="zh">{chinese}{grouped(n_documents)} 条文本。</p>\n'
        f"{_fates_in_words(report)}"
    )


_IN_WORDS = (  # fate, what is said of its lines
    ("kept", "kept", "保留 {} 行"),
    ("merged", "merged with an equal one", "与相同的行合并 {} 行"),
    ("split", "split", "切分 {} 行"),
    ("masked", "with private data masked", "遮蔽隐私 {} 行"),
    ("dropped", "dropped", "舍弃 {} 行"),
)


def _fates_in_words(report: dict[str, Any]) -> str:
    totals: Counter[str] = Counter()
    for fate, n in report["fates"].items():
        totals[fate.partition(":")[0]] += n
    said = [row for row in _IN_WORDS if totals[row[0]] or row[0] == "dropped"]
    english = ", ".join(f"{grouped(totals[fate])} {words}" for fate, words, _ in said)
    chinese = "，".join(words.format(grouped(totals[fate])) for fate, _, words in said)
    if totals["dropped"] and not report["fates"].get("dropped"):
        english, chinese = f"{english}, none without a reason", f"{chinese}，均有原因"
    return paragraph(f"{english}.", f"{chinese}。", "lead")


def _numbers(report: dict[str, Any]) -> str:
    parts = report["documents"]
    facts = [
        ("lines read", "读入行数", report["lines"]),
        ("documents", "文本条数", sum(parts.values())),
        ("to train", "训练", parts.get("train", 0)),
        ("to validate", "验证", parts.get("validation", 0)),
        ("to test", "测试", parts.get("test", 0)),
        ("characters, repeats included", "字符数，含重复", report["chars"]),
    ]
    return numbers((english, chinese, grouped(n)) for english, chinese, n in facts)


def write(run: Run, path: Path) -> Path:
    """Write the report on a run's corpus to `path`.

    Raises:
        UsageError: the run has no corpus.
        Damaged: what is known of it cannot be read.
    """
    load(run)
    source = run.station("corpus") / "report.json"
    try:
        report = json.loads(source.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Damaged(
            f"'{source}' is damaged: {error}",
            "Make the corpus again: prompt-gen corpus FILE --out DIR --force",
        ) from error
    write_atomic(path, render(report, str(run.path), [text for pair in LIMITS for text in pair]))
    return path
