"""Modified Kneser-Ney: against the published formulas, and against kenlm."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cached_property
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.errors import Damaged
from prompt_gen.ngrams import kneser_ney
from prompt_gen.ngrams.kneser_ney import FALLBACK_DISCOUNTS, KneserNey, discounts
from tests.conftest import lines_of

BOS, EOS, UNKNOWN = 0, 1, 2
SIZE = 6
GOLDEN = json.loads((Path(__file__).parent / "kneser_ney.json").read_text("utf-8"))
Lines = list[tuple[list[int], int]]

word_lists = st.lists(st.integers(2, SIZE - 1), max_size=6)
corpora = st.lists(st.tuples(word_lists, st.integers(1, 3)), max_size=40)


class Slow:
    """The equations of Chen and Goodman (1998), one by one, over dictionaries."""

    def __init__(self, lines: Lines, order: int) -> None:
        self.lines, self.order = lines, order

    @cached_property
    def occurrences(self) -> Counter[tuple[int, ...]]:
        found: Counter[tuple[int, ...]] = Counter()
        for words, count in self.lines:
            line = (BOS, *words, EOS)
            for k in range(1, self.order + 1):
                for at in range(len(line) - k + 1):
                    found[line[at : at + k]] += count
        del found[(BOS,)]
        return found

    @cached_property
    def adjusted(self) -> dict[tuple[int, ...], int]:
        before: dict[tuple[int, ...], set[int]] = defaultdict(set)
        for gram in self.occurrences:
            before[gram[1:]].add(gram[0])
        return {
            gram: n if len(gram) == self.order or gram[0] == BOS else len(before[gram])
            for gram, n in self.occurrences.items()
        }

    def discount(self, k: int, count: int) -> float:
        n = Counter(c for gram, c in self.adjusted.items() if len(gram) == k)
        if not (n[1] and n[2] and n[3]):
            return FALLBACK_DISCOUNTS[min(count, 3) - 1]
        y = n[1] / (n[1] + 2 * n[2])
        d = (1 - 2 * y * n[2] / n[1], 2 - 3 * y * n[3] / n[2], 3 - 4 * y * n[4] / n[3])
        if not (0 < d[0] <= 1 and 0 < d[1] <= 2 and 0 < d[2] <= 3):
            d = FALLBACK_DISCOUNTS
        return d[min(count, 3) - 1]

    @cached_property
    def discount_of(self) -> dict[tuple[int, int], float]:
        pairs = {(len(gram), count) for gram, count in self.adjusted.items()}
        return {pair: self.discount(*pair) for pair in pairs}

    @cached_property
    def behind(self) -> dict[tuple[int, ...], dict[int, int]]:
        found: dict[tuple[int, ...], dict[int, int]] = defaultdict(dict)
        for gram, count in self.adjusted.items():
            found[gram[:-1]][gram[-1]] = count
        return found

    def probability(self, word: int, context: tuple[int, ...]) -> float:
        context = context[-(self.order - 1) :] if self.order > 1 else ()
        lower = self.probability(word, context[1:]) if context else 1 / (SIZE - 1)
        seen = self.behind.get(context)
        if not seen:
            return lower
        k, total = len(context) + 1, sum(seen.values())
        gamma = sum(self.discount_of[k, count] for count in seen.values()) / total
        count = seen.get(word, 0)
        own = (count - self.discount_of[k, count]) / total if count else 0
        return own + gamma * lower


def made(lines: Lines, order: int, size: int = SIZE) -> KneserNey:
    with TemporaryDirectory() as directory:
        kneser_ney.build(iter(lines), size, BOS, EOS, order, Path(directory))
        return kneser_ney.load(Path(directory))


def contexts(order: int) -> Iterator[tuple[int, ...]]:
    for length in range(order + 1):
        yield from product(range(SIZE), repeat=length)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(deadline=None)
@given(lines=corpora)
def test_a_distribution_is_positive_and_sums_to_one(order: int, lines: Lines) -> None:
    model = made(lines, order)
    for context in contexts(min(order, 3)):
        probs_V = model.distribution(context)
        assert probs_V[BOS] == 0
        assert (np.delete(probs_V, BOS) > 0).all()
        assert probs_V.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@settings(deadline=None, max_examples=25)
@given(lines=corpora)
def test_every_probability_is_that_of_the_equations(order: int, lines: Lines) -> None:
    model, slow = made(lines, order), Slow(lines, order)
    for context in contexts(min(order, 3)):
        wanted = [slow.probability(word, context) for word in range(1, SIZE)]
        assert model.distribution(context)[1:] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("order", [1, 2, 4])
@settings(deadline=None)
@given(lines=corpora, words=word_lists)
def test_one_probability_is_an_entry_of_the_distribution(
    order: int, lines: Lines, words: list[int]
) -> None:
    model, line, nats = made(lines, order), [BOS, *words, EOS], 0.0
    for at in range(1, len(line)):
        wanted = model.distribution(line[:at])[line[at]]
        assert model.probability(model.state(line[:at]), line[at]) == pytest.approx(wanted)
        nats -= np.log(wanted)
    assert model.nats(line) == pytest.approx(nats)


def test_discounts_of_counted_counts() -> None:
    counts = np.repeat([1, 2, 3, 4, 5, 9], [40, 10, 6, 3, 7, 1])
    y = 40 / (40 + 2 * 10)
    wanted = (1 - 2 * y * 10 / 40, 2 - 3 * y * 6 / 10, 3 - 4 * y * 3 / 6)
    assert discounts(counts) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "counts",
    [
        [],
        [1, 1, 2],  # no threes
        [2, 3, 3],  # no ones
        [*[1] * 40, 2, *[3] * 9],  # D2 below zero
        [*[1] * 4, 2, 2, 3, *[4] * 9],  # D3+ below zero
    ],
)
def test_discounts_that_cannot_be_told_are_set(counts: list[int]) -> None:
    assert discounts(np.array(counts, np.int64)) == FALLBACK_DISCOUNTS


def test_a_count_is_as_good_as_the_line_written_so_often() -> None:
    counted = made([([2, 3], 3), ([3, 4], 1)], 3)
    written = made([([2, 3], 1)] * 3 + [([3, 4], 1)], 3)
    for context in contexts(2):
        assert np.array_equal(counted.distribution(context), written.distribution(context))


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda c: f"{c['file']}-{c['order']}")
def test_kenlm_says_the_same(case: dict) -> None:
    lines = [line.strip().replace(" ", "_") for line in lines_of(case["file"]) if line.strip()]
    train, held_out = lines[: case["lines"]], lines[case["lines"] :]
    characters = {c: i for i, c in enumerate(sorted(set("".join(train))), UNKNOWN + 1)}
    counted = [
        ([characters[c] for c in line], 2 if i < case["twice"] else 1)
        for i, line in enumerate(train)
    ]
    model = made(counted, case["order"], UNKNOWN + 1 + len(characters))
    for line, wanted in zip(held_out, case["log10"], strict=False):
        ids = [BOS, *(characters.get(c, UNKNOWN) for c in line), EOS]
        found = [model.distribution(ids[:at])[ids[at]] for at in range(1, len(ids))]
        assert np.log10(found) == pytest.approx(wanted, abs=2e-6)


def test_no_model_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Damaged, match="cannot be read"):
        kneser_ney.load(tmp_path)


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    kneser_ney.build([([2, 3, 2], 1)], SIZE, BOS, EOS, 3, tmp_path)
    path = tmp_path / "tokens-2.npy"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(Damaged, match="cannot be read"):
        kneser_ney.load(tmp_path)
