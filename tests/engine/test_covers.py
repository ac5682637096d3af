"""Covers: whatever is typed, the tokens of what it becomes are among them."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.covers import Vocabulary, covers
from prompt_gen.vocab import TOKENIZERS, Tokenizer
from tests.conftest import lines_of


@cache
def vocabulary_of(kind: str) -> Vocabulary:
    lines = lines_of("health-zh.txt")[:800] + lines_of("helpdesk-en.txt")
    return Vocabulary(Tokenizer(TOKENIZERS.load(kind).fit(lines, 1500)))


def cuts() -> list[tuple[str, str]]:
    """Every cut of 200 lines, the beginning and the whole."""
    lines = lines_of("health-zh.txt")[-150:] + lines_of("helpdesk-en.txt")[-50:]
    return [(line[:at], line) for line in lines for at in range(1, len(line))]


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_at_every_cut_of_200_lines_the_lines_own_tokens_are_covered(kind: str) -> None:
    vocabulary = vocabulary_of(kind)
    tokenizer = vocabulary.tokenizer
    for typed, line in cuts():
        ids = tokenizer.encode(line)
        lengths = np.cumsum([len(tokenizer.token_bytes[i]) for i in ids])
        n_whole = int(np.searchsorted(lengths, len(typed.encode()), side="right"))
        crossing = ids[n_whole]
        spelled = typed.encode()[int(lengths[n_whole - 1]) if n_whole else 0 :]
        assert any(
            list(cover.ids) == ids[:n_whole]
            and cover.open_bytes == spelled
            and (not spelled or crossing in vocabulary.extending(spelled))
            for cover in covers(typed, vocabulary)
        ), (typed, line)


@pytest.mark.parametrize("kind", TOKENIZERS)
@given(text=st.text(min_size=1) | st.text("高血压患者糖尿病 aé.", min_size=1))
@settings(max_examples=100, deadline=None)
def test_covers_spell_exactly_what_was_typed(kind: str, text: str) -> None:
    vocabulary = vocabulary_of(kind)
    found = covers(text, vocabulary)
    assert found[0].open_bytes == b""
    assert len(set(found)) == len(found)
    for cover in found:
        spelled = b"".join(vocabulary.token_bytes[i] for i in cover.ids)
        assert spelled + cover.open_bytes == text.encode()
        assert len(vocabulary.extending(cover.open_bytes)) > 0


@given(start=st.binary(max_size=4) | st.sampled_from(["高", "高血", "re"]).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_extending_is_what_a_scan_finds(start: bytes) -> None:
    vocabulary = vocabulary_of("bpe")
    scanned = {
        i
        for i, data in enumerate(vocabulary.token_bytes)
        if len(data) > len(start) and data.startswith(start) and data[len(start)] != 0xFF
    }
    if start == b"":
        first = [*range(0x80), *range(0xC2, 0xF5)]
        scanned = {i for i, d in enumerate(vocabulary.token_bytes) if d and d[0] in first}
    assert set(vocabulary.extending(start).tolist()) == scanned


def test_an_open_token_is_offered_where_the_whole_one_would_be_lost() -> None:
    vocabulary = vocabulary_of("bpe")
    assert len(vocabulary.tokenizer.encode("高血压")) == 1
    assert any(cover.open_bytes == "高血".encode() for cover in covers("高血", vocabulary))
