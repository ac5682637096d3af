"""Plain text that goes on token by token: drawn, not chosen for a list, and with no session.

A line is a document, as in training: behind the end of a line the model begins anew. What was typed
may end inside of a token; the first token drawn may so begin before the caret (see `covers`), and
what it adds is what lies behind it. Given tokens are taken as they are.

V vocabulary, C tokens that may come next, by whatever cover, K rows that are read in one pass
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise

import numpy as np

from prompt_gen.engine.candidates import readable
from prompt_gen.engine.covers import Cover, Vocabulary, covers
from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.language_model import NOTHING, Before, LanguageModel, State
from prompt_gen.engine.places import crossings
from prompt_gen.engine.trie import Trie
from prompt_gen.engine.writing import Piece, Token, Writing
from prompt_gen.errors import InvalidRequest, TextTooLong

_PASS = 64  # tokens of a prompt that are read in one pass when each of them is looked at
_LEAST_LOGP = -9999.0  # of what the model holds impossible; JSON has no infinity


@dataclass(frozen=True)
class Prompt:
    """What is gone on from."""

    text: str
    ids: tuple[int, ...]  # a beginning before every document, an end behind all but the last
    covers: tuple[Cover, ...]  # of the last document
    rest: bytes = b""  # the beginning of a character at the end of given tokens

    @property
    def n_tokens(self) -> int:
        """Tokens, the ends of lines counted, and no beginnings."""
        return len(self.ids) - self.ids.count(self.ids[0])


@dataclass(frozen=True)
class Generation:
    """What is asked for."""

    n: int = 1  # continuations of each prompt
    max_tokens: int = 16  # of each
    stop: tuple[str, ...] = ()  # texts before which one ends
    n_top: int = 0  # most probable tokens that are told in the place of each
    seed: int | None = None  # of all draws; none: another one each time
    drawing: Drawing = field(default_factory=Drawing)


@dataclass(frozen=True)
class _Ahead:
    """What may come next, with the model's probabilities."""

    p_C: np.ndarray
    token_C: np.ndarray
    cover_C: np.ndarray  # of each, in the two lists
    states: list[State]  # before the token
    n_typed: list[int]  # bytes of the token that lie before the caret


class _Row:
    """One continuation on its way."""

    def __init__(self, index: int, ahead: _Ahead | None, writing: Writing, seed: int | None):
        self.index, self.ahead, self.writing = index, ahead, writing
        own = None if seed is None else [seed % 2**64, index]
        self.rng = np.random.default_rng(own)
        self.n_drawn: Counter[int] = Counter()
        self.state: State = NOTHING
        self.token = -1
        self.finish: str | None = None


