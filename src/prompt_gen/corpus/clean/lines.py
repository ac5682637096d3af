"""Rules about a whole line: its list number, its letters, its length."""

import re

from prompt_gen.text import sentence_end

_HAN = "㐀-䶿一-鿿"
_NUMERALS = "一二三四五六七八九十"
# A marker that cannot be anything else may stand before a digit (（1）18岁); others may not
# (1、2型糖尿病; 3.5毫克; 一、二级医院).
_MARKER = re.compile(
    rf"(?:[(（]\s?(?:[0-9]{{1,2}}|[{_NUMERALS}]{{1,3}})\s?[)）]|[0-9]{{1,2}}\s?[)）])[、.．:：]?"
    rf"(?=\s*+[^\W_]|\s*+[“‘「『《【\"])"
    rf"|[①-⒛❶-❿㈠-㈩㊀-㊉][、.．:：]?(?=\s*+[^\W①-⒛❶-❿㈠-㈩㊀-㊉_和与及或至到]|\s*+[“‘「『《【\"])"
    rf"|[0-9]{{1,2}}\s?、(?=\s*+[^\W\d_]|\s*+[“‘「『《【\"])"
    rf"|[0-9]{{1,2}}\s?[.．](?=\s*+[{_HAN}“‘「『《【\"]|[A-Z]|\s++[A-Za-z])"
    rf"|[{_NUMERALS}]{{1,3}}[、.．](?=\s*+[^\W\d_{_NUMERALS}两几半])"
    rf"|[●•■◆▪◦○□☆★▲△※](?=\s*+[^\W_])|[-*·](?=[{_HAN}]|\s++[^\W\d_])"
    r"|[:：]++(?![DPpOo]\b)(?=\s*+[^\W_]|\s*+[“‘「『《【\"])"
)
_BLANKS = re.compile(r"\s*+")
_CLAUSE_END = re.compile(r"[，；]++|(?<![0-9])、++|,++(?![0-9])")
_SPACE = re.compile(r"\s++")
_CLOSERS = re.compile(r"[”’」』）)》】\"]++")


def numbers(line: str) -> str:
    """The line without the list numbers, bullets and colons before its text.

    What may be part of the text stays: 3.5毫克, 2型糖尿病, 10.1国庆, 1、2型, 第一，, ①和②.
    """
    at = _BLANKS.match(line).end()  # type: ignore[union-attr] # matches everywhere
    start = at
    while marker := _MARKER.match(line, at):
        at = _BLANKS.match(line, marker.end()).end()  # type: ignore[union-attr]
    return line if at == start else line[at:]


def has_letter(line: str) -> bool:
    """Whether the line holds a letter of any script."""
    return any(map(str.isalpha, line))


def pieces(line: str, max_chars: int) -> list[str]:
    """The line cut behind sentence ends into pieces of at most max_chars, as long as they can be.

    Where a sentence is longer, it is cut behind a clause, else at white space, else not at all.
    The pieces together are the line, apart from white space at their borders.
    """
    if len(line) <= max_chars:
        return [line]
    kinds = [_sentence_ends(line), _ends(_CLAUSE_END, line), _ends(_SPACE, line)]
    nexts = [0] * len(kinds)
    made, start = [], 0
    while len(line) - start > max_chars:
        cut = None
        for kind, ends in enumerate(kinds):
            while nexts[kind] < len(ends) and ends[nexts[kind]] <= start + max_chars:
                nexts[kind] += 1
            last = ends[nexts[kind] - 1] if nexts[kind] else 0
            if cut is None and last > start:
                cut = last
        later = [ends[n] for ends, n in zip(kinds, nexts, strict=True) if n < len(ends)]
        cut = cut or min(later, default=len(line))
        made.append(line[start:cut])
        start = _BLANKS.match(line, cut).end()  # type: ignore[union-attr]
    return [text for piece in [*made, line[start:]] if (text := piece.strip())]


def _sentence_ends(line: str) -> list[int]:
    ends, at = [], 0
    while (end := sentence_end(line, at)) is not None:
        closers = _CLOSERS.match(line, end)
        at = closers.end() if closers else end
        ends.append(at)
    return ends


def _ends(pattern: re.Pattern[str], line: str) -> list[int]:
    return [match.end() for match in pattern.finditer(line)]
