"""Plain text: a line is a document.

Lines between two blank ones belong together when they are few: a question and its answer, the
verses of a stanza.
"""

from collections.abc import Iterable, Iterator

from prompt_gen.corpus.encoding import MAX_LINE_CHARS, Decoder, Unfinished
from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.stream import Stream

MAX_TOGETHER = 8


def read(reading: Reading) -> Iterator[Line]:
    """The lines of a text file, blank ones included."""
    yield from blocks(lines(reading))


def lines(reading: Reading, max_chars: int = MAX_LINE_CHARS) -> Iterator[str]:
    """Decoded lines; what was found about the file is noted when the last one has been given."""

    def told(n_bytes: int) -> None:
        reading.n_bytes = n_bytes

    stream = Stream(reading.path, told)
    decoder = Decoder(stream, reading.name, reading.encoding, max_chars)
    reading.bad_offsets = decoder.bad_offsets
    yield from decoder
    reading.found_encoding = decoder.encoding
    reading.damage = stream.damage


def blocks(texts: Iterable[str]) -> Iterator[Line]:
    """Numbered lines with the block that each belongs to."""
    waiting: list[Line] = []
    number, block, is_short = 1, 0, True
    for text in texts:
        if not text or text.isspace():
            yield from waiting
            waiting.clear()
            block, is_short = number, True
            yield Line(number, text, block)
        elif not is_short:
            yield Line(number, text, number)
        else:
            waiting.append(Line(number, text, block))
            if len(waiting) > MAX_TOGETHER:
                yield from (line._replace(block=line.number) for line in waiting)
                waiting.clear()
                is_short = False
        if type(text) is not Unfinished:
            number += 1
    yield from waiting