class Generator:
    """Goes on from prompts with a language model."""

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self._model, self._vocabulary = model, vocabulary
        tokenizer = vocabulary.tokenizer
        self._bos, self._eos = tokenizer.bos_id, tokenizer.eos_id
        self.vocabulary_size = tokenizer.size
        self._every_V = np.arange(tokenizer.size)
        self._zeros_V = np.zeros(tokenizer.size, np.int64)

    def prompt(self, given: str | Sequence[int], param: str = "prompt") -> Prompt:
        """A prompt from a text, or from token ids, with or without their beginning.

        Raises:
            InvalidRequest: an id that is no token's, or a text that is not well-formed Unicode.
        """
        if isinstance(given, str):
            *lines, last = given.split("\n")
            encoded = [(self._bos, *self._vocabulary.encode(line), self._eos) for line in lines]
            found = covers(last, self._vocabulary)
            ids = (*chain.from_iterable(encoded), self._bos, *found[0].ids)
            framed = tuple(Cover((self._bos, *c.ids), c.open_bytes) for c in found)
            return Prompt(given, ids, framed)
        size = self.vocabulary_size
        for token in given:
            if not 0 <= token < size:
                raise InvalidRequest(
                    f"field '{param}' holds {token}, and tokens are from 0 to {size - 1}",
                    "Encode the text with the tokenizer of this model's bundle",
                    param,
                )
        ids = self._framed(given)
        data = b"".join(map(self._spelled, ids))
        last = (Cover(self._documents(ids)[-1], b""),)
        whole = readable(data)
        if whole is None:  # bytes of no text
            return Prompt(data.decode("utf-8", "replace"), ids, last)
        return Prompt(whole, ids, last, data[len(whole.encode()) :])

    def _framed(self, given: Sequence[int]) -> tuple[int, ...]:
        """Tokens with a beginning before each document."""
        ids: list[int] = []
        for token in given:
            if token != self._bos and (not ids or ids[-1] == self._eos):
                ids.append(self._bos)
            ids.append(token)
        if not ids or ids[-1] == self._eos:
            ids.append(self._bos)
        return tuple(ids)

    def _spelled(self, token: int) -> bytes:
        """The bytes of a token in a prompt: the end of a document is that of a line."""
        return b"\n" if token == self._eos else self._vocabulary.token_bytes[token]

    def check(self, prompt: Prompt, wanted: Generation, *, is_scored: bool) -> None:
        """Refuse what is too long for the model; `is_scored`: its earlier lines are read, too.

        Raises:
            TextTooLong: a line, or the last one and what is asked for, is longer than the context.
        """
        context, last = self._model.context, max(len(cover.ids) for cover in prompt.covers)
        lines = [len(ids) - (ids[-1] == self._eos) for ids in self._documents(prompt.ids)]
        longest = max(lines) if is_scored else last
        if longest > context:
            raise TextTooLong(
                f"a line of the prompt has {longest - 1} tokens",
                f"The context of the model holds {context - 1}: send less of the line",
                "prompt",
            )
        if wanted.max_tokens > context - last + 1:
            raise TextTooLong(
                f"{last - 1} tokens of the prompt's last line and {wanted.max_tokens} to come are "
                f"more than the context of the model holds, {context}",
                f"Ask for at most {context - last + 1}, or send less of the line",
                "max_tokens",
            )

    def _documents(self, ids: tuple[int, ...]) -> list[tuple[int, ...]]:
        starts = [at for at, token in enumerate(ids) if token == self._bos]
        return [ids[start:end] for start, end in pairwise([*starts, len(ids)])]

    def scored(
        self, prompt: Prompt, n_top: int, cancelled: Callable[[], bool]
    ) -> list[tuple[Token, int]]:
        """The tokens of a prompt, each with what the model says of it and where it begins."""
        ids, found, text = prompt.ids, list[tuple[Token, int]](), 0
        rest, p_V, state = b"", np.empty(0), NOTHING
        for start in range(0, len(ids), _PASS):
            if cancelled():
                break
            tokens = ids[start : start + _PASS]
            before: list[Before] = [
                NOTHING if token == self._bos else (state if at == 0 else at - 1)
                for at, token in enumerate(tokens)
            ]
            probs_TV, states = self._model.read(tokens, before, range(len(tokens)))
            state = states[-1]
            for at, token in enumerate(tokens):
                if token != self._bos:
                    p_before_V = probs_TV[at - 1] if at else p_V
                    data = self._spelled(token)
                    found.append((self._told(data, p_before_V, token, n_top), text))
                    rest += data
                    piece = readable(rest)
                    if piece is None:  # bytes of no text, shown as such
                        piece = rest.decode("utf-8", "replace")
                        rest = b""
                    rest = rest[len(piece.encode()) :]
                    text += len(piece)
            p_V = probs_TV[-1].copy()
        return found

    def _told(self, data: bytes, p_V: np.ndarray, token: int, n_top: int) -> Token:
        ahead = _Ahead(p_V, self._every_V, self._zeros_V, [NOTHING], [0])
        return Token(data, _name(data), _logp(float(p_V[token])), self._top(ahead, n_top))

    def run(
        self, prompts: Sequence[Prompt], wanted: Generation, cancelled: Callable[[], bool]
    ) -> Iterator[list[Piece]]:
        """What is new after each pass of the model, until all continuations have finished.

        Those of the first prompt have the indices from 0 on, then come those of the second. All are
        read in one pass. When `cancelled` says so, nothing more is read, and none is finished.
        """
        rows: list[_Row] = []
        for prompt in prompts:
            if cancelled():
                return
            ahead = self._at_caret(prompt) if wanted.max_tokens else None
            rows += [
                _Row(len(rows) + i, ahead, Writing(wanted.stop, prompt.rest), wanted.seed)
                for i in range(wanted.n)
            ]
        yield [piece for row in rows if (piece := self._step(row, wanted))]
        while (live := [row for row in rows if row.finish is None]) and not cancelled():
            before = [row.state for row in live]
            probs_KV, states = self._model.read([r.token for r in live], before, range(len(live)))
            for row, p_V, state in zip(live, probs_KV, states, strict=True):
                row.ahead = _Ahead(p_V, self._every_V, self._zeros_V, [state], [0])
            yield [piece for row in live if (piece := self._step(row, wanted))]

    def _at_caret(self, prompt: Prompt) -> _Ahead:
        """What may come behind a prompt: what begins at the caret, and what crosses it."""
        trie = Trie()
        tokens, shares, states, n_typed = [], [], [], []
        for each in crossings(trie, self._model, self._vocabulary, prompt.covers):
            node, tokens_C, p_C = each.before, each.tokens_C, each.p_C
            if not each.n_typed:
                node = node.child(int(tokens_C[0]))
                if node.probs_V is None:  # nothing stands before it
                    trie.read(self._model, [node], [node])
                assert node.probs_V is not None
                tokens_C, p_C = self._every_V, p_C[0] * node.probs_V
            tokens.append(tokens_C)
            shares.append(p_C)
            states.append(node.state)
            n_typed.append(each.n_typed)
        numbers = np.repeat(np.arange(len(tokens)), [len(each) for each in tokens])
        return _Ahead(np.concatenate(shares), np.concatenate(tokens), numbers, states, n_typed)

    def _step(self, row: _Row, wanted: Generation) -> Piece | None:
        """Draw a token for a row, and say what is new of it."""
        ahead, end_logp, row.ahead = row.ahead, None, None
        if ahead is None:  # nothing is asked for
            row.finish = "length"
        elif (at := self._drawn(row, ahead, wanted.drawing)) is None:
            row.finish, end_logp = "stop", self._end_logp(ahead)
        else:
            row.token, row.state = int(ahead.token_C[at]), ahead.states[ahead.cover_C[at]]
            row.n_drawn[row.token] += 1
            data = self._data(ahead, at)
            top = self._top(ahead, wanted.n_top)
            row.writing.add(Token(data, _name(data), _logp(float(ahead.p_C[at])), top))
            if row.writing.is_stopped:
                row.finish = "stop"
            elif row.n_drawn.total() == wanted.max_tokens:
                row.finish = "length"
        return row.writing.take(row.index, row.finish, end_logp)

    def _end_logp(self, ahead: _Ahead) -> float:
        return _logp(float(ahead.p_C[ahead.token_C == self._eos].sum()))

    def _drawn(self, row: _Row, ahead: _Ahead, drawing: Drawing) -> int | None:
        """The place in `ahead` of the token that is drawn; none where the text ends.

        What cannot follow, as no text begins so, is drawn again: that leaves the probabilities of
        all others in proportion.
        """
        possible_C = ahead.p_C.astype(np.float64)
        while possible_C.any():
            drawn_from_C = drawing.distribution(possible_C, ahead.token_C, row.n_drawn)
            at = _one_of(drawn_from_C, row.rng)
            is_end = ahead.token_C[at] == self._eos
            data = self._data(ahead, at)
            if (data or is_end) and row.writing.may_follow(data):
                return None if is_end else at
            possible_C[at] = 0
        return None

    def _data(self, ahead: _Ahead, at: int) -> bytes:
        n_typed = ahead.n_typed[ahead.cover_C[at]]
        return self._vocabulary.token_bytes[int(ahead.token_C[at])][n_typed:]

    def _top(self, ahead: _Ahead, n: int) -> tuple[tuple[str, float], ...]:
        """The names of the most probable tokens, with the logarithms of their probabilities."""
        if n == 0:
            return ()
        n_looked_at = min(4 * n, len(ahead.p_C))  # several paths may add the same text
        some = np.argpartition(-ahead.p_C, n_looked_at - 1)[:n_looked_at]
        found: dict[str, float] = {}
        for at in some[np.argsort(-ahead.p_C[some], kind="stable")].tolist():
            if ahead.token_C[at] == self._eos:
                name = self._vocabulary.tokenizer.readable(self._eos)
            else:
                name = _name(self._data(ahead, at))
            if name and len(found) < n:
                found.setdefault(name, _logp(float(ahead.p_C[at])))
        return tuple(found.items())


def _one_of(p_C: np.ndarray, rng: np.random.Generator) -> int:
    total_C = np.cumsum(p_C)
    return int(np.searchsorted(total_C, rng.random() * total_C[-1], side="right"))


def _name(data: bytes) -> str:
    """The text of a token; what is no whole text is shown as the OpenAI API does."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in data)


def _logp(p: float) -> float:
    return max(_LEAST_LOGP, math.log(p)) if p > 0 else _LEAST_LOGP
