"""What the signs of a picture mean, in both languages."""

from collections.abc import Iterator

from prompt_gen.explain import marks
from prompt_gen.explain.branches import END, INNER, KNOWN, NOTED, READ
from prompt_gen.explain.layout import NUMBER, text_width

HEIGHT = 122
_ROW = 46
_SIGN = 30  # width of a sign
_SIGNS = (
    (READ, "looked into, read for this key", "查看过，为这一键读的"),
    (KNOWN, "looked into, known from the key before", "查看过，上一键已经读过"),
    (NOTED, "only noted", "只记下，没有查看"),
    (END, "nothing follows", "到此为止"),
    (INNER, "inside a token", "在词元之内"),
    ("ribbon", "the thicker, the more probable", "越粗越可能"),
    ("rank", "a candidate, and the keys it adds to those saved", "候选，以及预期它再省下的按键"),
)


def legend(x_left: float, top: float, width: float, *, has_known: bool) -> Iterator[str]:
    """What the signs mean, in rows of the given width."""
    x, y = x_left, top + 36
    for sign, english, chinese in _SIGNS:
        if sign == KNOWN and not has_known:
            continue
        room = _SIGN + 8 + max(text_width(each, NUMBER) for each in (english, chinese))
        if x + room > width - x_left:
            x, y = x_left, y + _ROW
        yield _sign(sign, x, y)
        yield marks.text(x + _SIGN + 8, y - 3, english, "small")
        yield marks.text(x + _SIGN + 8, y + 13, chinese, "small")
        x += room + 28


def _sign(sign: str, x: float, y: float) -> str:
    if sign == "ribbon":
        return marks.line(x, x + _SIGN, y, "ribbon read", ' stroke-width="12"')
    if sign == "rank":
        return marks.badge(x + _SIGN / 2, y, 1)
    if sign == INNER:
        return marks.text(x + 8, y + 5.5, "字", "on-inner")
    return marks.rect(x, y, _SIGN, f"box {sign}")
