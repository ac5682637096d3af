"""An explanation as one SVG file: opened without a network, light or dark as the viewer is."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from prompt_gen.explain import layout, marks
from prompt_gen.explain.branches import folded
from prompt_gen.explain.explanation import Explanation, Shown
from prompt_gen.explain.labels import passes, share
from prompt_gen.explain.layout import GAP, NUMBER, PADDING, REST, STOP, Box, Layout, Ribbon
from prompt_gen.explain.legend import HEIGHT, legend
from prompt_gen.page import COLOURS
from prompt_gen.page.words import count, plain

LEAST, MOST = 0.012, 6  # probability of a branch that is shown, and branches at one beginning
_STYLE = Path(__file__).with_name("style.css")
_SIDE = 28  # empty, left and right
_HEAD = 96  # room for the words above a tree
_FOOT = 30  # empty below a tree
_LIST = 250  # width of the list of candidates at least
_INDENT = 32  # of its texts, behind the rank
_TYPED = 20  # size of what was typed
_MOST_TYPED = 260  # width of it, at most
_CARET = 8  # between it and what follows
_LEAST_WIDTH = 960


def drawn(found: Sequence[Explanation], least: float = LEAST, most: int = MOST) -> str:
    """The pictures of one or more keys below each other, and what the signs mean."""
    layouts, tops = [], [0.0]
    for each in found:
        left = _SIDE + _typed_width(_end_of(each.typed)) + _CARET
        layouts.append(Layout(folded(each.tree, least, most), left, tops[-1] + _HEAD))
        n_alone = len(each.shown) - len(each.tree.ranks)
        height = layouts[-1].height + n_alone * layout.ROW
        tops.append(tops[-1] + _HEAD + height + _FOOT)
    edge = max(box.right for each in layouts for box in layout.boxes(each.caret))
    room = _list_width(found)
    column = max(edge + 26, _LEAST_WIDTH - room - _SIDE)
    width, height = column + room + _SIDE, tops[-1] + HEIGHT
    body = list[str]()
    for each, where, top, bottom in zip(found, layouts, tops[:-1], tops[1:], strict=True):
        body += _picture(each, where, top, column)
        body.append(marks.line(_SIDE, width - _SIDE, bottom, "border"))
    body += legend(_SIDE, tops[-1], width, has_known=any(each.key for each in found))
    style = COLOURS.read_text("utf-8") + _STYLE.read_text("utf-8")
    title = escape(plain(f"{found[-1].typed}: what may follow 之后可能的文字"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" lang="zh" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">\n<title>{title}</title>\n'
        f'<style>\n{style}</style>\n<rect class="paper" width="100%" height="100%"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _picture(found: Explanation, where: Layout, top: float, column: float) -> Iterator[str]:
    yield from _head(found, top)
    for ribbon in layout.ribbons(where.caret):
        yield _ribbon(ribbon)
    first, *others = layout.boxes(where.caret)
    ends = {box.branch.rank: box for box in others if box.is_end_of_candidate}
    y = top + _HEAD + where.height
    for each in found.shown:
        if box := ends.get(each.rank):
            start = (box.x - GAP if box.kind == STOP else box.right) + 8
            yield marks.line(start, column - 6, box.y, "lead")
            yield from _candidate(each, box.y, column)
        else:  # not from the tree
            yield from _candidate(each, y + layout.ROW / 2, column)
            y += layout.ROW
    for box in others:
        yield from _box(box)
    yield _typed(found, first)


def _head(found: Explanation, top: float) -> Iterator[str]:
    """What the key took, in both languages."""
    english = f"{count(found.n_read, 'place')} read in {passes(found.n_passes)} of the model"
    chinese = f"模型算 {found.n_passes:,} 次，读 {found.n_read:,} 处"
    name = "At the caret 光标处"
    if found.key:
        name = f"After the key 键入「{plain(found.key)}」之后"
        known = f"{found.n_known:,} of {count(found.n_opened, 'place')}"
        english += f"; {known} looked into were known from the key before"
        chinese += f"；查看的 {found.n_opened:,} 处中，{found.n_known:,} 处上一键已经读过"
    yield marks.text(_SIDE, top + 36, escape(name), "title")
    yield marks.text(_SIDE, top + 58, english, "small")
    yield marks.text(_SIDE, top + 76, chinese, "small")


def _typed(found: Explanation, caret: Box) -> str:
    """What was typed, the newest key in a colour of its own, and the caret."""
    typed, key = _end_of(found.typed), plain(found.key)
    markup = escape(typed)
    if key and typed.endswith(key):
        markup = f'{escape(typed.removesuffix(key))}<tspan class="key">{escape(key)}</tspan>'
    room = _typed_width(typed)
    return (
        f'<rect class="caret" x="{caret.x - 3:.1f}" y="{caret.y - 18:.1f}" width="3" height="36"/>'
        + marks.fitted(caret.x - _CARET - room, caret.y + 7, room, markup, "typed")
    )


def _end_of(typed: str) -> str:
    """As much of what was typed as there is room for."""
    text = plain(typed)
    while _typed_width(text) > _MOST_TYPED:
        text = "…" + text.removeprefix("…")[1:]
    return text


def _typed_width(text: str) -> float:
    return layout.text_width(text, _TYPED, bold=True)


def _ribbon(ribbon: Ribbon) -> str:
    (x1, y1), (x2, y2) = ribbon.start, ribbon.end
    middle = (x1 + x2) / 2
    kind = "rest" if ribbon.target.kind else ribbon.target.branch.state or "inner"
    return (
        f'<path class="ribbon {kind}" stroke-width="{ribbon.thick:.1f}" d="M{x1:.1f} {y1:.1f}'
        f'C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"/>'
    )


def _box(box: Box) -> Iterator[str]:
    """The text of a branch and its probability."""
    if box.kind == STOP:
        return
    width = layout.label_width(box.branch, box.kind)
    x, number = box.x + PADDING, box.right - PADDING
    label, p = escape(layout.label(box.branch, box.kind)), escape(share(box.p))
    if box.kind == REST:
        yield marks.text(x, box.y + 4, label, "small")
        yield marks.text(number, box.y + 4, p, "small p")
        return
    state = box.branch.state or "inner"
    yield marks.rect(box.x, box.y, box.width, f"box {state}{' shown' * bool(box.branch.rank)}")
    yield marks.fitted(x, box.y + 5.5, width, label, f"on-{state}")
    yield marks.text(number, box.y + 4.5, p, f"small p on-{state}")


def _candidate(shown: Shown, y: float, column: float) -> Iterator[str]:
    """What stands in the list: the candidate, the keys it saves, how probable it is, from where."""
    gain, facts = _facts(shown)
    markup = f'<tspan class="gain">{gain}</tspan>{escape(facts)}'
    yield marks.badge(column + marks.BADGE / 2, y, shown.rank)
    yield marks.text(column + _INDENT, y - 3, escape(_short(shown)), "shown")
    yield marks.text(column + _INDENT, y + 13, markup, "small")


def _facts(shown: Shown) -> tuple[str, str]:
    lines = shown.candidate.lines
    source = f"{count(lines, 'line')} 原句 {lines:,} 行" if lines else "model 模型生成"
    gain = "not from the tree" if shown.gain is None else f"+{shown.gain:.2f} keys 键"
    return gain, f" · {share(shown.p)} · {source}"


def _short(shown: Shown) -> str:
    """A candidate as far as there is room in the list; the tree has all of it."""
    text = plain(shown.candidate.completion)
    while layout.text_width(text, layout.TEXT, bold=True) > _LIST - _INDENT:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _list_width(found: Sequence[Explanation]) -> float:
    """Room for the lists."""
    texts = ["".join(_facts(shown)) for each in found for shown in each.shown]
    return max([_LIST, *(_INDENT + layout.text_width(text, NUMBER, bold=True) for text in texts)])
