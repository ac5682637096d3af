"""The rule about markup: entities are decoded, tags and comments are taken out.

Only names that HTML has are tags, so that `血糖<5.6且>3.9` and `a < b` stay. A tag that was escaped
(`&lt;br&gt;`) is a tag too: nobody types one into a line of text. What was escaped several times
(`&amp;amp;lt;`) is decoded at once. An entity ends in `;`, as in what programs write: `&copy=2` in
an address is none.
"""

import re
from html import unescape
from html.entities import html5

_BREAKING = """
    address article aside blockquote br button caption dd div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hr iframe li main nav ol option p pre section select
    table tbody td textarea tfoot th thead title tr ul
"""
_INLINE = """
    a abbr audio b bdo big body center cite code del dfn em embed font head html i img input
    ins kbd label link map mark meta noscript object q s samp script small source span strike
    strong style sub sup svg tt u var video wbr
"""
_NAME = rf"({'|'.join(_BREAKING.split())})|{'|'.join(_INLINE.split())}"
_TAG = re.compile(rf"<(?=[/A-Za-z])/?(?i:{_NAME})(?:\s[^<>]*+)?/?>", re.ASCII)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ENTITY = r"#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31}"
_ENTITIES = re.compile(rf"&(?:amp;)++(?:({_ENTITY});)?|&({_ENTITY});")


def html(line: str) -> str:
    """The text of a line of HTML; tags that break a line become a blank."""
    if "&" in line:
        line = _ENTITIES.sub(_decoded, line)
    if "<" not in line:
        return line
    # Every comment that begins before the last end of one is closed: no search runs in vain.
    end = line.rfind("-->") + len("-->")
    if end >= len("<!---->"):
        line = _COMMENT.sub("", line[:end]) + line[end:]
    return _TAG.sub(lambda tag: " " if tag[1] else "", line)


def _decoded(entity: re.Match[str]) -> str:
    name = entity[1] or entity[2]
    if name is None:
        return "&"
    known = name.startswith("#") or f"{name};" in html5
    return unescape(f"&{name};") if known else f"&{name};"
