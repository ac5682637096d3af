"""An explanation as lines of text: the tree, indented, and the candidates below it."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from prompt_gen.explain.branches import END, INNER, KNOWN, NOTED, READ, Branch, folded
from prompt_gen.explain.explanation import Explanation, Shown
from prompt_gen.explain.labels import REASONS, passes, seen, share
from prompt_gen.page import words

LEAST, MOST = 0.01, 8  # probability of a branch that is shown, and branches at one beginning
_STATES = {READ: "read", KNOWN: "known", NOTED: "noted", END: "ends", INNER: ""}
_APART = 3
_WORTH_A_LINE = 0.0005

Row = tuple[str, ...]


def written(found: Explanation, least: float = LEAST, most: int = MOST) -> list[str]:
    """The explanation of one key."""
    tree = folded(found.tree, least, most)
    typed = words.plain(found.typed) + "|"
    return [typed, *_columns(list(_tree(tree, "")), "<><"), "", *_facts(found), "", *_list(found)]


def _tree(branch: Branch, indent: str) -> Iterator[Row]:
    """The rows behind a branch: what is before them, probability, and what became of them."""
    others = _others(branch)
    last = len(branch.branches) - (not others)
    for at, each in enumerate(branch.branches):
        joint, further = ("└─ ", "   ") if at == last else ("├─ ", "│  ")
        yield f"{indent}{joint}{seen(each.piece)}", share(each.p), _became(each)
        yield from _tree(each, indent + further)
    if others:
        p = sum(p for _, p in others)
        yield f"{indent}└─ …", share(p), ", ".join(f"{name} {share(p)}" for name, p in others)


def _others(branch: Branch) -> list[tuple[str, float]]:
    """How a text goes on that is not shown, and how probable that is."""
    if not branch.branches and not branch.n_folded:
        return []
    more = f"{branch.n_folded:,} more"
    others = (
        (more, branch.p_folded),
        ("the line ends", branch.p_end),
        ("elsewhere", branch.p_elsewhere),
    )
    return [(name, p) for name, p in others if p >= _WORTH_A_LINE]


def _became(branch: Branch) -> str:
    state = _STATES[branch.state]
    if branch.n_opened > 1:
        state += f" {branch.n_opened}"
    return f"{state:8}[{branch.rank}]" if branch.rank else state


def _facts(found: Explanation) -> list[str]:
    """What the key took."""
    known = f", {found.n_known:,} of them known from the key before" if found.key else ""
    return [
        f"{words.count(found.n_opened, 'place')} looked into{known}; {found.n_noted:,} only noted",
        f"{words.count(found.n_read, 'place')} read in {passes(found.n_passes)} of the model",
    ]


def _list(found: Explanation) -> list[str]:
    """The candidates, a row each."""
    if not found.shown:
        return ["no candidate"]
    alone = []
    if any(each.gain is None for each in found.shown):
        alone = ["nothing in the tree may be shown: this is how training lines go on", ""]
    heads = ("rank", "probability", "keys saved", "candidate", "ends where", "from")
    return [*alone, *_columns([heads, *map(_candidate, found.shown)], ">>><<<")]


def _candidate(shown: Shown) -> Row:
    candidate = shown.candidate
    lines = f"memory, in {words.count(candidate.lines, 'training line')}"
    return (
        f"[{shown.rank}]",
        share(shown.p),
        "-" if shown.gain is None else f"{shown.gain:.2f}",
        words.plain(candidate.completion),
        REASONS[candidate.finish_reason],
        lines if candidate.source == "memory" else "model",
    )


def _columns(rows: Sequence[Row], sides: str) -> list[str]:
    """Cells below each other, each column as wide as its widest; `sides` are < and >."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for cell, width, side in zip(row, widths, sides, strict=True):
            room = " " * (width - cell_len(cell))
            cells.append(cell + room if side == "<" else room + cell)
        lines.append((" " * _APART).join(cells).rstrip())
    return lines
