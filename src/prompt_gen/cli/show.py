"""What the command line prints: results on stdout, all else on stderr."""

import json
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prompt_gen.cli import live
from prompt_gen.run import Event

if TYPE_CHECKING:  # the engine would load onnxruntime before any command is chosen
    from prompt_gen.corpus.explain import Explanation
    from prompt_gen.engine import Candidate
    from prompt_gen.evaluate import Report
    from prompt_gen.training import Forecast
    from prompt_gen.vocab.compare import Comparison

_LINE_EVERY_S = 10.0  # between progress lines where there is no terminal


def say(text: str) -> None:
    """A line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def result(value: Any) -> None:
    """A JSON result on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=1))


class Watcher:
    """Turns events into lines; on a terminal what is running is drawn over.

    Leaving its block leaves the terminal clean, however the block ends.
    """

    def __init__(self) -> None:
        self._can_draw = sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        self._last = 0.0
        self._drawn = False
        self._training = live.Standing()
        self._display: live.Display | None = None

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        is_live = event.station == "training" and self._can_draw
        if event.station == "training" and event.state in ("progress", "note"):
            self._training.hear(event)
        if event.state == "progress":
            if not is_live:
                self._progress(event)
        elif text := _text(event, is_live):
            if event.state == "done":
                self._close()
            self._line(text)
        if is_live and event.state in ("start", "progress", "note"):
            self._draw()

    def _progress(self, event: Event) -> None:
        now = time.monotonic()
        if now - self._last < (0.2 if self._can_draw else _LINE_EVERY_S):
            return
        self._last = now
        is_training = event.station == "training"
        text = self._training.line() if is_training else _progress(event)
        if self._can_draw:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._drawn = True
        else:
            say(text)

    def _draw(self) -> None:
        if self._display is None:
            self._erase()
            self._display = live.Display(self._training)
        self._display.draw()

    def _line(self, text: str) -> None:
        self._erase()
        self._display.say(text) if self._display else say(text)

    def _erase(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False

    def _close(self) -> None:
        if self._display:
            self._display.close()
            self._display = None


def _text(event: Event, is_live: bool) -> str:
    """What stays on the terminal of an event that is no progress; '' where nothing does."""
    if event.state == "skipped":
        return f"{event.station}: unchanged, kept"
    if event.state == "note":
        if "warning" in event.facts:
            return f"{event.station}: warning: {event.facts['warning']}"
        if "resumed_at_step" in event.facts:
            return f"{event.station}: goes on at step {event.facts['resumed_at_step']:,}"
        if "told" in event.facts:
            return f"{event.station}: {event.facts['told']}"
        if "validation_bits_per_char" in event.facts:
            return "" if is_live else _training_look(event.facts)
        return f"{event.station}: {_flat(event.facts)}"
    written = _TEXTS.get((event.station, event.state))
    return written(event.facts) if written else ""


def _progress(event: Event) -> str:
    share = event.done / event.total if event.total else 0.0
    facts = dict(event.facts)
    left = facts.pop("left_s", None)
    text = f"{event.station}: {share:4.0%}  {_flat(facts)}"
    return text if left is None else f"{text}  {live.clock(left)} left"


def _corpus(facts: dict[str, Any]) -> str:
    documents = ", ".join(f"{n:,} {part}" for part, n in sorted(facts["documents"].items()))
    fates = ", ".join(f"{n:,} {fate}" for fate, n in facts["fates"].items())
    files = facts["files"]
    lines = [f"{facts['lines']:,} lines of {len(files):,} files: {fates}", documents]
    if len(files) == 1:
        lines[0] = f"{facts['lines']:,} lines read ({_way(files[0])}): {fates}"
    elif fields := sorted({", ".join(f["fields"]) for f in files if "fields" in f}):
        lines.append(f"fields taken: {'; '.join(fields)}")
    near = facts["near_duplicates"]
    if near["documents"]:
        lines[1] += f"; {near['documents']:,} near-duplicates in {near['groups']:,} groups"
    for name, what in (("rules", "cleaned"), ("private", "private data")):
        if facts[name]:
            counts = sorted(facts[name].items(), key=lambda item: -item[1])
            lines.append(f"{what}: " + ", ".join(f"{n:,} {which}" for which, n in counts))
    for file in files:
        if "bad_bytes" in file:
            offsets = ", ".join(f"{offset:,}" for offset in file["bad_offsets"][:3])
            lines.append(
                f"warning: '{file['name']}': {file['bad_bytes']:,} times a byte that fits no "
                f"character, at {offsets}{' ...' if file['bad_bytes'] > 3 else ''}"
            )
        if "damage" in file:
            lines.append(f"warning: '{file['name']}': {file['damage']}")
    return "corpus: " + "\n        ".join(lines)


def _way(file: dict[str, Any]) -> str:
    """How a file was read: its encoding, and the fields that were taken."""
    fields = [f"field {', '.join(file['fields'])}"] if "fields" in file else []
    return ", ".join([file.get("encoding", file["format"]), *fields])


def _shards(facts: dict[str, Any]) -> str:
    n_tokens = facts["train_tokens"]
    text = f"shards: {n_tokens:,} training tokens, "
    text += f"{facts['train_chars'] / max(1, n_tokens):.2f} characters each"
    if facts["kept"]:
        text += f"\n        {facts['kept']:,} documents kept, {facts['encoded']:,} new ones encoded"
    return text


def _vocab_start(facts: dict[str, Any]) -> str:
    chars = f"{facts['chars']:,} characters"
    if "size" not in facts:
        return f"vocab: {facts['kind']}, checked on {chars}"
    size = f"{facts['size']:,} entries"
    if facts["auto"]:
        size += " (one for every 20 characters, at least 1,024, at most 8,192)"
    share = f"about {facts['sample_chars']:,} of" if facts["sampled"] else "all"
    return f"vocab: fitting {facts['kind']} with up to {size}, learning from {share} {chars}"


def _training_forecast(facts: dict[str, Any]) -> str:
    lines = [
        f"{facts['steps']:,} steps of {facts['shape']}, {facts['epochs']} epochs, "
        f"{facts['tokens_per_s']:,.0f} tokens/s: {live.clock(facts['seconds'])}, "
        f"until {facts['ends_at'].partition('T')[2][:8]}",
        f"{facts['parameters']:,} parameters, {facts['memory_mb']:,.0f} MB of memory",
    ]
    bits, counted = facts["bits_per_char"], facts["references"]
    lines.append(
        f"expected {bits['middle']:.2f} ({bits['low']:.2f} to {bits['high']:.2f}) bits per "
        f"character on validation; Kneser-Ney has {counted['kneser_ney']:.2f}"
    )
    lines += [f"warning: {warning}" for warning in facts["warnings"]]
    return "forecast: " + "\n          ".join(lines)


def _training_start(facts: dict[str, Any]) -> str:
    return (
        f"training: {facts['parameters']:,} parameters on {facts['device']} "
        f"({facts['threads']} threads), {facts['train_tokens']:,} tokens of text, "
        f"{facts['batch_tokens']:,} in a batch"
    )


def _training_look(facts: dict[str, Any]) -> str:
    """A look at the validation lines: the network beside counts, and what it writes."""
    text = (
        f"training: {facts['validation_bits_per_char']:.2f} bits per character on validation lines "
        f"({_beside(facts['references'])}), {facts['training_bits_per_char']:.2f} on training lines"
    )
    if written := facts.get("samples"):
        text += "\n          " + "  ".join(map(live.visible, written))
    return text


def _beside(references: dict[str, float]) -> str:
    names = {"unigram": "unigram", "bigram": "bigram", "kneser_ney": "Kneser-Ney"}
    return ", ".join(f"{shown} {references[name]:.2f}" for name, shown in names.items())


def _training_done(facts: dict[str, Any]) -> str:
    return (
        f"training: {facts['steps']:,} steps, {facts['epochs']} epochs in "
        f"{live.clock(facts['seconds'])}; kept are the weights {_of_best(facts)}: "
        f"{facts['validation_bits_per_char']:.3f} bits per character on validation lines "
        f"({_beside(facts['references'])})"
    )


def _of_best(facts: dict[str, Any]) -> str:
    if facts["best_is_mean"]:
        return f"that are the mean of the last steps before {facts['best_step']:,}"
    return f"of step {facts['best_step']:,}, the best look"


_TEXTS = {
    ("corpus", "done"): _corpus,
    ("vocab", "start"): _vocab_start,
    ("vocab", "done"): lambda f: f"vocab: {f['kind']}, {f['size']:,} entries",
    ("shards", "done"): _shards,
    ("training", "forecast"): _training_forecast,
    ("training", "start"): _training_start,
    ("training", "count"): lambda f: (
        f"training: counting n-grams of {f['tokens']:,} tokens to compare with"
    ),
    ("training", "done"): _training_done,
    ("evaluate", "compare"): lambda f: (
        f"evaluate: comparing {f['columns']} columns of {f['numbers']} numbers"
    ),
    ("evaluate", "start"): lambda f: (
        f"evaluate: {f['lines']:,} lines, {f['typed']:,} of them typed key by key"
    ),
}


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


def forecast(ahead: "Forecast", as_json: bool) -> None:
    """The recipe of a forecast on stdout, below what the watcher has said; or all of it as JSON."""
    facts = ahead.as_json()
    if as_json:
        result(facts)
    else:
        for name, value in facts["recipe"].items():
            print(f"{name:16}{_short(value)}")


def comparison(made: "Comparison") -> None:
    """A comparison of vocabularies as a table on stdout, and what it says in words."""
    names = [name.replace("_", " ") for name in made.columns]
    cells = [[_cell(value) for value in row] for row in made.rows]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    for row in (names, *cells):
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    print(f"\n{made.advice}")


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) and value < 1000 else _short(value)


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


def candidates(found: "Sequence[Candidate]") -> None:
    """Candidates on stdout, most probable first."""
    for candidate in found:
        print(f"{candidate.score:7.2%}  {candidate.text}")


def _flat(facts: dict[str, Any]) -> str:
    known = {name: value for name, value in facts.items() if value == value}  # NaN: not yet
    return "  ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in known.items())


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
