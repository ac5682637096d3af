"""Exact and near-duplicates: bands find what comparing every pair finds."""

import itertools
import random
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import CorpusConfig
from prompt_gen.corpus.duplicates import (
    N_BANDS,
    N_ROWS,
    components,
    exact,
    near,
    pieces,
    similarity,
    sketch,
)
from prompt_gen.corpus.prepare import Chunk, Preparer
from prompt_gen.corpus.readers import Line
from prompt_gen.corpus.spool import Spool


def spooled(texts: list[str], directory: Path) -> Spool:
    lines = [Line(i, text, i) for i, text in enumerate(texts, 1)]
    done = Preparer(CorpusConfig())(Chunk(0, lines))
    spool = Spool(directory / "spool")
    spool.add(done.rows, done.documents, done.texts)
    spool.close()
    return spool


def variants(rng: random.Random, n: int) -> list[str]:
    """Sentences, each with neighbours that differ from it by a few characters."""
    letters = [chr(0x4E00 + i) for i in range(2000)]
    found = []
    for _ in range(n):
        text = rng.choices(letters, k=rng.randint(8, 40))
        found.append("".join(text))
        for _ in range(2):
            if rng.random() < 0.5:
                text[rng.randrange(len(text))] = rng.choice(letters)
            found.append("".join(text) + rng.choice(["", "吗", "？"]))
    return found


def test_pairs_are_those_that_comparing_all_finds(tmp_path: Path) -> None:
    texts = list(dict.fromkeys(variants(random.Random(5), 150)))
    spool = spooled(texts, tmp_path)
    first, counts = exact(spool)
    distinct = spool.distinct(counts > 0, tmp_path / "distinct")
    kept = list(distinct.texts())
    assert kept == [text for text, count in zip(texts, counts, strict=True) if count]
    pairs = np.concatenate([*near(distinct, 0.8, map, lambda n: None)])
    found = components(len(kept), pairs)
    of = list(map(pieces, kept))
    wanted = components(
        len(kept),
        np.array(
            [
                (i, j)
                for i, j in itertools.combinations(range(len(kept)), 2)
                if similarity(of[i], of[j]) >= 0.8
            ]
        ).reshape(-1, 2),
    )
    assert all(similarity(of[i], of[j]) >= 0.8 for i, j in pairs.tolist())
    assert len(set(wanted.tolist())) < len(kept) - 50
    assert np.mean(found == wanted) > 0.97
    assert (np.diff(np.flatnonzero(counts == 0)) > 0).all()
    assert (counts[first] > 0).all()


def test_the_chance_to_share_a_band_is_the_similarity_to_the_power_of_the_rows() -> None:
    rng = random.Random(7)
    letters = [chr(0x4E00 + i) for i in range(4000)]
    n, shared, expected = 400, 0, 0.0
    for _ in range(n):
        one = rng.sample(letters, 40)
        other = one[:36] + rng.sample(letters, 4)
        a, b = sketch(["".join(one), "".join(other)])
        shared += int((a == b).sum())
        expected += similarity(pieces("".join(one)), pieces("".join(other))) ** N_ROWS * N_BANDS
    assert abs(shared - expected) < 5 * (n * N_BANDS * 0.25) ** 0.5


def test_texts_without_pieces_are_like_no_other() -> None:
    assert not sketch(["吗", "", "？？？！", "吗呢"]).any()
    assert similarity(pieces("吗"), pieces("吗")) == 0


def test_a_sketch_does_not_depend_on_its_company() -> None:
    texts = variants(random.Random(9), 20)
    together = sketch(texts)
    assert all((sketch([text])[0] == row).all() for text, row in zip(texts, together, strict=True))


def edges_of(n: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)))


@settings(max_examples=60)
@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), edges_of(n))))
def test_components_are_what_can_be_reached(case: tuple[int, list[tuple[int, int]]]) -> None:
    n, edges = case
    sets = [{i} for i in range(n)]
    for a, b in edges:
        whole = sets[a] | sets[b]
        for i in whole:
            sets[i] = whole
    found = components(n, np.array(edges, np.int64).reshape(-1, 2))
    assert found.tolist() == [min(each) for each in sets]
