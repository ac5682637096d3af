"""Which fields of records are text: those that were named, or the only one that is."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.errors import BadText, did_you_mean

N_LOOKED_AT = 100
USUAL = ("text", "content", "sentence", "line", "query", "文本", "内容", "句子", "正文")
Numbered = tuple[int, Any, str]


class Chooser:
    """Turns numbered values (strings, lists of them, objects) into lines.

    Raises:
        BadText: a named field that no record has, or no way to tell which field is the text.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def texts(self, values: Iterable[Numbered]) -> Iterator[Line]:
        """A line for each text; one with the reason for each value that has none."""
        values = iter(values)
        first = list(islice(values, N_LOOKED_AT))
        records = [value for _, value, _ in first if isinstance(value, dict)]
        has_others = any(_is_text(value) for _, value, _ in first)
        fields = self._fields(records, has_others) if records else ()
        self._reading.found_fields = fields
        missing = set(fields)
        for number, value, bad in chain(first, values):
            if bad:
                yield Line(number, "", number, bad)
                continue
            if isinstance(value, dict):
                missing = {field for field in missing if not _has(value, field)}
                value = [_inside(value, field) for field in fields]
            found = list(_strings(value))
            for text in found:
                yield Line(number, text, number)
            if not found:
                yield Line(number, "", number, "no text in the record")
        for field in missing:
            raise self._unknown(field, records)

    def _fields(self, records: list[dict[str, Any]], has_others: bool) -> tuple[str, ...]:
        wanted = self._reading.fields
        if wanted and not any(_has(record, field) for record in records for field in wanted):
            raise self._unknown(wanted[0], records)
        return wanted or self._guess(records, _names(records), has_others)

    def _unknown(self, field: str, records: list[dict[str, Any]]) -> BadText:
        return BadText(
            f"'{self._reading.name}' has no field '{field}'", did_you_mean(field, _names(records))
        )

    def _guess(
        self, records: list[dict[str, Any]], names: list[str], has_others: bool
    ) -> tuple[str, ...]:
        n_texts = Counter(
            name for record in records for name, value in record.items() if _is_text(value)
        )
        texts = [name for name in names if 2 * n_texts[name] >= len(records)]
        usual = [name for name in texts if name.lower() in USUAL]
        if len(texts) == 1 or len(usual) == 1:
            return (*(usual or texts),)
        if not texts and has_others:
            return ()
        if not texts:
            raise BadText(
                f"'{self._reading.name}' has no field with text in it",
                f"Its fields are {', '.join(names)}; name one with --field NAME, "
                "or what is inside of one with --field NAME.INNER",
            )
        raise BadText(
            f"'{self._reading.name}' has several fields with text: {', '.join(texts)}",
            "Name the one that is wanted with --field NAME (or several, one --field each)",
        )


def _names(records: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for record in records for name in record))


def _has(record: dict[str, Any], field: str) -> bool:
    return field in record or field.partition(".")[0] in record


def _inside(value: Any, field: str) -> Any:
    """What a field holds; `turns.text` is what `text` holds in each of a list of `turns`."""
    if isinstance(value, list):
        return [_inside(one, field) for one in value]
    if not isinstance(value, dict):
        return None
    if field in value:
        return value[field]
    outer, dot, inner = field.partition(".")
    return _inside(value.get(outer), inner) if dot else None


def _is_text(value: object) -> bool:
    texts = list(_strings(value))
    return any(any(c.isalpha() for c in text[:200]) for text in texts)


def _strings(value: object) -> Iterator[str]:
    """The strings of a value: itself, or those in a list of strings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
