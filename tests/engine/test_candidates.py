"""Where a continuation stops, and what half a character becomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.engine.candidates import Stop, readable, stop


@pytest.mark.parametrize(
    ("completion", "max_chars", "ended", "expected"),
    [
        ("多喝水。再", 24, False, Stop("多喝水。", "sentence")),
        ("多喝水", 24, False, None),
        ("多喝水", 24, True, Stop("多喝水", "eos")),
        ("多喝水要按时", 4, False, Stop("多喝水要", "length")),
        ("多喝水。", 3, False, Stop("多喝水", "length")),
        ("多喝水，少吃盐，再", 9, False, Stop("多喝水，少吃盐，", "length")),
        ("好，多喝温水按时", 8, False, Stop("好，多喝温水按时", "length")),
        ("to reset my password", 16, False, Stop("to reset my", "length")),
        ("38.5度", 24, False, None),
        ("！", 24, False, Stop("！", "sentence")),
    ],
)
def test_stops(completion: str, max_chars: int, ended: bool, expected: Stop | None) -> None:
    assert stop(completion, "平时要", max_chars, ended) == expected


def test_a_sentence_end_that_was_typed_is_not_a_stop() -> None:
    assert stop("再休息", "多喝水。", 24, False) is None


@given(st.text(), st.integers(0, 3))
def test_half_a_character_is_held_back(text: str, n_lost: int) -> None:
    data = text.encode()
    shown = readable(data[: len(data) - n_lost] if n_lost else data)
    assert shown is not None
    assert text.startswith(shown)
    assert len(text) - len(shown) <= n_lost


@pytest.mark.parametrize("data", [b"\xff", b"a\x80b", b"\xe9a", b"\xe9\xab\xe9"])
def test_other_bytes_begin_no_text(data: bytes) -> None:
    assert readable(data) is None
