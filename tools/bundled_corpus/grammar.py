"""A small pattern notation and its seeded expansion.

``[a|b|c]``  one of the alternatives; they nest, and one of them may be empty.
``{slot}``   one of the alternatives that a table row holds under that name.
``{?slot}``  nothing, but only rows that have the slot are used.

A pattern never yields all its combinations: the alternatives that were used least are drawn
first, and the number of lines is bounded, so that no pattern can fill the corpus.
"""

from __future__ import annotations

import math
import random
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

SEED = 20240501
LONGEST = {"zh": 80, "en": 160}
_TAIL = "。.？?！!；;，,…"


@dataclass(frozen=True)
class Choice:
    """One place in a pattern where an alternative is drawn; a slot never repeats in a line."""

    label: str
    options: tuple[tuple[str, tuple[str | Choice, ...]], ...]
    slot: bool


Nodes = tuple["str | Choice", ...]
Row = Mapping[str, str]


def rules(block: str, glue: str = "") -> tuple[str, ...]:
    """Split a text block into patterns; an indented line continues the one above it."""
    found: list[str] = []
    for line in block.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace() and found:
            found[-1] += glue + line.strip()
        else:
            found.append(line.strip())
    return tuple(found)


def split_options(text: str) -> list[str]:
    """Split at the bars that stand outside every bracket."""
    parts, depth = [""], 0
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _choice(label: str, text: str, row: Row, slot: bool) -> Choice:
    return Choice(label, tuple((part, parse(part, row)) for part in split_options(text)), slot)


def parse(pattern: str, row: Row) -> Nodes:
    """Turn a pattern into literals and choices; raises KeyError for a slot the row lacks."""
    nodes: list[str | Choice] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "[":
            end = _closing(pattern, at)
            inner = pattern[at + 1 : end]
            nodes.append(_choice(f"{at}:{inner}", inner, row, slot=False))
        elif pattern[at] == "{":
            end = pattern.index("}", at)
            slot = pattern[at + 1 : end]
            wanted = row[slot.removeprefix("?")]
            if not slot.startswith("?"):
                nodes.append(_choice(slot, wanted, row, slot=True))
        else:
            end = at
            while end + 1 < len(pattern) and pattern[end + 1] not in "[{":
                end += 1
            nodes.append(pattern[at : end + 1])
        at = end + 1
    return tuple(nodes)


def _closing(pattern: str, start: int) -> int:
    depth = 0
    for at in range(start, len(pattern)):
        depth += (pattern[at] == "[") - (pattern[at] == "]")
        if depth == 0:
            return at
    raise ValueError(f"unclosed bracket in pattern: {pattern}")


def combinations(nodes: Nodes) -> int:
    """How many ways there are to draw a line from these nodes."""
    return math.prod(
        sum(combinations(inner) for _, inner in node.options)
        for node in nodes
        if isinstance(node, Choice)
    )


def breadth(nodes: Nodes) -> int:
    """How many alternatives the widest choice has."""
    return max((len(node.options) for node in nodes if isinstance(node, Choice)), default=1)


def _draw(nodes: Nodes, rng: random.Random, used: Counter[tuple[str, str]], taken: set[str]) -> str:
    """Draw one line; empty when a slot has nothing left that is not in the line already."""
    text = ""
    for node in nodes:
        if isinstance(node, str):
            text += node
            continue
        free = [option for option in node.options if not (node.slot and option[0] in taken)]
        if not free:
            return ""
        least = min(used[node.label, name] for name, _ in free)
        name, inner = rng.choice([o for o in free if used[node.label, o[0]] == least])
        used[node.label, name] += 1
        if node.slot:
            taken.add(name)
        text += _draw(inner, rng, used, taken)
    return text


def expand(pattern: str, most: int, rows: Iterable[Row] = ({},), spread: int = 2) -> list[str]:
    """Draw at most ``most`` distinct lines, taking the table rows in turn.

    Without a table a pattern gives at most ``spread`` lines per alternative of its widest choice.
    """
    parsed = [parse(pattern, row) for row in rows if _fits(pattern, row)]
    if not parsed:
        raise ValueError(f"no table row fits the pattern: {pattern}")
    rng = random.Random(f"{SEED}:{pattern}")
    total = sum(combinations(nodes) for nodes in parsed)
    wanted = min(most, total)
    if len(parsed) == 1:
        wanted = min(wanted, max(3, spread * breadth(parsed[0])))
    rng.shuffle(parsed)
    used: Counter[tuple[str, str]] = Counter()
    lines: dict[str, None] = {}
    for turn in range(40 * wanted):
        if len(lines) == wanted:
            break
        line = _draw(parsed[turn % len(parsed)], rng, used, set())
        if line:
            lines[line] = None
    return list(lines)


def _fits(pattern: str, row: Row) -> bool:
    try:
        parse(pattern, row)
    except KeyError:
        return False
    return True


def identity(line: str) -> str:
    """Fold what two lines that count as the same may differ in: width, case, spaces, last mark."""
    folded = unicodedata.normalize("NFKC", line).casefold()
    return "".join(folded.split()).rstrip(_TAIL)


@dataclass(frozen=True)
class Source:
    """Patterns that share a bound and, perhaps, the rows of a table."""

    patterns: tuple[str, ...]
    most: int = 1
    rows: tuple[Row, ...] = ({},)
    spread: int = 2


def labelled(sources: Iterable[Source], language: str) -> Iterator[tuple[str, str]]:
    """Give (pattern, line) for every distinct line, in the order of the sources."""
    seen: set[str] = set()
    for source in sources:
        for pattern in source.patterns:
            for line in expand(pattern, source.most, source.rows, source.spread):
                key = identity(line)
                if len(line) > LONGEST[language]:
                    raise ValueError(f"line too long: {line}")
                if key not in seen:
                    seen.add(key)
                    yield pattern, line


def shuffled(sources: Iterable[Source], language: str) -> list[str]:
    """All lines of the sources in one seeded order."""
    lines = [line for _, line in labelled(sources, language)]
    random.Random(f"{SEED}:{language}").shuffle(lines)
    return lines
