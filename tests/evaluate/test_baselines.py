"""The table of baselines: each row learns, is loaded from its directory alone, and completes."""

import json
from pathlib import Path

import numpy as np
import pytest

from prompt_gen.config import EngineConfig
from prompt_gen.corpus.documents import Documents
from prompt_gen.engine import Completer
from prompt_gen.errors import Damaged, UnknownChoice
from prompt_gen.evaluate import baselines
from prompt_gen.evaluate.baselines import BASELINES
from prompt_gen.evaluate.baselines.ngram import NGram
from prompt_gen.vocab import TOKENIZERS, Tokenizer
from tests.conftest import lines_of, write_part

ALL = 10**9
LINES = sorted(set(lines_of("health-zh.txt")[:600]))


def documents(directory: Path, texts: list[str]) -> Documents:
    directory.mkdir(exist_ok=True)
    write_part(directory, "train", texts, [1 + len(text) % 3 for text in texts])
    return Documents(directory, "train")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(TOKENIZERS.load("bpe").fit(LINES, 1000))


@pytest.mark.parametrize("name", BASELINES)
def test_each_completes_training_lines(name: str, tokenizer: Tokenizer, tmp_path: Path) -> None:
    baselines.build(name, documents(tmp_path / "a", LINES), tokenizer, tmp_path / "b", ALL)
    (tmp_path / "b").rename(tmp_path / "elsewhere")
    predictor = baselines.load(name, tmp_path / "elsewhere", EngineConfig(deadline_ms=60_000))
    n_right = 0
    for line in LINES[::20]:
        typed = line[: len(line) // 2]
        found = predictor.complete(typed)
        assert found
        assert len({c.text for c in found}) == len(found) <= 5
        assert all(c.text == typed + c.completion for c in found)
        assert all(0 < c.score <= 1 for c in found)
        assert sum(c.score for c in found) <= 1 + 1e-6  # none begins another
        n_right += any(line.startswith(c.text) for c in found)
    assert n_right > 0.7 * len(LINES[::20])


def test_n_grams_are_of_characters_or_of_the_networks_tokens(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    part, completers = documents(tmp_path / "a", LINES), {}
    for name in ("characters", "tokens"):
        baselines.build(name, part, tokenizer, tmp_path / name, ALL)
        completers[name] = baselines.load(name, tmp_path / name, EngineConfig())
        assert isinstance(completers[name], Completer)
        assert isinstance(completers[name].model.model, NGram)
    assert completers["tokens"].tokenizer.hash == tokenizer.hash
    assert max(map(len, completers["characters"].tokenizer.token_bytes)) <= 4


@pytest.mark.parametrize("name", BASELINES)
def test_the_order_of_documents_does_not_matter(
    name: str, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    for where, texts in (("a", LINES), ("b", LINES[::-1])):
        part = documents(tmp_path / where, texts)
        baselines.build(name, part, tokenizer, tmp_path / f"{where}-made", part.n_chars // 2)
    first, second = (sorted((tmp_path / f"{w}-made").iterdir()) for w in ("a", "b"))
    assert [path.name for path in first] == [path.name for path in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_of_more_text_a_part_is_learned_and_counts_stay_with_their_texts(
    tokenizer: Tokenizer, tmp_path: Path
) -> None:
    part = documents(tmp_path / "a", LINES)
    baselines.build("popular", part, tokenizer, tmp_path / "b", part.n_chars // 4)
    lines = json.loads((tmp_path / "b" / "lines.json").read_text("utf-8"))
    assert 0.15 < sum(map(len, lines)) / part.n_chars < 0.35
    assert np.load(tmp_path / "b" / "counts.npy").tolist() == [1 + len(t) % 3 for t in lines]


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownChoice, match=r"'token'.*Did you mean 'tokens'"):
        baselines.load("token", tmp_path, EngineConfig())


@pytest.mark.parametrize("name", BASELINES)
def test_an_empty_directory_is_damaged(name: str, tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        baselines.load(name, tmp_path, EngineConfig())
