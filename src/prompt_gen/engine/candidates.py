"""What the engine answers with, and where a continuation stops."""

import re
from dataclasses import dataclass

from prompt_gen.text import SENTENCE_ENDS, check_text, sentence_end


@dataclass(frozen=True)
class Candidate:
    """One way to go on: `text` begins with exactly what was typed, `completion` is what is new.

    `score` is how often, of candidates with such a score, the text goes on so: the model's
    probability given what was typed, brought to the temperature that the bundle's evaluation found
    (see `calibration`). Candidates are in the order of what they save, not of their scores.
    """

    text: str
    completion: str
    score: float  # 0 to 1
    finish_reason: str  # see `Stop`
    source: str = "model"  # "memory" where the training text holds it word for word
    lines: int = 0  # of the training text that do
    stops: tuple[tuple[int, float], ...] = ()  # characters up to the end of each clause, and score


@dataclass(frozen=True)
class Stop:
    """Where a continuation stops, and why."""

    completion: str
    reason: str  # "sentence", "clause", "eos", "stop", "length"; "open": it was not read further


@dataclass(frozen=True)
class Ends:
    """Behind what a continuation goes on no longer."""

    typed: str  # what stands before it
    max_chars: int
    stop: tuple[str, ...] = ()  # texts before which it ends

    def cut(self, before: str, longer: str, may_end: bool = True) -> tuple[str, str]:
        """A continuation as far as it goes, and why it ends: "" if it does not.

        `before` is the part of it that has not ended; `may_end`: a sentence may end behind that.
        """
        end, reason = len(longer) + 1, ""
        if may_end or before[-1:] == ".":
            last = self.typed[-1:]  # whether a full stop ends a sentence depends on it
            found = sentence_end(last + longer, len(last) + max(0, len(before) - 1))
            if found is not None:
                end, reason = found - len(last), "sentence"
        for text in self.stop:
            at = longer.find(text, max(0, len(before) - len(text) + 1))
            if 0 <= at < end:
                end, reason = at, "stop"
        if min(end, len(longer)) > self.max_chars or (not reason and len(longer) == self.max_chars):
            end, reason = self.max_chars, "length"
        return (longer[:end], reason) if reason else (longer, "")

    def stopped(self, completion: str, ended: bool) -> Stop | None:
        """Whether a whole continuation is finished: see `cut`, or by its own end."""
        shown, reason = self.cut("", completion)
        if reason:
            return Stop(whole_part(shown) if reason == "length" else shown, reason)
        return Stop(completion, "eos") if ended else None


def typed_line(text: str) -> str:
    """What of a text is completed: its last line, from the first character that is no space.

    A document is a line, so nothing before it is context.

    Raises:
        InvalidRequest: the text is not well-formed Unicode.
    """
    check_text(text)
    return text.rpartition("\n")[2].lstrip()


def family(completion: str) -> str:
    """What completions share that differ in their final marks only; a list shows one of them."""
    return completion.rstrip(SENTENCE_ENDS + ".，,、：:")


def readable(data: bytes) -> str | None:
    """The text of bytes, without the beginning of a character at their end.

    None when no text begins with these bytes.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8")
        return None


def stop(completion: str, typed: str, max_chars: int, ended: bool) -> Stop | None:
    """Whether a continuation is finished: by a sentence's end, its own end, or its length."""
    return Ends(typed, max_chars).stopped(completion, ended)


CLAUSE_ENDS = SENTENCE_ENDS + "，,、：:"
_BORDER = re.compile(r"[，,、：:]|\s(?=\S)")


def whole_part(text: str) -> str:
    """The text up to its last clause mark or space, if at least half of it remains."""
    borders = [match.end() for match in _BORDER.finditer(text)]
    end = max(borders, default=0)
    return text[:end].rstrip(" ") if end * 2 >= len(text) else text
