"""What the command line prints: results on stdout, all else on stderr."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the engine would load onnxruntime before any command is chosen
    from prompt_gen.corpus.explain import Explanation
    from prompt_gen.engine import Candidate
    from prompt_gen.engine.answered import Answered
    from prompt_gen.evaluate import Report
    from prompt_gen.explain import Explanation as WhyShown
    from prompt_gen.training import Forecast
    from prompt_gen.vocab.compare import Comparison


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def result(value: Any) -> None:
    """A JSON result on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


_SHOWN = (  # the numbers on the terminal; the page and --json have all
    "bits_per_char", "perplexity_char", "accuracy", "saved", "saved_oracle", "saved_lazy",
    "saved_pinyin", "ceiling", "success", "mrr", "exact", "calibration_error", "coverage_area",
    "bleu", "chrf", "rougeL_chars", "duplicates", "prefix_valid", "distinct", "recited_lines",
    "recited", "private", "exposure", "p50_ms", "p95_ms", "p99_ms", "passes", "cold_start_ms",
    "memory_mb",
)  # fmt: skip


def report(found: "Report") -> None:
    """An evaluation as tables on stdout: one column for each predictor, and who wins."""
    from prompt_gen.evaluate.metrics import SECTIONS, metric

    columns = found.as_dict()["predictors"]
    rows = {name: metric(name) for name, row in found.numbers.items() if row}
    rows = {name: row for name, row in rows.items() if name.partition("@")[0] in _SHOWN}
    print(_row("", [_column(column) for column in columns]))
    for section, (english, _) in SECTIONS.items():
        here = {name: row for name, row in rows.items() if row.section == section}
        print(*([english] if here else []), sep="", end="\n" if here else "")
        for name, row in here.items():
            cells = [column["numbers"].get(name) for column in columns]
            print(_row(f"  {name:19}{row.english}", _numbers(cells, row.unit)))
    for name in [n for n in found.headline if n.partition("@")[0] in ("saved", "success")]:
        print(f"{name} by what was typed")
        for kind, n_keys in found.as_dict()["lines"]["kinds"].items():
            cells = [column["by_kind"].get(kind, {}).get(name) for column in columns]
            print(_row(f"  {kind:19}{n_keys:,} keys", _numbers(cells, "share")))
    for verdict in found.as_dict()["verdicts"]:
        print(verdict["english"])


def _column(predictor: dict[str, Any]) -> str:
    title = predictor["title"] if predictor["name"] in ("model", "other") else predictor["name"]
    return title if len(title) <= 11 else f"{title[:10]}…"


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:50.50}{cells[0]:>26}" + "".join(f"{cell:>12}" for cell in cells[1:])


def _numbers(cells: Sequence[dict[str, float] | None], unit: str) -> list[str]:
    """The first with its interval."""
    return [_number(cells[0], unit, interval=True), *(_number(cell, unit) for cell in cells[1:])]


def _number(row: dict[str, float] | None, unit: str, *, interval: bool = False) -> str:
    if not row:
        return "-"
    shown = _of_unit(row["value"], unit)
    if interval and "low" in row:
        low, high = (_of_unit(row[end], unit) for end in ("low", "high"))
        shown += f" ({low} to {high})"
    return shown


def _of_unit(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.1f}%"
    if unit == "mb" or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3f}" if unit == "bits" else f"{value:.2f}"


def tuned(found: dict[str, Any]) -> None:
    """What a tuning gained and lost, as a table on stdout: before, after, the difference."""
    from prompt_gen.evaluate.metrics import metric

    print(f"{'':34}{'before':>10}{'after':>10}{'difference':>28}")
    for name, text in found["texts"].items():
        print(f"{name} text ({text['lines']})")
        for number, row in text["numbers"].items():
            unit = metric(number).unit
            cells = [_number(row[which], unit) for which in ("before", "after")]
            last = _number(row["difference"], unit, interval=True)
            print(f"  {number:32}{cells[0]:>10}{cells[1]:>10}{last:>28}")


def answers(found: dict[str, Any]) -> None:
    """How good answers are, on stdout: before, after, and what the training text has to say."""
    print(f"{'':16}{'before':>26}{'after':>26}{'most similar answered':>26}")
    for name in found["numbers"]:
        rows = [found[column].get(name) for column in ("before", "numbers", "retrieved")]
        print(f"{name:16}" + "".join(f"{_number(row, '', interval=True):>26}" for row in rows))


def ranks(found: dict[str, Any]) -> None:
    """How good ranks are, on stdout, beside those of any order."""
    print(f"{'':16}{'value':>26}{'any order':>26}")
    for name, row in found["numbers"].items():
        cells = [_number(each, "bits", interval=True) for each in (row, found["order"][name])]
        print(f"{name:16}" + "".join(f"{cell:>26}" for cell in cells))


