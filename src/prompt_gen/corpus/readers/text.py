"""Plain text: a line is a document.

Lines between two blank ones belong together when they are few: a question and its answer, the
verses of a stanza.
"""

from collections.abc import Iterable, Iterator

from prompt_gen.corpus.encoding import MAX_LINE_CHARS, Decoder, Unfinished
from prompt_gen.corpus.readers import Line, Reading
from prompt_gen.corpus.stream import Stream


def read(reading: Reading) -> Iterator[Line]:
    """The lines of a text file, blank ones included."""
    yield from blocks(lines(reading), reading.max_together)


def lines(reading: Reading, max_chars: int = MAX_LINE_CHARS) -> Iterator[str]:
    """Decoded lines; what was found about the file is noted when the last one has been given."""

    def told(n_bytes: int) -> None:
        reading.n_bytes = n_bytes

    stream = Stream(reading.path, told)
    decoder = Decoder(stream, reading.name, reading.encoding, max_chars)
    reading.bad_bytes = decoder.bad
    yield from decoder
    reading.found_encoding = decoder.encoding
    reading.damage = stream.damage


def numbered(texts: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; pieces of one line have one number."""
    number = 1
    for text in texts:
        yield number, text
        if type(text) is not Unfinished:
            number += 1


def blocks(texts: Iterable[str], max_together: int | None) -> Iterator[Line]:
    """Numbered lines with the block that each belongs to: all lines up to a blank one.

    Blocks of more than `max_together` lines are no blocks; each of their lines stands for itself.
    """
    waiting: list[Line] = []
    block, is_short = 0, True
    for number, text in numbered(texts):
        if not text or text.isspace():
            yield from waiting
            waiting.clear()
            block, is_short = number, True
            yield Line(number, text, block)
        elif max_together is None:
            yield Line(number, text, block)
        elif not is_short:
            yield Line(number, text, number)
        else:
            waiting.append(Line(number, text, block))
            if len(waiting) > max_together:
                yield from (line._replace(block=line.number) for line in waiting)
                waiting.clear()
                is_short = False
    yield from waiting
