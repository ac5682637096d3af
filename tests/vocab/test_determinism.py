"""The same documents give the same bytes: in any order, with any number of threads."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from prompt_gen.corpus.documents import Documents
from prompt_gen.vocab import TOKENIZERS, Tokenizer, learning
from tests.conftest import lines_of, write_part

LINES = lines_of("health-zh.txt")[:200] + lines_of("helpdesk-en.txt")[:50]


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_order_of_documents_changes_nothing(kind: str) -> None:
    shuffled = random.Random(1).sample(LINES, len(LINES))
    first, second = (Tokenizer(TOKENIZERS.load(kind).fit(t, 1100)) for t in (LINES, shuffled))
    assert first.json == second.json


FIT = """
import sys
from tests.vocab.test_determinism import LINES
from prompt_gen.vocab import TOKENIZERS, Tokenizer
for kind in TOKENIZERS:
    print(kind, Tokenizer(TOKENIZERS.load(kind).fit(LINES, 1100)).json)
"""


def test_the_number_of_threads_changes_nothing() -> None:
    """Each process also has its own seed for the order of hash tables."""
    digests = set()
    for threads, parallel in (("1", "true"), ("4", "true"), ("4", "false")):
        limits = {"RAYON_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": parallel}
        done = subprocess.run(
            [sys.executable, "-c", FIT],
            env={**os.environ, **limits},
            capture_output=True,
            check=True,
        )
        assert done.stdout.count(b"\n") == len(TOKENIZERS)
        digests.add(hashlib.sha256(done.stdout).hexdigest())
    assert len(digests) == 1


def part(where: Path, texts: list[str]) -> Documents:
    where.mkdir()
    write_part(where, "train", texts, [1] * len(texts))
    return Documents(where, "train")


def test_a_sample_is_the_same_documents_in_any_order(tmp_path: Path) -> None:
    texts = [f"第{i}行：{line}" for i, line in enumerate(LINES * 4)]
    n_chars = sum(map(len, texts))
    shuffled = random.Random(1).sample(texts, len(texts))
    first, second = (
        list(learning.sample(part(tmp_path / name, order), n_chars // 4))
        for name, order in (("a", texts), ("b", shuffled))
    )
    assert set(first) == set(second)
    assert sum(map(len, first)) == pytest.approx(n_chars / 4, rel=0.1)


def test_of_a_long_document_parts_are_chosen(tmp_path: Path) -> None:
    text = "".join(f"第{i}行：{line}" for i, line in enumerate(LINES * 20))
    chosen = list(learning.sample(part(tmp_path / "a", [text]), len(text) // 4))
    assert sum(map(len, chosen)) == pytest.approx(len(text) / 4, rel=0.3)
    assert all(stretch in text for stretch in chosen)


def test_a_small_corpus_is_not_sampled_nor_held_in_memory(tmp_path: Path) -> None:
    texts = part(tmp_path / "a", LINES)
    assert learning.sample(texts, texts.n_chars) is texts


def test_runs_without_a_border_are_learned_in_bounded_pieces() -> None:
    longest = max(len(piece) for piece, _ in learning.PIECES.pre_tokenize_str("好坏" * 500))
    assert longest == learning.MAX_PIECE
    entries = learning.merges(["好坏" * 500] * 3, ["好", "坏"], 100)
    assert 1 < max(len(left + right) for left, right in entries) <= learning.MAX_PIECE
