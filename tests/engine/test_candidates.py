"""Where a continuation stops, and what half a character becomes."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.candidates import Ends, Stop, readable, stop, whole_part
from prompt_gen.text import SENTENCE_ENDS


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


def cut_in_pieces(ends: Ends, pieces: list[str]) -> tuple[str, str]:
    """Where a continuation ends that comes piece by piece, each judged as a token is."""
    text, reason = "", ""
    for piece in pieces:
        may_end = any(mark in piece for mark in (*SENTENCE_ENDS, "."))
        text, reason = ends.cut(text, text + piece, may_end)
        if reason:
            break
    return text, reason


def pieces_of(text: str, borders: set[int]) -> list[str]:
    """Pieces of a text; a run of marks that end a sentence is one token, or ends with its first."""
    at = sorted(
        border for border in borders | {0, len(text)}
        if 0 <= border <= len(text)
        and not (0 < border < len(text)
                 and text[border] in SENTENCE_ENDS and text[border - 1] in SENTENCE_ENDS)
    )  # fmt: skip
    return [text[a:z] for a, z in pairwise(at)]


borders = st.sets(st.integers(1, 20))
continuations = st.text("多喝a1 .。！？", max_size=20)


@settings(max_examples=400)
@given(
    continuations, borders, st.sampled_from(["平时", "a", "3", "水。", "a."]), st.integers(1, 20)
)
def test_a_continuation_ends_in_pieces_where_it_ends_as_a_whole(
    text: str, borders: set[int], typed: str, max_chars: int
) -> None:
    found, reason = cut_in_pieces(Ends(typed, max_chars), pieces_of(text, borders))
    whole = stop(text, typed, max_chars, ended=False)
    if whole is None:
        assert (found, reason) == (text, "")
    elif reason == "length":
        assert whole_part(found) == whole.completion or found == whole.completion
        # Whether a full stop is one depends on what follows, which was not looked at any more.
        assert whole.reason == "length" or found.endswith(".")
    else:
        assert (found, reason) == (whole.completion, whole.reason)


@settings(max_examples=400)
@given(st.text("abc", max_size=20), borders, st.text("abc", min_size=1, max_size=4))
def test_a_stop_text_that_comes_in_pieces_ends_a_continuation_before_it(
    text: str, borders: set[int], stopping: str
) -> None:
    found, reason = cut_in_pieces(Ends("甲", 100, (stopping,)), pieces_of(text, borders))
    assert found == text.partition(stopping)[0]
    assert reason == ("stop" if stopping in text else "")


def test_of_several_ends_the_first_counts() -> None:
    ends = Ends("甲", 6, ("停", "止"))
    assert ends.cut("", "乙止丙停") == ("乙", "stop")
    assert ends.cut("", "乙。止") == ("乙。", "sentence")
    assert ends.cut("", "乙止。") == ("乙", "stop")
    assert ends.cut("", "一二三四五六七止") == ("一二三四五六", "length")
    assert ends.cut("一二三", "一二三四五") == ("一二三四五", "")


def test_whether_a_full_stop_ends_a_sentence_depends_on_what_stands_around_it() -> None:
    assert Ends("38", 20).cut("", ". ") == (". ", "")
    assert Ends("it", 20).cut("", ". ") == (".", "sentence")
    assert Ends("e", 20).cut(".", ".g", may_end=False) == (".g", "")
    assert Ends("it", 20).cut(".", ". It", may_end=False) == (".", "sentence")
