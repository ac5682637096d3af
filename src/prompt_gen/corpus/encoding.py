"""Bytes to lines of text, in the encoding they are written in.

The encoding is found once per file, at its first byte that is not ASCII: by a byte order mark, by
being valid UTF-8, else by `charset-normalizer` among those that people's files are in. From then on
decoding is strict. A byte that does not fit is marked in the text, and its offset is kept; what
becomes of its line is decided by whoever reads the lines.
"""

import codecs
import re
from bisect import bisect
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import accumulate

from prompt_gen.errors import BadText, SettingError

BAD = "\udcff"  # stands for undecodable bytes: half of a surrogate pair, which no text can hold
SURROGATES = re.compile("[\ud800-\udfff]+")
BAD_BYTES = "bytes that fit no character"  # why a line with any is not used
N_SHOWN = 20  # offsets of bad bytes that are kept
MAX_LINE_CHARS = 1_000_000  # a longer line is handed on in pieces
WIDE = ["gb18030", "big5hkscs", "shift_jis", "euc_jp", "euc_kr"]
NARROW = ["cp1252", "cp1251"]  # cp1252 is Latin-1 with more quotes and dashes
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark begins the same way
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8-sig",
}
# Most text is whole in both; the last code of the characters of daily use.
_FREQUENT = {"gb18030": ("gb2312", b"\xd7\xf9"), "big5hkscs": ("big5", b"\xc6\x7e")}
_SAMPLE_BYTES = 1 << 18
ENOUGH_LINES = 8  # that are not all ASCII, before an encoding is settled
_LIKELY = re.compile(
    r"[\t\n\r -~\u00a0-\u024f\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]"
)
_TEXT_CONTROLS = set(b"\t\n\r\f\v\b\x1a\x1b\x00")
_bad_offsets: ContextVar[list[int]] = ContextVar("bad_offsets")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    _bad_offsets.get().append(error.start)
    return BAD, error.end


codecs.register_error("prompt_gen.mark", _mark)


def check_encoding(name: str) -> None:
    """Refuse an encoding that Python does not know.

    Raises:
        SettingError: with some that it knows.
    """
    token = _bad_offsets.set([])
    try:
        decoder = codecs.getincrementaldecoder(name)("prompt_gen.mark")
        if not isinstance(decoder.decode(bytes(range(256)), True), str):
            raise LookupError(name)
    except (LookupError, UnicodeError, TypeError, ValueError, AssertionError) as error:
        raise SettingError(
            f"setting 'corpus.encoding' is '{name}', which is no known encoding of text",
            f"Leave it out (auto), or give one such as utf-8, utf-16, {', '.join(WIDE + NARROW)}",
        ) from error
    finally:
        _bad_offsets.reset(token)


@dataclass
class BadBytes:
    """Bytes of a file that fit no character: how many, and where the first ones are."""

    n: int = 0
    offsets: list[int] = field(default_factory=list)

    def add(self, offsets: list[int]) -> None:
        """Note further ones."""
        self.n += len(offsets)
        self.offsets += offsets[: N_SHOWN - len(self.offsets)]


class Unfinished(str):
    """A piece of an over-long line; the next one goes on with it."""


class Decoder:
    """Turns blocks of a file's bytes into lines without their ends.

    While it is gone through, `encoding` says what was found and `bad` where bytes did not fit.

    Raises:
        BadText: the file is binary.
    """

    def __init__(
        self,
        blocks: Iterable[bytes],
        name: str,
        encoding: str = "auto",
        max_line_chars: int = MAX_LINE_CHARS,
    ) -> None:
        self.encoding = "ascii"
        self.bad = BadBytes()
        self._blocks = blocks
        self._name = name
        self._wanted = encoding
        self._max_line_chars = max_line_chars
        self._n_seen = 0  # lines with more than ASCII that the encoding was chosen by

    def __iter__(self) -> Iterator[str]:
        """Lines; `\\r\\n`, `\\r` and `\\n` end one. Bad bytes are in them as `BAD`.

        A line too long for the memory comes in pieces; all but the last are `Unfinished`.
        """
        rest = ""
        for text in self._texts():
            if "\r" in text or rest.endswith("\r"):
                rest, held = _hold_back(rest + text)
                lines = rest.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            else:
                lines, held = text.split("\n"), ""
                lines[0] = rest + lines[0]
            rest = lines.pop() + held
            yield from lines
            if len(rest) > self._max_line_chars:
                piece, rest = _cut(rest)
                yield Unfinished(piece)
        if rest:
            yield rest.rstrip("\r")

    def _texts(self) -> Iterator[str]:
        decoder: codecs.IncrementalDecoder | None = None
        offset = 0
        blocks = iter(self._blocks)
        for block in blocks:
            if not offset and b"\0" not in block:
                _refuse_binary(block, self._name)
            if decoder is None and self._wanted == "auto" and _is_plain(block):
                offset += len(block)
                yield block.decode("ascii")
                continue
            if decoder is None:
                block += next(blocks, b"")
                decoder = self._decoder_for(block, is_start=offset == 0)
            elif self._is_another(block):
                yield self._decode(decoder, b"", offset, last=True)
                decoder = self._decoder_for(block.partition(b"\n")[2], is_start=False)
            yield self._decode(decoder, block, offset)
            offset += len(block)
        if decoder is not None:
            yield self._decode(decoder, b"", offset, last=True)

    def _decoder_for(self, data: bytes, is_start: bool) -> codecs.IncrementalDecoder:
        self.encoding = self._wanted
        if self._wanted == "auto":
            self.encoding = detect(data, is_start)
            self._n_seen += sum(not line.isascii() for line in data.splitlines())
        if is_start and not _is_wide(self.encoding):
            _refuse_binary(data, self._name)
        return codecs.getincrementaldecoder(self.encoding)("prompt_gen.mark")

    def _is_another(self, block: bytes) -> bool:
        """Whether the first odd bytes were few, and those here are in another encoding."""
        if self._wanted != "auto" or self._n_seen >= ENOUGH_LINES or _is_wide(self.encoding):
            return False
        data = block.partition(b"\n")[2]  # the block may begin inside a line
        if data.isascii():
            return False
        self._n_seen += sum(not line.isascii() for line in data.splitlines())
        return detect(data, is_start=False) not in (self.encoding, "utf-16-le", "utf-16-be")

    def _decode(
        self, decoder: codecs.IncrementalDecoder, block: bytes, offset: int, last: bool = False
    ) -> str:
        waiting = decoder.getstate()[0]  # bytes of a character that began in the block before
        found: list[int] = []
        token = _bad_offsets.set(found)
        try:
            text = decoder.decode(block, last)
        finally:
            _bad_offsets.reset(token)
        self.bad.add([offset - len(waiting) + start for start in found])
        return text


