"""The sections of the page, one function each, from a report to markup; SECTIONS is their order."""

from typing import Any

from prompt_gen.corpus.clean import RULES, Rule
from prompt_gen.corpus.report import names
from prompt_gen.corpus.report.curves import characters, lengths, seen
from prompt_gen.corpus.report.differences import compared
from prompt_gen.corpus.report.scripts import SCRIPTS, by_script
from prompt_gen.page import Section
from prompt_gen.page.pictures import bar, stacked, swatch
from prompt_gen.page.words import both, count, grouped, paragraph, percent, shown, table

N_FILES = 50  # files that are listed by name
_TIMES = (("1", 1, 1), ("2", 2, 2), ("3–5", 3, 5), ("6–10", 6, 10), ("> 10", 11, None))
_HEADS = (both("Lines", "行数"), both("Share", "占比"))

Report = dict[str, Any]


def fates(report: Report) -> str:
    """A bar of what became of the lines, and a row for each fate and reason."""
    order = list(names.FATES)
    rows = sorted(report["fates"].items(), key=lambda row: (order.index(_fate(row[0])), -row[1]))
    total, n_lines = sum(report["fates"].values()), report["lines"]
    parts = [(_fate(key), _fate(key), n / total) for key, n in rows if n]
    said = "; ".join(f"{key} {grouped(n)}" for key, n in rows)
    cells = [_fate_row(key, n, n_lines) for key, n in rows]
    cells.append([both("Sum", "合计"), "", grouped(total), percent(total, n_lines)])
    heads = (both("Fate", "去向"), both("What it means", "含义"), *_HEADS)
    return "\n".join(
        [
            stacked(parts, f"Fates of lines: {said}"),
            table("Lines by fate", heads, cells, "fates sum"),
            paragraph(
                f"{grouped(total)} of {grouped(n_lines)} lines read are accounted for.",
                f"读入的 {grouped(n_lines)} 行中，{grouped(total)} 行有去向。",
            ),
        ]
    )


def _fate(key: str) -> str:
    return key.partition(":")[0]


def _fate_row(key: str, n: int, n_lines: int) -> list[str]:
    fate, _, reason = key.partition(": ")
    label = f"{swatch(fate)}{shown(fate)}"
    if reason:
        label += f": {both(shown(reason), names.REASONS.get(reason, ''))}"
    return [label, both(*names.FATES[fate]), grouped(n), percent(n, n_lines)]


def files(report: Report) -> str:
    """What was read: formats, encodings, damage."""
    every = report["files"]
    heads = (both("File", "文件"), both("Lines", "行数"), both("Bad bytes", "坏字节"))
    if len(every) == 1:
        return _only_file(every[0])
    text = table("Files", heads, [_file_row(facts) for facts in every[:N_FILES]], "files")
    if every[N_FILES:]:
        n = len(every) - N_FILES
        text += paragraph(f"{count(n, 'more file')} not listed.", f"另有 {grouped(n)} 个文件。")
    found = [(shown(name) or "–", n) for name, n in report["encodings"].items()]
    return text + paragraph(
        "Encodings: " + ", ".join(f"{name} ({count(n, 'file')})" for name, n in found) + ".",
        "编码：" + "，".join(f"{name}（{grouped(n)} 个文件）" for name, n in found) + "。",
    )


def _only_file(facts: dict[str, Any]) -> str:
    name, n_lines, bad = _file_row(facts)
    numbers = f"{both('lines', '行数')} {n_lines}; {both('bad bytes', '坏字节')} {bad}"
    return f'<p class="files">{name}</p>\n<p class="note">{numbers}</p>'


def _file_row(facts: dict[str, Any]) -> list[str]:
    kind = ", ".join(shown(facts[key]) for key in ("format", "encoding") if facts.get(key))
    if facts.get("fields"):
        kind += f"; {both('fields', '字段')} {shown(', '.join(facts['fields']))}"
    name = f"{shown(facts['name'])}<small>{kind}</small>"
    if facts.get("bad_offsets"):
        places = ", ".join(map(grouped, facts["bad_offsets"]))
        more = ", …" if facts["bad_bytes"] > len(facts["bad_offsets"]) else ""
        name += f"<small>{both('bad bytes at', '坏字节位置')} {places}{more}</small>"
    if facts.get("damage"):
        name += f'<small class="alert">{shown(facts["damage"])}</small>'
    return [name, grouped(facts["lines"]), grouped(facts.get("bad_bytes", 0))]


