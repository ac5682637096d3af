"""Network and memory as one model: a distribution, however it is asked for."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import bundle, corpus
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import NOTHING, LanguageModel, read_line
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import Damaged, SettingError
from prompt_gen.run import Run


@pytest.fixture(scope="module")
def made(trained: Run) -> Bundle:
    return bundle.load(trained.path)


@pytest.fixture(scope="module", params=["both", "memory"])
def model(request: pytest.FixtureRequest, made: Bundle) -> LanguageModel:
    return Completer.of(made, EngineConfig(experts=request.param)).model


def ids_of(made: Bundle, line: str) -> list[int]:
    return [made.tokenizer.bos_id, *made.tokenizer.encode(line)[:9]]


def test_every_row_sums_to_one(model: LanguageModel, made: Bundle, lines: list[str]) -> None:
    for line in lines[::90]:
        ids = ids_of(made, line)
        probs_TV, states = read_line(model, ids)
        assert probs_TV.shape == (len(ids), made.tokenizer.size)
        assert len(states) == len(ids)
        assert probs_TV.min() >= 0
        assert probs_TV.astype(np.float64).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_token_by_token_is_as_good_as_all_at_once(
    model: LanguageModel, made: Bundle, lines: list[str]
) -> None:
    ids = ids_of(made, lines[3])
    whole_TV, _ = read_line(model, ids)
    state = NOTHING
    for token, expected_V in zip(ids, whole_TV, strict=True):
        probs_KV, (state,) = model.read([token], [state], [0])
        assert probs_KV[0] == pytest.approx(expected_V, abs=1e-5)


def test_branches_go_on_from_any_token(
    model: LanguageModel, made: Bundle, lines: list[str]
) -> None:
    first, second = (ids_of(made, line) for line in lines[:2])
    (_, of_first), (_, of_second) = read_line(model, first), read_line(model, second)
    before = [of_second[3], of_first[1], of_second[-1], 0, 2, 3, NOTHING]
    probs_KV, _ = model.read([5, 6, 5, 7, 8, 9, 5], before, [6, 5, 4, 3, 2, 1, 0])
    texts = [
        [*second[:4], 5], [*first[:2], 6], [*second, 5], [*second[:4], 5, 7], [*second, 5, 8],
        [*second[:4], 5, 7, 9], [5],
    ]  # fmt: skip
    for text, found_V in zip(reversed(texts), probs_KV, strict=True):
        assert found_V == pytest.approx(read_line(model, text)[0][-1], abs=1e-5)


def test_both_know_more_of_the_text_than_either(made: Bundle, lines: list[str]) -> None:
    """Of lines that were trained on; those that were not are measured in `benchmarks`."""
    nats = dict.fromkeys(("both", "network", "memory"), 0.0)
    for experts in nats:
        model = Completer.of(made, EngineConfig(experts=experts)).model
        for line in lines[::7]:
            ids = ids_of(made, line)
            probs_TV, _ = read_line(model, ids[:-1])
            nats[experts] -= np.log(probs_TV[np.arange(len(ids) - 1), ids[1:]]).sum()
    assert nats["both"] < min(nats["network"], nats["memory"])


def test_the_network_alone_is_the_graph(made: Bundle) -> None:
    assert isinstance(Completer.of(made, EngineConfig(experts="network")).model.model, Graph)


def test_a_bundle_without_a_memory_is_its_network(made: Bundle, tmp_path: Path) -> None:
    bare = Bundle(without_memory(made, tmp_path), made.tokenizer, made.manifest)
    assert isinstance(Completer.of(bare).model.model, Graph)
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


def test_where_there_is_no_time_one_pass_is_made(completer: Completer) -> None:
    n_passes = completer.model.n_passes
    found = completer.complete("高血压", deadline_ms=1e-6)
    assert completer.model.n_passes == n_passes + 1
    assert found == completer.first("高血压")  # not the pieces that one pass has found


def test_what_is_not_sure_enough_is_not_in_a_first_list_either(completer: Completer) -> None:
    assert completer.complete("高血压", min_confidence=1.0) == []
    for least in (0.2, 0.9):
        found = completer.first("高血压", min_confidence=least)
        assert all(c.score >= least for c in found)
    assert len(completer.first("高血压", min_confidence=0.9)) < len(completer.first("高血压"))


def test_a_first_list_ends_before_texts_to_stop_at(completer: Completer) -> None:
    usual = completer.first("高血压")
    mark = usual[0].completion[1]
    found = completer.first("高血压", stop=(mark,))
    assert found
    assert all(mark not in c.completion for c in found)


def test_blank_text_has_no_first_list(completer: Completer) -> None:
    assert completer.first(" \n ") == []