def _hold_back(text: str) -> tuple[str, str]:
    """A `\\r` at the end may be half of a line end."""
    return (text[:-1], "\r") if text.endswith("\r") else (text, "")


def _is_plain(block: bytes) -> bool:
    """ASCII text, and not UTF-16, of which half can be zeros."""
    return block.isascii() and b"\0" not in block


def _is_wide(encoding: str) -> bool:
    return "utf-16" in encoding or "utf-32" in encoding


def _cut(text: str) -> tuple[str, str]:
    """An over-long line in two, behind its last sentence end or space where it has one."""
    at = max(text.rfind(end) for end in ("。", "！", "？", ". ", " ")) + 1 or len(text)
    return text[:at], text[at:]


def detect(data: bytes, is_start: bool = True) -> str:
    """The most plausible encoding of bytes that are not all ASCII.

    Args:
        data: a part of a file that begins with a line.
        is_start: it is the file's beginning, where a byte order mark can be.
    """
    for mark, encoding in _MARKS.items():
        if is_start and data.startswith(mark):
            return encoding
    if wide := _wide(data[:_SAMPLE_BYTES]):
        return wide
    lines = [line for line in data.splitlines() if not line.isascii()]
    lines = lines[: 1 + bisect(list(accumulate(map(len, lines))), _SAMPLE_BYTES)]
    if lines and 2 * len(_valid(lines, "utf-8")) >= len(lines):
        return "utf-8"
    return _of_the_others(lines)


def _wide(sample: bytes) -> str:
    """`utf-16-le` or `-be` without a mark, or an empty string: what else has zeros is binary."""
    if b"\0" not in sample:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
        lines = [line for line in text.splitlines() if line]
        if 2 * sum(len(_LIKELY.findall(line)) > 0.9 * len(line) for line in lines) > len(lines):
            return encoding
    return ""


def _of_the_others(lines: list[bytes]) -> str:
    """The encoding in which the lines read most like a language.

    Lines that are whole in the encodings of several bytes that fit best are asked about: in those
    of one byte any line is whole.
    """
    from charset_normalizer import from_bytes

    whole = {encoding: _valid(lines, encoding) for encoding in WIDE}
    most = max(map(len, whole.values()))
    near = [encoding for encoding in WIDE if most and 10 * len(whole[encoding]) >= 9 * most]
    common = set(lines).intersection(*(whole[encoding] for encoding in near))
    text = b"\n".join(line for line in lines if line in common)
    found = from_bytes(text, cp_isolation=[*near, *NARROW]).best()
    best = found.encoding if found else (near or NARROW)[0]
    best = {"big5": "big5hkscs"}.get(best, best)
    if best in _FREQUENT and set(_FREQUENT) <= set(near):
        return max(_FREQUENT, key=lambda encoding: _frequent_share(text, encoding))
    return best


def _frequent_share(text: bytes, encoding: str) -> float:
    """How many characters, read in this encoding, are in its standard's frequent half.

    Source: GB 2312 and Big5 list the characters of daily use first, the rare ones behind them.
    """
    plain, last = _FREQUENT[encoding]
    characters = [c for c in text.decode(encoding, "ignore") if not c.isascii()]
    return sum(b"" < c.encode(plain, "ignore") <= last for c in characters) / max(
        1, len(characters)
    )


def _valid(lines: Iterable[bytes], encoding: str) -> list[bytes]:
    good = []
    for line in lines:
        try:
            codecs.getincrementaldecoder(encoding)().decode(line)  # a sample may end in a character
        except UnicodeDecodeError:
            continue
        good.append(line)
    return good


def _refuse_binary(block: bytes, name: str) -> None:
    head = block[:65_536]
    n_odd = sum(head.count(bytes([b])) for b in range(32) if b not in _TEXT_CONTROLS)
    if head.count(0) * 100 > len(head) or n_odd * 20 > len(head):
        raise BadText(f"'{name}' is a binary file, not text", "Give it in one of the known formats")