def scripts(report: Report) -> str:
    """Characters by script."""
    counts = by_script(report["characters"])
    total = sum(counts.values())
    rows = [
        [both(name, SCRIPTS[name]), bar(n / total), grouped(n), percent(n, total)]
        for name, n in counts.items()
    ]
    heads = (both("Script", "文字"), "", both("Characters", "字符数"), both("Share", "占比"))
    return table("Characters by script", heads, rows, "bars")


def duplicates(report: Report) -> str:
    """How often documents occur, and what merging saved."""
    counts, n_merged = report["counts"], report["merged_lines"]
    near = _near(report) if report["near_duplicates"]["groups"] else paragraph(*_no_near(report))
    if not n_merged:
        return paragraph("No document occurs twice.", "没有重复的文本。") + near
    n_documents = sum(n for _, n in counts)
    n_before = n_documents + n_merged
    rows = []
    for label, least, most in _TIMES:
        n = sum(n for times, n in counts if least <= times and (most is None or times <= most))
        rows.append([label, bar(n / n_documents), grouped(n), percent(n, n_documents)])
    heads = (both("Times", "次数"), "", both("Documents", "文本条数"), both("Share", "占比"))
    saved, before = percent(n_merged, n_before), grouped(n_before)
    return "\n".join(
        [
            table("Documents by how often they occur", heads, rows, "bars"),
            paragraph(
                f"Of {before} documents read, {grouped(n_merged)} ({saved}) repeat another one; "
                "they are kept as counts, not as text.",
                f"读到的 {before} 条文本中，{grouped(n_merged)} 条（{saved}）重复，只记次数。",
            ),
            near,
        ]
    )


def _no_near(report: Report) -> tuple[str, str]:
    if report["config"].get("near_duplicates", 1):
        return "No two documents are nearly alike.", "没有近似重复的文本。"
    return "Near-duplicates were not looked for.", "未查找近似重复。"


def _near(report: Report) -> str:
    near = report["near_duplicates"]
    groups = "\n".join(_group(texts) for texts in report["near_groups"] if texts)
    intro = paragraph(
        f"{count(near['documents'], 'document')} in {count(near['groups'], 'group')} are nearly "
        "alike; they stay, on one side of the split. In the groups shown, what a text has and the "
        "first of its group has not is underlined.",
        f"{grouped(near['groups'])} 组共 {grouped(near['documents'])} 条近似；均保留，并划在同一"
        "侧。下列各组中，比首条多出的字以下划线标出。",
    )
    title = both("Near-duplicates", "近似重复")
    return f'<h3>{title}</h3>\n{intro}\n<div class="groups">{groups}</div>'


def _group(texts: list[str]) -> str:
    first, *others = texts
    items = [shown(first), *(compared(first, [other])[1] for other in others)]
    return "<ul>" + "".join(f'<li dir="auto">{item}</li>' for item in items) + "</ul>"


def rules(report: Report) -> str:
    """How many lines each cleaning rule changed."""
    changed, config = report["rules"], report["config"]
    off = [rule.name for rule in RULES if not _is_on(rule.name, rule.default, config)]
    rows = (_rule_row(rule, report) for rule in RULES if rule.name not in off)
    heads = (both("Rule", "规则"), "", *_HEADS)
    text = (
        table("Lines changed by cleaning rule", heads, rows, "bars")
        if any(changed.values())
        else paragraph("No rule changed a line.", "没有行被规则改动。")
    )
    if off:
        text += paragraph(f"Switched off: {', '.join(off)}.", f"未启用：{'、'.join(off)}。")
    return text


