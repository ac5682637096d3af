"""Finds of telephone, identity and card numbers.

A number is read as groups of digits with one blank or hyphen between them, as people write
it; a row of groups is a find when its digits pass what that kind of number must pass.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date

Span = tuple[int, int]

_MANY = re.compile(r"[0-9](?:[ .()-]{0,2}[0-9]){6}")
_ROW = re.compile(r"[0-9]++(?:[ -][0-9]++)*+[Xx]?+")
# Digits that stand alone are one group together: 1 3 8 0 0 1 3 8 0 0 0.
_GROUP = re.compile(r"[0-9](?:[ -][0-9](?![0-9]))++|[0-9]++[Xx]?+")
_BETWEEN = re.compile("[ -]")
SHORTEST, LONGEST = 11, 19  # digits: of a mobile number, of a card number

_PHONE_WORDS = "电话|手机|手机号|联系方式|热线|座机|传真|致电|拨打|tel|Tel|TEL|phone|Phone|fax|Fax"
_PHONES = (
    # 010-12345678, (0755) 8765 4321 转 12
    r"(?<![0-9])\(?0(?:10|2[0-9]|[3-9][0-9]{2})\)?[ -]?[2-9][0-9]{2,3}[ -]?[0-9]{4}"
    r"(?: ?(?:-|转|ext\.?) ?[0-9]{1,6})?(?![0-9])",
    # 400-123-4567, 8001234567, 400-1234-567
    r"(?<![0-9])[48]00(?:[ -]?[0-9]{3}[ -]?[0-9]{4}|[ -][0-9]{4}[ -][0-9]{3})(?![0-9])",
    # 138.0013.8000
    r"(?<![0-9])1[3-9][0-9]\.[0-9]{4}\.[0-9]{4}(?![0-9])",
    # +44 20 7946 0958, 0086 10 12345678
    r"(?<![0-9+])(?:\+ ?|00(?=[1-9][0-9]{0,2}[ -]))[1-9](?:[ .()-]{0,2}[0-9]){7,14}(?![0-9])",
    # (415) 555-2671, 1-415-555-2671
    r"(?<![0-9])(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}"
    r"(?![0-9])",
    # seven digits or more behind a word that announces them
    rf"(?:{_PHONE_WORDS})(?:号码|号|是|为)?[ :：]{{0,3}}"
    r"(\(?[0-9](?:[ ()-]{0,2}[0-9]){6,13})(?![0-9])",
)
_PHONE = re.compile("|".join(_PHONES))
_MOBILE = re.compile(r"(?:0{0,2}86)?1[3-9][0-9]{9}")
_COUNTRY = ("86", "086", "0086")

_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_SSN = re.compile(
    r"(?<![0-9-])(?!000|666|9[0-9]{2})[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?+")
_ACCOUNT = re.compile(
    r"(?:QQ|qq|Qq|扣扣|微信|威信|WeChat|wechat|Wechat)(?:号码|号|群)?[ :：是为]{0,3}"
    r"([0-9]{5,12}(?![0-9])|[A-Za-z][A-Za-z0-9-]{0,18}[0-9_][A-Za-z0-9_-]{0,18}+(?![A-Za-z0-9_-]))"
)


def phones(text: str) -> Iterator[Span]:
    """Where telephone numbers stand: mobile, landline, 400/800, international, US, announced."""
    if not _MANY.search(text):
        return
    yield from _rows(text, is_mobile)
    for found in _PHONE.finditer(text):
        yield found.span(1 if found[1] else 0)


def identities(text: str) -> Iterator[Span]:
    """Where numbers of Chinese identity cards (18 or 15 digits) and US social security stand."""
    if not _MANY.search(text):
        return
    yield from _rows(text, is_identity)
    yield from (found.span() for found in _SSN.finditer(text))


def cards(text: str) -> Iterator[Span]:
    """Where numbers of bank cards (with a Luhn digit) and IBANs stand."""
    if not _MANY.search(text):
        return
    yield from _rows(text, is_card)
    for found in _IBAN.finditer(text):
        if is_iban(found[0]):
            yield found.span()


def accounts(text: str) -> Iterator[Span]:
    """Where the numbers and names of QQ and WeChat accounts stand, behind those words."""
    yield from (found.span(1) for found in _ACCOUNT.finditer(text))


def is_mobile(groups: tuple[str, ...]) -> bool:
    """Whether the groups are a Chinese mobile number, with its country or without."""
    own = groups[1:] if groups[0] in _COUNTRY else groups
    return bool(_MOBILE.fullmatch("".join(groups).rstrip("Xx"))) and _is_spelled(own)


def is_identity(groups: tuple[str, ...]) -> bool:
    """Whether the groups are the number of a Chinese identity card.

    18 digits end in a check digit; the old form has 15 and none. Both hold a province and a date.

    Source: GB 11643-1999; ISO 7064, MOD 11-2.
    """
    digits = "".join(groups).upper()
    if digits[:2] not in _PROVINCES:
        return False
    if len(digits) == 15 and digits.isdigit():
        return _is_date("19" + digits[6:12]) and _is_spelled(groups)
    if len(digits) != 18 or not digits[:17].isdigit() or not _is_date(digits[6:14]):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    return "10X98765432"[total % 11] == digits[17]


def is_card(groups: tuple[str, ...]) -> bool:
    """Whether the groups are the number of a bank card: 13 to 19 digits, the last by Luhn.

    Source: ISO/IEC 7812-1, annex B.
    """
    digits = "".join(groups).rstrip("Xx")
    if not 13 <= len(digits) <= 19 or digits[0] not in "234569":
        return False
    if digits[:3] in ("978", "979") and len(digits) == 13:  # a book
        return False
    twice = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(twice) + sum(map(int, digits[-1::-2]))) % 10 == 0 and _is_spelled(groups)


def is_iban(text: str) -> bool:
    """Whether the text is an IBAN, blanks allowed.

    Source: ISO 13616, ISO 7064 MOD 97-10.
    """
    code = text.replace(" ", "")
    digits = "".join(str(int(c, 36)) for c in code[4:] + code[:4])
    return 15 <= len(code) <= 34 and int(digits) % 97 == 1


def _is_spelled(groups: tuple[str, ...]) -> bool:
    """Whether people group the digits of one number so: three or more together, but the last."""
    return all(len(group) >= 3 for group in groups[:-1])


def _is_date(digits: str) -> bool:
    try:
        return 1850 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2099
    except ValueError:
        return False


def _rows(text: str, is_one: Callable[[tuple[str, ...]], bool]) -> Iterator[Span]:
    """Where groups that stand side by side are one number, the longest at each place."""
    for row in _ROW.finditer(text):
        if len(row[0]) < SHORTEST:
            continue
        found = list(_GROUP.finditer(row[0]))
        groups = [_BETWEEN.sub("", group[0]) for group in found]
        first = 0
        while first < len(groups):
            n = _longest(groups[first : first + LONGEST], is_one)
            if n:
                yield row.start() + found[first].start(), row.start() + found[first + n - 1].end()
            first += n or 1


def _longest(groups: list[str], is_one: Callable[[tuple[str, ...]], bool]) -> int:
    found = n_digits = 0
    for n, group in enumerate(groups, 1):
        n_digits += len(group)
        if n_digits > LONGEST:
            break
        if n_digits >= SHORTEST and is_one(tuple(groups[:n])):
            found = n
    return found
