"""Finds of e-mail addresses and web addresses."""

import re
from collections.abc import Iterator

Span = tuple[int, int]

# One start for each run of characters, and no step back: linear, whatever the line.
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+'-])[A-Za-z0-9._%+'-]++ ?@ ?[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)++"
)
_PATH = r"[A-Za-z0-9!#$%&'()*+,./:;=?@\[\]_~-]"
_SCHEME = re.compile(rf"(?i:https?|ftp)://{_PATH}++|(?<![A-Za-z0-9.-])(?i:www)\.{_PATH}++")
_HOST = re.compile(
    rf"(?<![A-Za-z0-9.@-])[A-Za-z0-9-]++((?:\.[A-Za-z0-9-]++)++)(?:[:/?#]{_PATH}*+)?"
)
_COMMON = "biz cc cn com edu gov hk info io jp kr mil net org ru shop site top tw uk vip wang xyz"
_TOP_LEVEL = frozenset(_COMMON.split())


def emails(text: str) -> Iterator[Span]:
    """Where e-mail addresses stand; one blank beside the @ is allowed."""
    if "@" in text:
        yield from (found.span() for found in _EMAIL.finditer(text))


def urls(text: str) -> Iterator[Span]:
    """Where web addresses stand: with http:// or www., or with a common top-level domain."""
    if "." not in text and "://" not in text:
        return
    for found in _SCHEME.finditer(text):
        yield found.start(), _end(found)
    for found in _HOST.finditer(text):
        if found[1].rpartition(".")[2].lower() in _TOP_LEVEL:
            yield found.start(), _end(found)


def _end(found: re.Match[str]) -> int:
    return found.start() + len(found[0].rstrip("!'(),.:;?[]"))
