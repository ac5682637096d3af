"""What of a growing text is given out, against the text as a whole."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine.writing import Piece, Token, Writing

texts = st.text("甲乙é🙂ab", min_size=1, max_size=12)
stops = st.lists(st.text("甲乙éab", min_size=1, max_size=3), max_size=4)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    borders = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:z] for a, z in pairwise(borders) if a < z]


def written(pieces: list[bytes], stop: list[str], rest: bytes = b"") -> list[Piece]:
    writing, found = Writing(tuple(stop), rest), []
    for data in pieces:
        assert writing.may_follow(data)
        writing.add(Token(data, "", 0.0, ()))
        if piece := writing.take(0, "stop" if writing.is_stopped else None):
            found.append(piece)
        if writing.is_stopped:
            return found
    return [*found, last] if (last := writing.take(0, "length")) else found


@given(texts, st.lists(st.integers(0, 60), max_size=12), stops)
@settings(max_examples=500, deadline=None)
def test_the_pieces_are_the_text_up_to_the_first_stop(
    text: str, places: list[int], stop: list[str]
) -> None:
    pieces = cut(text.encode(), places)
    found = written(pieces, stop)
    whole, is_stopped = text, False
    for n in range(1, len(pieces) + 1):  # the first stop to be complete, of those the first
        there = b"".join(pieces[:n]).decode("utf-8", "ignore")
        if starts := [there.index(s) for s in stop if s in there]:
            whole, is_stopped = there[: min(starts)], True
            break
    assert "".join(piece.text for piece in found) == whole
    assert [piece.finish for piece in found[:-1]] == [None] * (len(found) - 1)
    assert found[-1].finish == ("stop" if is_stopped else "length")


@given(texts, st.lists(st.integers(0, 60), max_size=12), stops)
@settings(max_examples=300, deadline=None)
def test_tokens_come_with_their_text_and_say_where_they_begin(
    text: str, places: list[int], stop: list[str]
) -> None:
    pieces = cut(text.encode(), places)
    found = written(pieces, stop)
    shown, tokens = "", []
    for piece in found:
        shown += piece.text
        tokens += piece.tokens
        if not piece.finish:  # with each character comes the token that it begins in
            data = b"".join(token.data for token, _ in tokens)
            assert shown.encode().startswith(data)
            assert len(shown) <= len(data.decode("utf-8", "ignore")) + 1
    assert [token.data for token, _ in tokens] == pieces[: len(tokens)]
    at = 0
    for token, start in tokens:
        before = text.encode()[:at]
        assert start == len(before.decode("utf-8", "ignore"))
        at += len(token.data)
    if not any(s in text for s in stop):
        assert len(tokens) == len(pieces)


def test_what_may_become_a_stop_is_held_back_and_given_when_it_does_not() -> None:
    found = written([b"c", b"a", b"b", b"a", b"c"], ["abb"])
    assert [piece.text for piece in found] == ["c", "ab", "ac", ""]


def test_half_a_character_is_never_shown() -> None:
    first, last = "甲".encode()[:2], "甲".encode()[2:]
    assert [piece.text for piece in written([first, last], [])] == ["甲", ""]
    assert [piece.text for piece in written([first], [])] == [""]
    assert written([last], [], rest=first)[0].text == "甲"


def test_what_no_text_begins_with_may_not_follow() -> None:
    writing = Writing()
    assert not writing.may_follow("甲".encode()[1:])
    assert writing.may_follow(b"")
    writing.add(Token("甲".encode()[:1], "", 0.0, ()))
    assert not writing.may_follow(b"a")
    assert not writing.may_follow(b""), "a text does not end inside of a character"
