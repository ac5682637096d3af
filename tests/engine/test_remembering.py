"""Network and memory as one model: a distribution, however it is asked for."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import bundle, corpus
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import LanguageModel
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import Damaged, SettingError
from prompt_gen.run import Run


@pytest.fixture(scope="module")
def made(trained: Run) -> Bundle:
    return bundle.load(trained.path)


@pytest.fixture(scope="module", params=["both", "memory"])
def model(request: pytest.FixtureRequest, made: Bundle) -> LanguageModel:
    return Completer.of(made, EngineConfig(experts=request.param)).model


def rows_of(made: Bundle, lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    ids = [[made.tokenizer.bos_id, *made.tokenizer.encode(line)[:9]] for line in lines]
    lengths = np.array([len(row) for row in ids])
    tokens = np.zeros((len(ids), lengths.max()), np.int64)
    for at, row in enumerate(ids):
        tokens[at, : len(row)] = row
    return tokens, lengths


def test_every_row_sums_to_one(model: LanguageModel, made: Bundle, lines: list[str]) -> None:
    tokens, lengths = rows_of(made, lines[::90])
    parents = np.zeros(len(tokens), np.int64)
    logprobs, _ = model.full(tokens, lengths, model.empty_cache(), parents)
    assert logprobs.shape == (lengths.sum(), made.tokenizer.size)
    assert np.exp(logprobs.astype(np.float64)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_token_by_token_is_as_good_as_all_at_once(
    model: LanguageModel, made: Bundle, lines: list[str]
) -> None:
    tokens, lengths = rows_of(made, [lines[3]])
    parents = np.zeros(1, np.int64)
    whole, _ = model.full(tokens, lengths, model.empty_cache(), parents)
    read, cache = model.read(tokens[0, :3], model.empty_cache())
    assert read == pytest.approx(whole[2], abs=1e-4)
    for at in range(3, int(lengths[0])):
        top, ids, cache = model.next(tokens[:, at], cache, parents, 7)
        assert top[0] == pytest.approx(whole[at][ids[0]], abs=1e-4)
        assert top[0] == pytest.approx(np.sort(whole[at])[::-1][:7], abs=1e-4)


def test_rows_go_on_from_any_row(model: LanguageModel, made: Bundle, lines: list[str]) -> None:
    tokens, lengths = rows_of(made, lines[:3])
    _, cache = model.full(tokens, lengths, model.empty_cache(), np.zeros(3, np.int64))
    parents, more = np.array([2, 0, 2]), np.array([5, 6, 5])
    top, ids, _ = model.next(more, cache, parents, 4)
    for at, parent in enumerate(parents.tolist()):
        row = np.append(tokens[parent, : lengths[parent]], more[at])
        alone, _ = model.read(row, model.empty_cache())
        assert top[at] == pytest.approx(alone[ids[at]], abs=1e-4)


def test_both_know_more_of_the_text_than_either(made: Bundle, lines: list[str]) -> None:
    """Of lines that were trained on; those that were not are measured in `benchmarks`."""
    found = {}
    for experts in ("both", "network", "memory"):
        model = Completer.of(made, EngineConfig(experts=experts)).model
        tokens, lengths = rows_of(made, lines[::7])
        parents = np.zeros(len(tokens), np.int64)
        logprobs, _ = model.full(tokens, lengths, model.empty_cache(), parents)
        ends = np.cumsum(lengths)
        rows = [logprobs[end - n : end - 1] for end, n in zip(ends, lengths, strict=True)]
        found[experts] = -sum(
            row[np.arange(len(row)), line[1 : len(row) + 1]].sum()
            for row, line in zip(rows, tokens, strict=True)
        )
    assert found["both"] < min(found["network"], found["memory"])


def test_the_network_alone_is_the_graph(made: Bundle) -> None:
    assert isinstance(Completer.of(made, EngineConfig(experts="network")).model, Graph)


def test_a_bundle_without_a_memory_is_its_network(made: Bundle, tmp_path: Path) -> None:
    bare = Bundle(without_memory(made, tmp_path), made.tokenizer, made.manifest)
    assert isinstance(Completer.of(bare).model, Graph)
    with pytest.raises(SettingError, match="has no memory"):
        Completer.of(bare, EngineConfig(experts="memory"))
    with pytest.raises(SettingError, match="need the memory"):
        Completer.of(bare).complete("高血压", min_lines=2)


def without_memory(made: Bundle, where: Path) -> Path:
    path = Path(shutil.copytree(made.path, where / "bare"))
    (path / "memory").rename(where / "memory")
    return path


def test_a_mixture_that_cannot_be_read_is_damaged(made: Bundle, tmp_path: Path) -> None:
    path = Path(shutil.copytree(made.path, tmp_path / "bundle"))
    (path / "mixture.json").write_text('{"weights": [[1, 2, 3]]}', "utf-8")
    with pytest.raises(Damaged, match=r"mixture\.json"):
        Completer.of(Bundle(path, made.tokenizer, made.manifest))


def test_experts_are_chosen_when_it_is_loaded(completer: Completer) -> None:
    with pytest.raises(SettingError, match="experts is chosen when"):
        completer.complete("高血压", experts="network")


@pytest.mark.parametrize("typed", ["高血压", "孩子发", "my ord", "的锿镄"])
def test_a_first_list_goes_on_as_the_text_does(
    completer: Completer, trained: Run, typed: str
) -> None:
    found = completer.first(typed, n=4)
    assert found
    assert len({c.text for c in found}) == len(found) <= 4
    assert all(c.text == typed + c.completion for c in found)
    scores = [c.score for c in found]
    assert scores == sorted(scores, reverse=True)
    texts = list(corpus.load(trained).train)
    assert all(any(c.completion in text for text in texts) for c in found)


def test_a_line_that_was_trained_on_is_in_its_first_list(completer: Completer) -> None:
    line = "高血压要注意午睡吗"
    assert completer.first(line[:-2])[0].text == line


def test_no_time_for_a_pass_leaves_the_first_list(completer: Completer) -> None:
    found = completer.complete("高血压", deadline_ms=1e-6)
    assert found == completer.first("高血压", deadline_ms=1e-6)


def test_blank_text_has_no_first_list(completer: Completer) -> None:
    assert completer.first(" \n ") == []
