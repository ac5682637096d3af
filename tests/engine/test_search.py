"""The search on a model that can be enumerated: its probabilities are the true ones."""

import itertools
import time

import numpy as np
import pytest

from prompt_gen.config import EngineConfig
from prompt_gen.engine.covers import Vocabulary
from prompt_gen.engine.search import Search
from prompt_gen.vocab import TOKENIZERS, Tokenizer

# The last two can be joined: what was typed may end inside the token 甲乙.
TEXTS = ["甲乙丙", "甲乙", "乙丙", "甲丙", "丙"] * 3
END = -1


class ToyCache:
    """Remembers the tokens themselves."""

    def __init__(self, rows: list[tuple[int, ...]]) -> None:
        self.rows = rows


class ToyGraph:
    """A model without a network: log-probabilities from a seeded table of the last token."""

    context = 64

    def __init__(self, tokenizer: Tokenizer, allowed: list[int], delay_s: float = 0.0) -> None:
        rng = np.random.default_rng(3)
        weights = np.full((tokenizer.size, tokenizer.size), 1e-30)
        weights[:, [*allowed, tokenizer.eos_id]] = rng.dirichlet(
            np.ones(len(allowed) + 1), tokenizer.size
        )
        self.table = np.log(weights / weights.sum(1, keepdims=True))
        self.delay_s = delay_s
        self.n_passes = 0

    def empty_cache(self) -> ToyCache:
        return ToyCache([()])

    def read(self, tokens, cache):
        self.n_passes += 1
        return self.table[tokens[-1]], ToyCache([cache.rows[0] + tuple(tokens)])

    def full(self, tokens, lengths, cache, parents):
        self.n_passes += 1
        rows = [tuple(row[:n]) for row, n in zip(tokens, lengths, strict=True)]
        logprobs = np.concatenate([self.table[list(row)] for row in rows])
        return logprobs, ToyCache(
            [cache.rows[p] + row for p, row in zip(parents, rows, strict=True)]
        )

    def next(self, tokens, cache, parents, n_top):
        self.n_passes += 1
        time.sleep(self.delay_s)
        logprobs = self.table[tokens]
        ids = np.argsort(-logprobs, axis=1, kind="stable")[:, :n_top]
        rows = [cache.rows[p] + (t,) for p, t in zip(parents, tokens, strict=True)]
        return np.take_along_axis(logprobs, ids, 1), ids, ToyCache(rows)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(TOKENIZERS.load("bpe").fit(TEXTS, 600))


def allowed_ids(tokenizer: Tokenizer) -> list[int]:
    return sorted({i for text in TEXTS for i in tokenizer.encode(text)})


def enumerated(graph: ToyGraph, tokenizer: Tokenizer, typed: str, max_chars: int) -> dict:
    """Probabilities of completions up to max_chars, given what was typed: all paths, one by one.

    As in training, tokens up to the one that crosses the caret are the tokenizer's own encoding.
    """
    totals: dict[str, float] = {}
    mass = 0.0
    for length in range(1, 7):
        for path in itertools.product(allowed_ids(tokenizer), repeat=length):
            pieces = [tokenizer.token_bytes[i].decode() for i in path]
            text, before = "".join(pieces), "".join(pieces[:-1])
            if not text.startswith(typed) or len(before) >= len(typed) + max_chars:
                continue
            n_typed = sum(len("".join(pieces[: i + 1])) <= len(typed) for i in range(length))
            inside = "".join(pieces[:n_typed])
            if tokenizer.encode(inside) != list(path[:n_typed]):
                continue
            steps = [tokenizer.bos_id, *path]
            p = np.exp(sum(graph.table[a, b] for a, b in itertools.pairwise(steps)))
            p_end = p * np.exp(graph.table[path[-1], tokenizer.eos_id])
            if len(before) < len(typed) < len(text):
                mass += p  # one token crosses the caret
            elif text == typed:
                mass += p  # a border lies at the caret, whatever follows
            completion = text[len(typed) :][:max_chars]
            if completion:
                ended = len(text) - len(typed) < max_chars
                totals[completion] = totals.get(completion, 0.0) + (p_end if ended else p)
    return {text: p / mass for text, p in totals.items()}


@pytest.mark.parametrize("typed", ["甲", "甲乙", "乙"])
def test_a_wide_search_finds_the_most_probable_with_their_probabilities(
    tokenizer: Tokenizer, typed: str
) -> None:
    graph = ToyGraph(tokenizer, allowed_ids(tokenizer))
    config = EngineConfig(n=20, max_chars=2, deadline_ms=10_000, diversity=0)
    found = Search(graph, Vocabulary(tokenizer), config, lambda: False).run(typed)
    expected = enumerated(graph, tokenizer, typed, max_chars=2)
    ours = {f.stop.completion: np.exp(f.logprob) for f in found if f.logprob > -40}
    assert set(ours) == {text for text in expected if expected[text] > 1e-20}
    # Rows with equal strings go on as the more probable one: that is all that is approximate.
    for text in expected:
        if text in ours:
            assert ours[text] == pytest.approx(expected[text], rel=0.01)


def test_probabilities_fall_and_candidates_differ(tokenizer: Tokenizer) -> None:
    graph = ToyGraph(tokenizer, allowed_ids(tokenizer))
    config = EngineConfig(n=5, max_chars=6)
    found = Search(graph, Vocabulary(tokenizer), config, lambda: False).run("甲")
    logprobs = [f.logprob for f in found]
    assert logprobs == sorted(logprobs, reverse=True)
    assert len({f.stop.completion for f in found}) == len(found) == 5


def test_the_deadline_ends_the_search_with_what_there_is(tokenizer: Tokenizer) -> None:
    slow = ToyGraph(tokenizer, allowed_ids(tokenizer), delay_s=0.02)
    config = EngineConfig(n=5, max_chars=200, deadline_ms=30)
    found = Search(slow, Vocabulary(tokenizer), config, lambda: False).run("甲")
    assert found
    assert slow.n_passes <= 5
    assert "deadline" in {f.stop.reason for f in found}


def test_a_cancelled_search_makes_no_further_pass(tokenizer: Tokenizer) -> None:
    graph = ToyGraph(tokenizer, allowed_ids(tokenizer))
    asked = []

    def cancelled() -> bool:
        asked.append(graph.n_passes)
        return len(asked) > 2

    config = EngineConfig(n=5, max_chars=200)
    Search(graph, Vocabulary(tokenizer), config, cancelled).run("甲")
    assert graph.n_passes == asked[-1]


def test_of_candidates_that_differ_in_final_marks_one_is_shown(completer) -> None:
    for typed in ("高血压", "孩子发烧", "糖尿病患者", "睡前"):
        found = completer.complete(typed, n=8)
        bare = [c.completion.rstrip("。！？!?…；;.") for c in found]
        assert len(set(bare)) == len(bare)