def exchange(question: str, answer: str, alike: "Sequence[Answered]") -> None:
    """A question and its answer as one line of JSON."""
    said = {"question": question, "answer": answer, "similar": [asdict(each) for each in alike]}
    print(json.dumps(said, ensure_ascii=False), flush=True)


def similar(alike: "Sequence[Answered]") -> None:
    """Answered questions of the training text, word for word, for the person at the terminal."""
    for each in alike:
        say(f"  answered before ({each.score:.0%} alike): {each.question}\n    {each.answer}")


def labels(found: dict[str, Any]) -> None:
    """How good labels are, on stdout: all numbers, then each label by itself."""
    for name, row in found["numbers"].items():
        print(f"{name:16}{_number(row, 'share', interval=True):>26}")
    print(f"\n{'':24}{'precision':>10}{'recall':>10}{'F1':>10}{'there':>8}")
    for row in found["labels"]:
        cells = "".join(f"{row[name]:>10.1%}" for name in ("precision", "recall", "f1"))
        print(f"{row['label']:24.24}{cells}{row['there']:>8,.0f}")


def forecast(ahead: "Forecast", as_json: bool) -> None:
    """The recipe of a forecast on stdout, below what the watcher has said; or all of it as JSON."""
    facts = ahead.as_json()
    if as_json:
        result(facts)
    else:
        for name, value in facts["recipe"].items():
            print(f"{name:16}{short(value)}")


def comparison(made: "Comparison") -> None:
    """A comparison of vocabularies as a table on stdout, and what it says in words."""
    names = [name.replace("_", " ") for name in made.columns]
    cells = [[_cell(value) for value in row] for row in made.rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    for row in (names, *cells):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"\n{made.advice}")


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) and value < 1000 else short(value)


_BENCH = (  # a column each: its head, the number, how it is shown
    ("p50 ms", "p50_ms", "{:.2f}"), ("p95 ms", "p95_ms", "{:.2f}"), ("p99 ms", "p99_ms", "{:.2f}"),
    ("CPU ms", "cpu_ms", "{:.2f}"), ("pause ms", "pause_ms", "{:.2f}"),
    ("passes", "passes", "{:.2f}"), ("without", "zero_passes", "{:.1%}"),
    ("shown", "candidates", "{:.1f}"),
)  # fmt: skip


