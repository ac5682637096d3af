"""From the pieces of a generation to the choices of the OpenAI API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from prompt_gen.engine.generating import Prompt
from prompt_gen.engine.writing import Piece, Token
from prompt_gen.server.schema_openai import Choice, CompletionRequest, LogProbs, Usage

Placed = tuple[Token, int]  # a token, and the place in the text where it begins


@dataclass(frozen=True)
class Shown:
    """What stands before the continuations of a prompt in the answer."""

    text: str = ""
    tokens: Sequence[Placed] = ()


@dataclass
class _Row:
    text: str = ""
    tokens: list[Placed] = field(default_factory=list)
    finish: str | None = None
    ends: list[float] = field(default_factory=list)  # log-probability of the text's end, if drawn

    @property
    def mean_logp(self) -> float:
        """Of a token, the end of the text counted."""
        drawn = [token.logp for token, _ in self.tokens] + self.ends
        return sum(drawn) / max(1, len(drawn))


class Choices:
    """Makes the choices of one request; `shown` are the beginnings of the answers, by prompt."""

    def __init__(
        self, request: CompletionRequest, prompts: Sequence[Prompt], shown: Sequence[Shown]
    ) -> None:
        self._request, self._prompts, self._shown = request, prompts, shown
        self._n_drawn = request.generation().n
        self._n_tokens = 0
        self._begun: set[int] = set()

    def chunk(self, piece: Piece) -> Choice:
        """What is new, as a choice of a stream."""
        shown = self._shown[piece.index // self._n_drawn]
        first = piece.index not in self._begun
        self._begun.add(piece.index)
        self._n_tokens += len(piece.tokens)
        return self._choice(
            piece.index,
            shown.text + piece.text if first else piece.text,
            [*(shown.tokens if first else ()), *_behind(shown.text, piece.tokens)],
            piece.finish,
        )

    def all(self, steps: Iterable[list[Piece]]) -> list[Choice]:
        """The choices of a whole answer, of each prompt the best."""
        rows = [_Row() for _ in range(self._n_drawn * len(self._prompts))]
        for piece in (piece for step in steps for piece in step):
            row = rows[piece.index]
            row.text += piece.text
            row.tokens += piece.tokens
            row.finish = piece.finish
            if piece.end_logp is not None:
                row.ends.append(piece.end_logp)
        self._n_tokens += sum(len(row.tokens) for row in rows)
        found: list[Choice] = []
        for at, shown in enumerate(self._shown):
            drawn = rows[at * self._n_drawn : (at + 1) * self._n_drawn]
            if self._n_drawn > self._request.n_shown:
                drawn.sort(key=lambda row: -row.mean_logp)
            for row in drawn[: self._request.n_shown]:
                tokens = [*shown.tokens, *_behind(shown.text, row.tokens)]
                found.append(self._choice(len(found), shown.text + row.text, tokens, row.finish))
        return found

    def usage(self) -> Usage:
        """The tokens of all that has been made so far."""
        n_read = sum(prompt.n_tokens for prompt in self._prompts)
        return Usage(
            prompt_tokens=n_read,
            completion_tokens=self._n_tokens,
            total_tokens=n_read + self._n_tokens,
        )

    def _choice(
        self, index: int, text: str, tokens: Sequence[Placed], finish: str | None
    ) -> Choice:
        is_told = self._request.logprobs is not None
        return Choice.model_construct(  # of parts that are known to be what they should
            finish_reason=finish,
            index=index,
            logprobs=_logprobs(tokens) if is_told else None,
            text=text,
        )


def _behind(text: str, tokens: Iterable[Placed]) -> list[Placed]:
    return [(token, len(text) + at) for token, at in tokens]


def _logprobs(tokens: Sequence[Placed]) -> LogProbs:
    return LogProbs.model_construct(
        text_offset=[at for _, at in tokens],
        token_logprobs=[token.logp for token, _ in tokens],
        tokens=[token.name for token, _ in tokens],
        top_logprobs=[dict(token.top) | {token.name: token.logp} for token, _ in tokens],
    )
