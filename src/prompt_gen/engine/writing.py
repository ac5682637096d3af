"""A text that grows token by token, and what of it can be shown already.

Whole characters alone are given out, and nothing that may be the beginning of a stop.
"""

from dataclasses import dataclass

from prompt_gen.engine.candidates import readable


@dataclass(frozen=True, slots=True)
class Token:
    """A token in its place: the bytes that it adds, and what the model says of it."""

    data: bytes
    name: str  # its text; where it is no whole text, its bytes
    logp: float  # natural logarithm of its probability
    top: tuple[tuple[str, float], ...]  # the most probable ones in its place: name, log-probability


@dataclass(frozen=True, slots=True)
class Piece:
    """What is new of one continuation."""

    index: int  # of the continuation
    text: str
    tokens: tuple[tuple[Token, int], ...]  # each with the place in the text where it begins
    finish: str | None = None  # "stop", "length"; none: it goes on
    end_logp: float | None = None  # of the end of the text, where that is why it has finished


class Writing:
    """One text on its way; `rest` is the beginning of a character that stands before it."""

    def __init__(self, stop: tuple[str, ...] = (), rest: bytes = b"") -> None:
        self._stop, self._rest = stop, rest
        self._text = ""
        self._n_given = 0  # characters
        self._held: list[tuple[Token, int, int]] = []  # each with where it begins and ends
        self.is_stopped = False

    def may_follow(self, data: bytes) -> bool:
        """Whether a text begins with what is there and these bytes; none: whether it may end."""
        return readable(self._rest + data) is not None if data else not self._rest

    def add(self, token: Token) -> None:
        """Go on with a token; what is behind a stop is cut off."""
        data = self._rest + token.data
        piece = readable(data)
        assert piece is not None, "no token that may not follow is added"
        start, self._rest = len(self._text), data[len(piece.encode()) :]
        self._text += piece
        # A token that ends inside of a character is whole when that is.
        self._held.append((token, start, len(self._text) + bool(self._rest)))
        found = [at for text in self._stop if (at := self._find(text, start)) >= 0]
        if found:
            self.is_stopped = True
            self._text = self._text[: min(found)]
            self._held = [each for each in self._held if each[1] < len(self._text)]

    def _find(self, text: str, start: int) -> int:
        return self._text.find(text, max(0, start - len(text) + 1))

    def take(self, index: int, finish: str | None, end_logp: float | None = None) -> Piece | None:
        """What is new and certain, with `finish` all that is new; none if that is nothing."""
        end = len(self._text) if finish else len(self._text) - self._n_doubtful()
        n = 0
        while n < len(self._held) and (finish or self._held[n][2] <= end):
            n += 1
        if finish is None and n == 0:
            return None
        # Text goes out with the tokens that spell it.
        end = end if finish else self._held[n - 1][2]
        piece = Piece(
            index,
            self._text[self._n_given : end],
            tuple((token, start) for token, start, _ in self._held[:n]),
            finish,
            end_logp,
        )
        self._n_given, self._held = end, self._held[n:]
        return piece

    def _n_doubtful(self) -> int:
        """Characters at the end that a stop may begin with."""
        longest = max(map(len, self._stop), default=1) - 1
        for n in range(min(longest, len(self._text)), 0, -1):
            if any(text.startswith(self._text[-n:]) for text in self._stop):
                return n
        return 0
