"""A language model that can be enumerated, and what arithmetic says of it."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from prompt_gen.config import EngineConfig
from prompt_gen.engine.candidates import Ends, Stop, readable, stop
from prompt_gen.engine.covers import Vocabulary, fitting_covers
from prompt_gen.engine.language_model import Before, LanguageModel
from prompt_gen.engine.line import Line
from prompt_gen.engine.places import Place
from prompt_gen.engine.trie import Node, Trie
from prompt_gen.vocab import TOKENIZERS, Tokenizer

# Of the kind "bpe" whole texts are tokens, too: what was typed may end inside of one.
TEXTS = ["甲乙丙", "甲乙", "乙丙", "甲丙", "丙", "丙。"] * 3
Path = tuple[int, ...]  # tokens from the first on


@cache
def vocabulary_of(kind: str = "bpe") -> Vocabulary:
    return Vocabulary(Tokenizer(TOKENIZERS.load(kind).fit(TEXTS, 600)))


def ids_of(vocabulary: Vocabulary, texts: Sequence[str]) -> list[int]:
    return sorted({i for text in texts for i in vocabulary.encode(text)})


class Toy:
    """Probabilities from a seeded table of the last two tokens, for a few tokens and the end.

    It keeps what it was asked: `passes` are the tokens of every call.
    """

    context = 64

    def __init__(
        self,
        vocabulary: Vocabulary,
        texts: Sequence[str] = TEXTS,
        seed: int = 3,
        delay_s: float = 0.0,
    ) -> None:
        self.size = vocabulary.tokenizer.size
        self.ids = ids_of(vocabulary, texts)
        self.eos = vocabulary.tokenizer.eos_id
        self.seed, self.delay_s = seed, delay_s
        self.passes: list[list[int]] = []
        self.behind = cache(self._behind)

    @property
    def n_passes(self) -> int:
        return len(self.passes)

    def _behind(self, last_two: Path) -> np.ndarray:
        rng = np.random.default_rng([self.seed, *last_two])
        probs_V = np.zeros(self.size)
        probs_V[[*self.ids, self.eos]] = rng.dirichlet(np.ones(len(self.ids) + 1))
        return probs_V

    def read(
        self, tokens_T: Sequence[int], before_T: Sequence[Before], wanted_K: Sequence[int]
    ) -> tuple[np.ndarray, list[Path]]:
        self.passes.append(list(tokens_T))
        time.sleep(self.delay_s)
        states: list[Path] = []
        for token, before in zip(tokens_T, before_T, strict=True):
            earlier = states[before] if isinstance(before, int) else before or ()
            states.append((*earlier, int(token)))
        return np.stack([self.behind(states[at][-2:]) for at in wanted_K]), states


class Fixed(Toy):
    """Given probabilities behind the last token; what is not given is the end."""

    def __init__(self, vocabulary: Vocabulary, table: dict[str, dict[str, float]]) -> None:
        super().__init__(vocabulary, [text for row in table.values() for text in row if text])
        self.table: dict[int, np.ndarray] = {}
        for before, row in table.items():
            (last,) = vocabulary.encode(before) or (vocabulary.tokenizer.bos_id,)
            self.table[last] = np.zeros(self.size)
            for text, p in row.items():
                (token,) = vocabulary.encode(text)
                self.table[last][token] = p
            self.table[last][self.eos] = 1 - sum(row.values())

    def _behind(self, last_two: Path) -> np.ndarray:
        return self.table.get(last_two[-1], np.eye(self.size)[self.eos])


def never() -> bool:
    return False


def after(n: int) -> Callable[[], bool]:
    """Says no so many times, and yes from then on."""
    answers = iter([False] * n)
    return lambda: next(answers, True)


def line_of(
    model: LanguageModel,
    vocabulary: Vocabulary,
    typed: str,
    trie: Trie | None = None,
    stops: Callable[[], bool] = never,
    allowed: Callable[[Stop], bool] | None = None,
    **settings: object,
) -> Line:
    config = EngineConfig(**settings)  # type: ignore[arg-type]
    return Line(
        typed=typed,
        covers=fitting_covers(typed, vocabulary, model.context, config.max_chars),
        ends=Ends(typed, config.max_chars, config.stop),
        trie=trie or Trie(),
        model=model,
        vocabulary=vocabulary,
        config=config,
        stops=stops,
        allowed=allowed,
    )


def path_of(place: Place) -> Path:
    return (*(place.before.state or ()), place.token)


def n_predictions_in(trie: Trie) -> int:
    def count(node: Node) -> int:
        return (node.probs_V is not None) + sum(map(count, node.children.values()))

    return count(trie.root)


@dataclass
class Enumerated:
    """All that may follow, path by path."""

    places: dict[Path, tuple[str, float]]  # the text behind the caret, and its probability
    open_places: set[Path]  # behind which something may follow
    texts: Counter[str]  # how probable it is that the text is this one, or goes on as none

    def beginning(self, text: str) -> float:
        return sum(p for longer, p in self.texts.items() if longer.startswith(text))

    def best(self, n: int, max_chars: int) -> set[Path]:
        """The n places behind which most keystrokes can be won."""

        def bound(path: Path) -> float:
            text, p = self.places[path]
            return p * (max_chars - len(text))

        return set(sorted(self.open_places, key=bound, reverse=True)[:n])


def enumerated(toy: Toy, vocabulary: Vocabulary, typed: str, max_chars: int) -> Enumerated:
    """As in training, tokens up to the one that crosses the caret are the tokenizer's own."""
    data = typed.encode()
    found = Enumerated({}, set(), Counter())

    def spelled(path: Path) -> bytes:
        return b"".join(vocabulary.token_bytes[i] for i in path)

    def following(path: Path, p: float) -> Iterator[tuple[Path, float]]:
        probs_V = toy.behind(path[-2:])
        for i in toy.ids:
            yield (*path, i), p * float(probs_V[i])

    def first(path: Path, p: float) -> Iterator[tuple[Path, float]]:
        here = spelled(path)
        if here.startswith(data) and here != data:
            yield path, p  # its last token crosses the caret
        elif data.startswith(here):
            text = readable(here)
            is_border = text is not None and text.encode() == here
            if is_border and vocabulary.encode(text) != path[1:]:
                return
            if here == data:
                yield path, p
                return
            for longer, p_longer in following(path, p):
                if is_border or len(spelled(longer)) <= len(data):
                    yield from first(longer, p_longer)

    def add(path: Path, p: float) -> float:
        """Add a place and all behind it; its probability, if it is one."""
        text = readable(spelled(path)[len(data) :])
        if text is None:
            return 0.0
        stopped = stop(text, typed, max_chars, ended=False)
        if stopped is not None:
            found.places[path] = text[:max_chars], p
            found.texts[text[:max_chars]] += p
            return p
        found.places[path] = text, p
        found.open_places.add(path)
        inside = sum(add(longer, q) for longer, q in following(path, p) if q > 0)
        found.texts[text] += p - inside
        return p

    starts = [(path, p) for path, p in first((vocabulary.tokenizer.bos_id,), 1.0) if p > 0]
    mass = sum(p for _, p in starts)
    for path, p in starts:
        add(path, p / mass)
    return found
