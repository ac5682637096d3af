"""Where the branches of a tree stand in a picture: left to right, a row for each end.

Lengths are pixels. Widths of texts are estimates for any sans-serif font; the picture tells the
viewer to fit each text into its estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from prompt_gen.explain.branches import Branch
from prompt_gen.explain.labels import seen, share

ROW = 38  # from one end to the next
BOX = 26  # height of a box
GAP = 46  # between a box and the one behind it
TEXT = 15  # size of letters in boxes
THICK = 34  # of a ribbon that is certain
_THIN = 1.2
_BOLD = 1.12
_WORTH_A_ROW = 0.005  # probability of what is not shown one by one
PADDING = 9
NUMBER = 12  # size of numbers
APART = 8  # between a text and its number
_NARROW, _WIDE = frozenset("iljtfrI.,;:'|!()[] "), frozenset("mwMW@%&<>=+~…—“”‘’")

REST = "rest"  # a box for all that is not shown one by one
STOP = "stop"  # no box: the candidate that its parent is


@dataclass(frozen=True)
class Box:
    """A branch in its place. `x` is its left side, `y` its middle."""

    branch: Branch
    kind: str  # "", REST or STOP
    x: float
    y: float
    width: float
    p: float
    behind: tuple["Box", ...] = ()

    @property
    def right(self) -> float:
        """Where ribbons leave it."""
        return self.x + self.width

    @property
    def is_end_of_candidate(self) -> bool:
        """Whether the line to a candidate's place in the list begins here."""
        is_alone = not self.behind and self.kind != REST
        return bool(self.branch.rank) and (self.kind == STOP or is_alone)


@dataclass(frozen=True)
class Ribbon:
    """From a box to one behind it."""

    start: tuple[float, float]
    end: tuple[float, float]
    thick: float
    target: Box


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a text is."""
    return size * sum(_ems(each, _BOLD if bold else 1.0) for each in text)


def _ems(character: str, bold: float) -> float:
    """Full-width characters are as wide when they are bold."""
    if cell_len(character) != 1:
        return float(cell_len(character) > 1)
    if character in _NARROW:
        return 0.31 * bold
    return bold * (0.9 if character in _WIDE else 0.68 if character.isupper() else 0.6)


def label(branch: Branch, kind: str) -> str:
    """What is written in a box."""
    if kind == REST:
        return f"+ {branch.n_folded:,} …" if branch.n_folded else "…"
    return seen(branch.piece)


def label_width(branch: Branch, kind: str) -> float:
    """Room for it."""
    return text_width(label(branch, kind), NUMBER if kind == REST else TEXT)


class Layout:
    """All boxes of a (folded) tree, beginning at a point; the first is the caret."""

    def __init__(self, tree: Branch, x: float, y: float) -> None:
        self._n_rows, self._y = 0, y
        self.caret = self._box(tree, "", x)
        self.height = self._n_rows * ROW

    def _box(self, branch: Branch, kind: str, x: float) -> Box:
        p = rest(branch) if kind == REST else branch.p
        width = 0.0
        if branch.text or kind == REST:
            width = label_width(branch, kind) + text_width(share(p), NUMBER)
            width += 2 * PADDING + APART
        if kind == STOP:
            width = 0.0
        behind = [] if kind else _parts(branch)
        if not behind:
            self._n_rows += 1
            return Box(branch, kind, x, self._y + (self._n_rows - 0.5) * ROW, width, p)
        boxes = tuple(self._box(each, name, x + width + GAP) for each, name in behind)
        return Box(branch, kind, x, _middle(boxes), width, p, boxes)


def _middle(behind: Sequence[Box]) -> float:
    """The height of a box: straight before its place in the list, or amid what follows."""
    for each in behind:
        if each.kind == STOP:
            return each.y
    heights = [each.y for each in behind if not each.kind]
    return (heights[0] + heights[-1]) / 2


def _parts(branch: Branch) -> list[tuple[Branch, str]]:
    """What stands behind a branch."""
    if not branch.branches:
        return []
    parts = [(each, "") for each in branch.branches]
    if rest(branch) >= _WORTH_A_ROW:
        parts.append((branch, REST))
    if branch.rank:
        parts.insert(len(parts) // 2, (branch, STOP))
    return parts


def rest(branch: Branch) -> float:
    """The probability of all ways on that have no box of their own."""
    return branch.p_folded + branch.p_elsewhere + branch.p_end


def boxes(box: Box) -> list[Box]:
    """A box and all behind it."""
    return [box, *(each for behind in box.behind for each in boxes(behind))]


def ribbons(box: Box) -> list[Ribbon]:
    """The ribbons from a box and all behind it; where they leave it they lie side by side."""
    flowing = [each for each in box.behind if each.kind != STOP]
    thick = [max(_THIN, THICK * each.p) for each in flowing]
    at = box.y - sum(thick) / 2
    found = []
    for each, width in zip(flowing, thick, strict=True):
        found.append(Ribbon((box.right, at + width / 2), (each.x, each.y), width, each))
        at += width
    return found + [ribbon for each in box.behind for ribbon in ribbons(each)]
