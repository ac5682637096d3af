"""What may be shown of what the training text holds word for word."""

import pytest

from prompt_gen import corpus
from prompt_gen.engine import Completer
from prompt_gen.engine.candidates import Candidate, Stop, typed_line
from prompt_gen.engine.verbatim import Verbatim
from prompt_gen.run import Run

TYPED = "高血压"


@pytest.fixture(scope="module")
def verbatim(completer: Completer) -> Verbatim:
    assert completer._verbatim
    return completer._verbatim


@pytest.fixture(scope="module")
def texts(verbatim: Verbatim) -> list[str]:
    return [verbatim.text(i) for i in range(len(verbatim.index.documents))]


def test_what_is_remembered_is_training_text(texts: list[str], trained: Run) -> None:
    assert set(texts) <= set(corpus.load(trained).train)


def test_every_line_is_found_from_each_of_its_characters_on(
    verbatim: Verbatim, texts: list[str]
) -> None:
    for text in texts[::50]:
        for cut in range(1, len(text)):
            found = verbatim.documents(text[:cut], Stop(text[cut:], "eos"))
            assert text in map(verbatim.text, found.tolist())


def test_what_is_in_no_line_is_not_found(verbatim: Verbatim) -> None:
    assert verbatim.n_lines("高血压", Stop("的锿镄钔锘怎么吃", "sentence")) == 0


@pytest.mark.parametrize("reason", ["open", "length", "stop", "eos"])
def test_the_last_token_of_a_continuation_counts_too(verbatim: Verbatim, reason: str) -> None:
    line = "高血压要注意午睡吗"
    for completion, is_held in (("要注意午睡", True), ("要注意高血压", False), ("锿", False)):
        documents = verbatim.documents("高血压", Stop(completion, reason))
        assert (line in map(verbatim.text, documents.tolist())) == is_held


def held(texts: list[str], candidate: Candidate) -> bool:
    return any(candidate.completion in text for text in texts)


@pytest.mark.parametrize("typed", [TYPED, "孩子", "my order "])
def test_a_candidate_says_where_it_comes_from(
    completer: Completer, texts: list[str], typed: str
) -> None:
    found = completer.complete(typed)
    assert found
    for candidate in found:
        assert (candidate.source == "memory") == (candidate.lines > 0)
        assert not candidate.lines or held(texts, candidate)
        for line in completer.examples(typed, candidate):
            assert candidate.completion.rstrip() in line


def test_only_what_the_text_holds(completer: Completer, texts: list[str]) -> None:
    found = completer.complete(TYPED, verbatim="only", n=10)
    assert found
    assert all(candidate.lines for candidate in found)
    assert all(held(texts, candidate) for candidate in found)


def test_nothing_that_the_text_holds(completer: Completer, texts: list[str]) -> None:
    usual = completer.complete(TYPED, n=10)
    found = completer.complete(TYPED, verbatim="never", free_chars=3, n=10)
    assert any(candidate.lines and len(candidate.completion) > 3 for candidate in usual)
    assert found
    assert all(not c.lines or len(c.completion.strip()) <= 3 for c in found)


def test_what_few_lines_hold_is_not_shown(completer: Completer) -> None:
    usual = completer.complete(TYPED, n=10)
    found = completer.complete(TYPED, min_lines=3, free_chars=2, n=10)
    assert any(0 < c.lines < 3 and len(c.completion) > 2 for c in usual)
    assert found
    assert all(not c.lines or c.lines >= 3 or len(c.completion.strip()) <= 2 for c in found)


def test_examples_are_as_many_as_asked(completer: Completer) -> None:
    popular = max(completer.complete(typed_line(TYPED), n=10), key=lambda c: c.lines)
    assert len(completer.examples(TYPED, popular, n=1)) == 1