def bench(found: dict[str, Any]) -> None:
    """A replay as a table on stdout: a row for each side, ours first."""
    saved = f"saved@{found['n']}"
    heads = ["", *(head for head, _, _ in _BENCH), saved, "ours - it"]
    rows = [
        [
            row["name"],
            *(_bench_cell(row["numbers"].get(name), shown) for _, name, shown in _BENCH),
            _number(row["numbers"][saved], "share", interval=True),
            _number(row.get("difference", {}).get(saved), "share", interval=True),
        ]
        for row in found["sides"]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for first, *others in (heads, *rows):
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        print(first.ljust(widths[0]), *cells, sep="  ")
    top = _number(found["ceiling"], "share", interval=True)
    print(
        f"{found['lines']:,} lines ({found['source']}), {found['keys']:,} keys, threads: "
        f"{found['threads']}; nobody saves more than {top}"
    )


def _bench_cell(row: dict[str, float] | None, shown: str) -> str:
    """A mean or a percentile without its interval; - where nothing was counted."""
    return shown.format(row["value"]) if row else "-"


_COMPRESSED = (  # a row each: the number, its unit
    ("model_mb", "size"), ("packed_mb", "size"), ("bundle_mb", "size"), ("memory_mb", "size"),
    ("p50_ms", "ms"), ("cpu_ms", "ms"), ("network_bits_per_char", "bits"),
    ("bits_per_char", "bits"), ("saved", "share"),
)  # fmt: skip


def compressed(found: dict[str, Any]) -> None:
    """Bundles side by side, on stdout: a row for each number, with the last one's difference."""
    rows = found["rows"]
    print(f"{'':24}" + "".join(f"{row['name']:>12}" for row in rows) + f"{'difference':>28}")
    last = found["differences"][rows[-1]["name"]]
    for name in [n for n in rows[0] if n != "name"]:
        unit = dict(_COMPRESSED)[name.partition("@")[0]]
        cells = "".join(f"{_number(row[name], unit):>12}" for row in rows)
        print(f"{name:24}{cells}{_number(last.get(name), unit, interval=True):>28}")
    for row in found.get("tried", ()):
        numbers = (("model_mb", "size"), ("p50_ms", "ms"), ("bits_per_char", "bits"))
        cells = "  ".join(f"{name} {_number(row[name], unit)}" for name, unit in numbers)
        print(f"{'chosen' if row['name'] == found['chosen'] else 'tried':8}{row['name']:18}{cells}")
    print(
        f"{found['lines']:,} lines ({found['source']}), {found['typed']:,} of them typed: "
        f"{found['keys']:,} keys"
    )


def explanation(found: "Explanation") -> None:
    """The fate of one line on stdout."""
    why = f" ({found.reason})" if found.reason else ""
    into = f", into the line {found.merged_into}" if found.merged_into else ""
    rows = {
        "read": found.before or f"({found.note})",
        "fate": f"{found.fate}{why}{into}",
        "cleaned by": ", ".join(found.changes),
        "private data": ", ".join(found.private),
        "part": found.part,
        "stands for": f"{found.n_lines:,} lines" if found.n_lines > 1 else "",
    }
    print(f"{found.file}:{found.line}")
    for name, text in rows.items():
        if text:
            print(f"  {name:13} {text}")
    for index, text in zip(found.indices, found.documents, strict=True):
        print(f"  document {index:<5,}{text}")


def candidates(
    found: "Sequence[Candidate]", examples: "Callable[[Candidate], list[str]] | None" = None
) -> None:
    """Candidates on stdout, those first that save most keys; with lines that hold them if asked."""
    for candidate in found:
        print(f"{candidate.score:7.2%}  {candidate.text}")
        for line in examples(candidate) if examples else ():
            print(f"         in {candidate.lines:,} lines, e.g. {line}")


def explanations(found: "Sequence[WhyShown]") -> None:
    """Why candidates are shown, key by key, on stdout."""
    from prompt_gen.explain.rows import written

    for at, each in enumerate(found):
        print(*([""] if at else []), *written(each), sep="\n")


def memory(facts: dict[str, Any]) -> None:
    """What a memory holds, and what leaving documents out has cost."""
    share = facts["bytes"] / facts["text_bytes"]
    print(f"documents       {facts['documents']:,} of {facts['of_documents']:,}")
    print(f"tokens          {facts['tokens']:,}")
    print(f"room            {facts['bytes']:,} bytes, {share:.2f} for each byte of text")
    print(f"order           {facts['order']} (Kneser-Ney), and the longest match")
    whole = facts.get("unpruned_bits_per_char")
    beside = f" ({whole:.3f} with all documents)" if whole else ""
    print(f"bits/character  {facts['bits_per_char']:.3f} on validation lines, alone{beside}")


def looked_up(found: dict[str, Any]) -> None:
    """Where a text stands, what follows its last words, and examples."""
    print(f"{found['lines']:,} lines hold it")
    print(f"behind the last {found['match']!r} ({found['match_lines']:,} lines):")
    for row in found["continuations"]:
        print(f"{row['probability']:7.2%}  {row['token']}")
    for text in found["examples"]:
        print(f"  {text}")


def feedback(found: dict[str, Any]) -> None:
    """What users did, as tables on stdout."""
    ends = found["acceptance_interval"]
    interval = f"  [{_part(ends[0])}, {_part(ends[1])}]" if ends else ""
    if found["first"]:
        print(f"{found['first'][:10]} to {found['last'][:10]}, {found['users']:,} named users")
    print(f"  {'lists shown':28}{found['shown']:>10,}")
    print(f"  {'of them accepted':28}{_part(found['acceptance']):>10}{interval}")
    print(f"  {'candidates accepted':28}{found['accepted']:>10,}")
    print(f"  {'characters accepted':28}{found['accepted_chars']:>10,}")
    print(f"  {'of them still in the text':28}{_part(found['retained']):>10}")
    print(f"  {'keystrokes saved':28}{found['saved_keys']:>10,}")
    if found["median_ms"] is not None:
        print(f"  {'median time to accept':28}{found['median_ms'] / 1000:>9.1f}s")
    if found["ranks"]:
        print(f"rank{'shown':>12}{'accepted':>10}{'keys saved':>12}")
    for row in found["ranks"]:
        print(f"{row['rank']:>4}{row['shown']:>12,}{row['accepted']:>10,}{row['saved_keys']:>12,}")
    if found["days"]:
        print(f"day (UTC) {'shown':>6}{'accepted':>10}{'share':>9}{'keys saved':>12}")
    for row in found["days"][-14:]:
        cells = f"{row['shown']:>6,}{row['accepted']:>10,}{_part(row['acceptance']):>9}"
        print(f"{row['day']}{cells}{row['saved_keys']:>12,}")


def _part(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def feedback_info(facts: dict[str, Any]) -> None:
    """Where events are stored, on stdout."""
    days, counted = facts["retention_days"], facts["events"].items()
    print(f"{facts['place']}  {facts['bytes']:,} bytes")
    print("events: " + ", ".join(f"{n:,} {kind}" for kind, n in counted))
    print(f"of {facts['users']:,} named users in {facts['sessions']:,} text fields")
    if facts["first"]:
        print(f"from {facts['first']} to {facts['last']}")
    print(f"texts: {facts['texts']}; " + (f"kept for {days:,} days" if days else "kept for ever"))


def short(value: Any) -> str:
    """A value in as many digits as are read."""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