def _rule_row(rule: Rule, report: Report) -> list[str]:
    n, most = report["rules"].get(rule.name, 0), max(report["rules"].values())
    summary = both(rule.summary, names.RULES.get(rule.name, ""))
    label = f"{rule.name}<small>{summary}</small>"
    return [label, bar(n / most), grouped(n), percent(n, report["lines"])]


def _is_on(name: str, default: bool, config: dict[str, Any]) -> bool:
    is_on = config.get("rules", {}).get(name, default)
    return bool(config.get("fold")) and is_on if name == "fold" else is_on


def privacy(report: Report) -> str:
    """What was found, masked examples, and what cannot be found."""
    found, config = report["private"], report["config"]
    kinds = [*config.get("privacy", ()), *(["word"] if config.get("privacy_words") else [])]
    looked = ", ".join(map(shown, kinds))
    if not kinds:
        text = paragraph("Private data was not looked for.", "未查找隐私。")
    elif not any(found.values()):
        text = paragraph(
            f"None was found; looked for: {looked}.", f"没有找到隐私；查找的种类：{looked}。"
        )
    else:
        text = _hits(report)
    limits = "".join(f"<li>{shown(limit)}</li>" for limit in report["limits"])
    if not limits:
        return text
    title = both("What cannot be found", "查不出的")
    return f'{text}\n<h3>{title}</h3>\n<ul class="limits">{limits}</ul>'


def _hits(report: Report) -> str:
    found = report["private"]
    most, rows = max(found.values()), []
    for kind, n in sorted(found.items(), key=lambda row: -row[1]):
        examples = "".join(
            f'<small dir="auto">{shown(text)}</small>' for text in report["examples"].get(kind, [])
        )
        label = both(shown(kind), names.KINDS.get(kind, ""))
        rows.append([label + examples, bar(n / most, "masked"), grouped(n)])
    heads = (both("Kind, with masked examples", "种类与遮蔽后的例子"), "", both("Finds", "处数"))
    note = (
        ("Lines with private data were dropped.", "含隐私的行已舍弃。")
        if report["config"].get("privacy_action") == "drop"
        else ("Each find was replaced by the name of its kind.", "每处都以种类名代替。")
    )
    return table("Private data found", heads, rows, "bars hits") + "\n" + paragraph(*note)


def samples(report: Report) -> str:
    """Lines as they were and as they are now; those that did not change only once."""
    changed, same = [], []
    for before, after, reason in report["samples"]:
        if after == [before]:
            same.append(f'<li dir="auto">{shown(before)}</li>')
            continue
        left, right = compared(before, after)
        why = f"dropped: {both(shown(reason), names.REASONS.get(reason, ''))}"
        right = right if after else f'<span class="alert">{why}</span>'
        changed.append([f'<div dir="auto">{left}</div>', f'<div dir="auto">{right}</div>'])
    heads = (both("Before", "清洗前"), both("After", "清洗后"))
    text = paragraph(
        f"Of {count(len(changed) + len(same), 'random line')}, cleaning changed {len(changed)}.",
        f"随机抽取 {len(changed) + len(same)} 行，清洗改动了 {len(changed)} 行。",
    )
    if changed:
        text += table("Lines that cleaning changed", heads, changed, "samples")
    if same:
        title = both("Unchanged", "未改动")
        text += f'<h3>{title}</h3>\n<ul class="texts">{"".join(same)}</ul>'
    return text


SECTIONS: tuple[Section, ...] = (
    Section("fates", "What became of the lines", "各行的去向", fates),
    Section("files", "Files", "文件", files),
    Section("lengths", "Lengths", "长度", lengths),
    Section("scripts", "Scripts", "文字种类", scripts),
    Section("characters", "Character coverage", "字符覆盖", characters),
    Section("duplicates", "Duplicates", "重复", duplicates),
    Section("seen", "Beginnings seen before", "见过的开头", seen),
    Section("privacy", "Privacy", "隐私", privacy),
    Section("rules", "Cleaning rules", "清洗规则", rules),
    Section("samples", "Before and after", "清洗前后", samples),
)
