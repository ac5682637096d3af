"""Texts and labels of tables and of JSON lines."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_gen.config import TuneConfig
from prompt_gen.corpus import sources
from prompt_gen.corpus.encoding import BAD_BYTES, SURROGATES
from prompt_gen.corpus.readers import Reading, csv, jsonl, tsv
from prompt_gen.errors import BadText, did_you_mean

TEXTS = ("text", "sentence", "query", "question", "utterance", "content", "文本", "内容", "句子")
LABELS = ("label", "category", "class", "intent", "target", "标签", "类别", "意图")
_EXAMPLE = '{"text": "...", "label": "..."}'
_KINDS = "CSV, TSV or JSON lines"
Record = tuple[int, dict[str, Any]]  # number of the line, and what stands there by column


def pairs(paths: Sequence[str | Path], config: TuneConfig) -> Iterator[tuple[str, str]]:
    """Text and label of every line.

    Raises:
        BadText: see `classify.read`.
    """
    with TemporaryDirectory() as kept_input:
        for source in sources.find(paths, "auto", Path(kept_input)):
            reading = Reading(source.path, source.name)
            rows = records(source.kind, reading, partial(_is_header, config), _EXAMPLE)
            names = _columns(reading, rows, config)
            for number, record in rows:
                yield _pair(reading, number, record, *names)
            check_whole(reading)


def check_whole(reading: Reading) -> None:
    """Labelled files are small and are mended, not read around what is broken.

    Raises:
        BadText: bytes that fit no character, or a file that breaks off.
    """
    if reading.bad_bytes.n:
        raise BadText(f"'{reading.name}': {BAD_BYTES}", "Save it as UTF-8")
    if reading.damage:
        raise BadText(f"'{reading.name}': {reading.damage}", "Make the file anew")


def records(
    kind: str, reading: Reading, is_header: Callable[[list[str]], bool], example: str
) -> list[Record]:
    """The rows of a table or of JSON lines; `is_header` says whether the first one names columns.

    Raises:
        BadText: a line with too few or too many columns, or no object; a file that is no table.
    """
    if kind == "jsonl":
        return [*objects(reading, example)]
    if kind not in ("csv", "tsv"):
        raise BadText(f"'{reading.name}' is no table", f"Give {_KINDS}")
    rows = [(number, cells) for number, cells, _ in (csv if kind == "csv" else tsv).rows(reading)]
    rows = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not rows:
        return []
    head = [cell.strip() for cell in rows[0][1]]
    names = [str(i + 1) for i in range(len(head))]
    if is_header(head):
        names, rows = head, rows[1:]
    for number, cells in rows:
        if len(cells) != len(names):
            raise BadText(
                f"'{reading.name}', line {number:,}: {len(cells)} columns, the first line has "
                f"{len(names)}",
                "Mend that line; a text that holds the separator stands in quotes",
            )
    return [(number, dict(zip(names, cells, strict=True))) for number, cells in rows]


def _is_header(config: TuneConfig, head: list[str]) -> bool:
    lower = {cell.lower() for cell in head}
    asked = {config.text_field, config.label_field} - {""}
    return bool(asked & set(head)) or bool(lower & set(TEXTS) and lower & set(LABELS))


def objects(reading: Reading, example: str) -> Iterator[Record]:
    """The objects of JSON lines; `example` shows what stands on each.

    Raises:
        BadText: a line that is none.
    """
    for number, value, bad in jsonl.values(reading):
        if bad == "blank":
            continue
        if bad or not isinstance(value, dict):
            raise BadText(
                f"'{reading.name}', line {number:,}: {bad or 'no object'}",
                f"Write an object on each line: {example}",
            )
        yield number, value


def _columns(reading: Reading, records: list[Record], config: TuneConfig) -> tuple[str, str]:
    """The names of the columns with text and with label."""
    if not records:
        raise BadText(f"'{reading.name}' holds no labelled text", f"Give {_KINDS}")
    names = [*records[0][1]]
    label = named(reading, names, config.label_field, LABELS)
    text = named(reading, names, config.text_field, TEXTS)
    others = [name for name in names if name not in (label, text)]
    if not label and not text and len(names) == 2:
        # Labels recur; texts are more different.
        label, text = sorted(names, key=lambda name: len({str(r[name]) for _, r in records}))
    elif len(others) == 1 and bool(label) != bool(text):
        label, text = label or others[0], text or others[0]
    if not label or not text:
        raise BadText(
            f"'{reading.name}': which of its columns is the {'text' if label else 'label'} is not "
            f"known: {', '.join(names)}",
            "Name both with --text-field and --label-field",
        )
    return text, label


def named(reading: Reading, names: list[str], asked: str, usual: Iterable[str]) -> str:
    """The column that is asked for, or the first with a usual name; empty where there is none.

    Raises:
        BadText: no column has the name that is asked for.
    """
    if asked and asked not in names:
        raise BadText(f"'{reading.name}' has no column '{asked}'", did_you_mean(asked, names))
    return asked or next((name for name in names if name.lower() in usual), "")


def _pair(
    reading: Reading, number: int, record: dict[str, Any], text: str, label: str
) -> tuple[str, str]:
    return text_of(reading, number, record, text), text_of(reading, number, record, label)


def text_of(reading: Reading, number: int, record: dict[str, Any], name: str) -> str:
    """What stands in a column of a line.

    Raises:
        BadText: nothing, or what is no text.
    """
    value = str(record.get(name, "")).strip()
    if not value or SURROGATES.search(value):
        why = f"'{name}' is empty" if not value else BAD_BYTES
        raise BadText(f"'{reading.name}', line {number:,}: {why}", "Fill it in, or mend it")
    return value
