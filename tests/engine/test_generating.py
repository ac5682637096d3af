"""Plain text from prompts, against models whose every text can be counted."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.engine import generating
from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation, Generator
from prompt_gen.engine.writing import Piece
from prompt_gen.errors import InvalidRequest, TextTooLong
from tests.engine.test_modes import is_near
from tests.engine.toy import TEXTS, Toy, after, enumerated, never, vocabulary_of

BPE, CHAR = vocabulary_of("bpe"), vocabulary_of("char")
GREEDY = Drawing(temperature=0.0)
BOS, EOS = CHAR.tokenizer.bos_id, CHAR.tokenizer.eos_id
seeds = st.integers(0, 1 << 30)


def run(
    toy: Toy,
    prompts: Sequence[str | list[int]],
    stops: Callable[[], bool] = never,
    vocabulary=CHAR,
    **wanted,
) -> dict[int, list[Piece]]:
    """The pieces of each continuation."""
    generator, found = Generator(toy, vocabulary), dict[int, list[Piece]]()
    asked = [generator.prompt(given) for given in prompts]
    for pieces in generator.run(asked, Generation(**wanted), stops):
        for piece in pieces:
            found.setdefault(piece.index, []).append(piece)
    return found


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def tokens_of(pieces: list[Piece]) -> list:
    return [token for piece in pieces for token, _ in piece.tokens]


def drawn(toy: Toy, typed: str, n: int, vocabulary=BPE, **wanted) -> Counter[str]:
    found: Counter[str] = Counter()
    for seed in range(n // 50):
        rows = run(toy, [typed], vocabulary=vocabulary, n=50, seed=seed, **wanted)
        found.update(text_of(pieces) for pieces in rows.values())
    return found


@pytest.mark.parametrize("typed", ["甲", "甲乙", "丙甲", ""])
def test_the_first_token_is_drawn_as_often_as_it_is_probable(typed: str) -> None:
    """Also where it begins before the caret: all ways to spell what was typed are counted."""
    toy = Toy(BPE)
    all_there_is = enumerated(toy, BPE, typed, max_chars=3)
    expected: Counter[str] = Counter()
    for path, (text, p) in all_there_is.places.items():
        before = all_there_is.places.get(path[:-1], ("", 0.0))[0]
        if text and not before:
            expected[text] += p
    expected[""] = max(0.0, 1 - expected.total())
    is_near(drawn(toy, typed, 1000, max_tokens=1), expected)


@pytest.mark.parametrize("drawing", [Drawing(), Drawing(temperature=0.5), Drawing(top_p=0.6)])
def test_texts_are_drawn_as_often_as_they_are_probable(drawing: Drawing) -> None:
    toy, n = Toy(CHAR, ["甲乙丙"]), 3
    expected: Counter[str] = Counter()

    def follow(text: str, path: tuple[int, ...], p: float) -> None:
        if len(text) == n:
            expected[text] += p
            return
        shaped = drawing.distribution(toy.behind(path[-2:]), np.arange(toy.size), {})
        expected[text] += p * float(shaped[EOS])
        for token in toy.ids:
            if shaped[token] > 0:
                follow(text + CHAR.texts[token], (*path, token), p * float(shaped[token]))

    follow("", (BOS, *CHAR.encode("丙甲")), 1.0)
    found = drawn(toy, "丙甲", 2000, vocabulary=CHAR, max_tokens=n, drawing=drawing)
    is_near(found, expected)


@given(seed=seeds, typed=st.text("甲乙丙", max_size=4))
@settings(max_examples=50, deadline=None)
def test_log_probabilities_are_the_models_whatever_is_drawn_from(seed: int, typed: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"], seed)
    drawing = Drawing(1.7, 0.9, 1.0, -1.0, {toy.ids[0]: 3.0})
    rows = run(toy, [typed], n=3, max_tokens=5, seed=seed, drawing=drawing, n_top=2)
    for pieces in rows.values():
        path = (BOS, *CHAR.encode(typed))
        for token in tokens_of(pieces):
            behind = toy.behind(path[-2:])
            (id_,) = CHAR.encode(token.name)
            assert token.logp == pytest.approx(math.log(behind[id_]))
            best = sorted(behind.tolist(), reverse=True)[:2]
            assert [logp for _, logp in token.top] == pytest.approx([math.log(p) for p in best])
            path = (*path, id_)
        if (end := pieces[-1].end_logp) is not None:
            assert end == pytest.approx(math.log(toy.behind(path[-2:])[EOS]))
            assert pieces[-1].finish == "stop"


@given(seed=seeds, typed=st.text("甲乙丙", min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_at_temperature_0_each_token_is_the_most_probable(seed: int, typed: str) -> None:
    toy = Toy(CHAR, ["甲乙丙"], seed)
    path, expected = (BOS, *CHAR.encode(typed)), ""
    while len(expected) < 6 and (best := int(toy.behind(path[-2:]).argmax())) != EOS:
        expected, path = expected + CHAR.texts[best], (*path, best)
    (pieces,) = run(toy, [typed], max_tokens=6, drawing=GREEDY).values()
    assert text_of(pieces) == expected
    assert pieces[-1].finish == ("length" if len(expected) == 6 else "stop")


def test_all_continuations_of_all_prompts_are_read_in_one_pass() -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    bias = {EOS: -100.0}
    rows = run(toy, ["甲", "乙丙"], n=3, max_tokens=4, seed=1, drawing=Drawing(bias=bias))
    assert set(rows) == set(range(6))
    assert [len(tokens) for tokens in toy.passes[2:]] == [6, 6, 6]
    assert {text_of(rows[i])[0] for i in range(6)} <= set("甲乙丙")


def test_a_seed_draws_the_same_again_and_its_continuations_differ() -> None:
    toy = Toy(BPE)
    texts = [
        [text_of(p) for p in run(toy, ["甲"], vocabulary=BPE, n=4, seed=seed).values()]
        for seed in (1, 1, -1, None, None)
    ]
    assert texts[0] == texts[1]
    assert len({tuple(each) for each in texts}) == 4
    assert len(set(texts[0])) > 1


@pytest.mark.parametrize("n_passes", [0, 1, 3])
def test_it_ends_at_the_next_pass_when_nobody_waits(n_passes: int) -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    bias = {EOS: -100.0}
    rows = run(toy, ["甲"], after(n_passes), n=2, max_tokens=20, drawing=Drawing(bias=bias), seed=1)
    assert toy.n_passes == n_passes
    assert all(piece.finish is None for pieces in rows.values() for piece in pieces)


@given(seed=seeds, typed=st.text("🙂é甲", max_size=3))
@settings(max_examples=60, deadline=None)
def test_characters_that_come_in_bytes_are_whole(seed: int, typed: str) -> None:
    toy = Toy(CHAR, ["🙂é甲", "𠮷"], seed)  # none but 甲 is in the vocabulary
    for pieces in run(toy, [typed], n=8, max_tokens=9, seed=seed).values():
        data = b"".join(token.data for token in tokens_of(pieces))
        assert text_of(pieces) == data.decode("utf-8", "ignore")
        assert pieces[-1].finish == "length" or text_of(pieces).encode() == data


def test_a_stop_ends_a_text_before_it() -> None:
    toy = Toy(CHAR, ["甲乙丙"])
    for seed in range(30):
        (free,) = run(toy, ["丙"], max_tokens=12, seed=seed).values()
        (stopped,) = run(toy, ["丙"], max_tokens=12, seed=seed, stop=("乙甲", "丙丙")).values()
        expected = min((text_of(free).split(stop)[0] for stop in ("乙甲", "丙丙")), key=len)
        assert text_of(stopped) == expected
        assert "".join(token.name for token in tokens_of(stopped)) == expected
        if expected != text_of(free):
            assert stopped[-1].finish == "stop"


def test_given_tokens_are_taken_as_they_are() -> None:
    toy = Toy(BPE)
    whole = BPE.encode("甲乙丙")
    assert len(whole) == 1
    apart = [i for text in "甲乙" for i in BPE.encode(text)]
    (pieces,) = run(toy, [apart], vocabulary=BPE, max_tokens=1, drawing=GREEDY).values()
    best = int(toy.behind(tuple(apart)).argmax())
    assert text_of(pieces) == (BPE.texts[best] if best != toy.eos else "")
    assert toy.passes[0] == [BOS, *apart], "no cover crosses the end of what is given in tokens"


def test_a_character_that_given_tokens_begin_is_finished_behind_them() -> None:
    toy = Toy(CHAR, ["🙂"], seed=5)
    first, *others = CHAR.encode("🙂")
    prompt = Generator(toy, CHAR).prompt([first])
    assert (prompt.text, prompt.rest) == ("", "🙂".encode()[:1])
    for pieces in run(toy, [[first]], n=20, max_tokens=3, seed=1).values():
        tokens = tokens_of(pieces)
        if tokens[:3] and b"".join(t.data for t in tokens[:3]) == "🙂".encode()[1:]:
            assert text_of(pieces).startswith("🙂")
            break
    else:
        pytest.fail(f"none of 20 went on with {others}")


@pytest.mark.parametrize(
    ("given", "ids", "text"),
    [
        ("甲\n乙", (BOS, *CHAR.encode("甲"), EOS, BOS, *CHAR.encode("乙")), "甲\n乙"),
        ("", (BOS,), ""),
        ("\n", (BOS, EOS, BOS), "\n"),
        ([], (BOS,), ""),
        ([BOS], (BOS,), ""),
        ([BOS, *CHAR.encode("甲")], (BOS, *CHAR.encode("甲")), "甲"),
        ([*CHAR.encode("甲"), EOS], (BOS, *CHAR.encode("甲"), EOS, BOS), "甲\n"),
        ([EOS, *CHAR.encode("甲")], (BOS, EOS, BOS, *CHAR.encode("甲")), "\n甲"),
    ],
)
def test_a_line_is_a_document(given: str | list[int], ids: tuple[int, ...], text: str) -> None:
    prompt = Generator(Toy(CHAR), CHAR).prompt(given)
    assert (prompt.ids, prompt.text) == (ids, text)
    assert prompt.n_tokens == len(ids) - ids.count(BOS)
    (last,) = {c.ids for c in prompt.covers if not c.open_bytes}
    assert last == ids[len(ids) - 1 - ids[::-1].index(BOS) :]


@pytest.mark.parametrize("n_pass", [1, 2, 3, 64])
@given(seed=seeds, text=st.text("甲乙丙\n🙂", max_size=9))
@settings(max_examples=20, deadline=None)
def test_the_tokens_of_a_prompt_are_scored_line_by_line(n_pass: int, seed: int, text: str) -> None:
    toy = Toy(CHAR, ["甲乙丙🙂"], seed)
    generator = Generator(toy, CHAR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generating, "_PASS", n_pass)
        found = generator.scored(generator.prompt(text), 1, never)
    expected = []
    for line in text.split("\n"):
        path = (BOS,)
        for token in (*CHAR.encode(line), EOS):
            expected.append(math.log(toy.behind(path[-2:])[token]))
            path = (*path, token)
    assert [token.logp for token, _ in found] == pytest.approx(expected[:-1])
    assert b"".join(token.data for token, _ in found).decode() == text
    whole = [(token.name, at) for token, at in found if not token.name.startswith("bytes:")]
    assert all(text[at : at + len(name)] == name for name, at in whole)
    assert max(map(len, toy.passes)) <= n_pass


def test_a_token_that_is_none_is_refused_with_what_there_is() -> None:
    size = CHAR.tokenizer.size
    with pytest.raises(InvalidRequest, match=rf"{size}.*0 to {size - 1}"):
        Generator(Toy(CHAR), CHAR).prompt([size])


def test_what_does_not_fit_into_the_context_is_refused_and_what_does_is_not() -> None:
    toy = Toy(CHAR, ["甲乙丙"])  # with room for 64 tokens
    generator = Generator(toy, CHAR)

    def check(text: str, max_tokens: int, is_scored: bool = False) -> None:
        generator.check(
            generator.prompt(text), Generation(max_tokens=max_tokens), is_scored=is_scored
        )

    check("甲" * 53, 11)
    check("甲" * 63, 0)
    check("甲" * 64 + "\n甲", 16)
    check("甲" * 63 + "\n甲", 16, is_scored=True)
    with pytest.raises(TextTooLong, match="at most 11") as error:
        check("甲" * 53, 12)
    assert error.value.param == "max_tokens"
    for text, is_scored in (("甲" * 64, False), ("甲" * 64 + "\n甲", True)):
        with pytest.raises(TextTooLong, match="64 tokens") as error:
            check(text, 0, is_scored)
        assert error.value.param == "prompt"


def test_no_token_is_drawn_that_adds_nothing() -> None:
    class Restarting(Toy):
        def _behind(self, last_two: tuple[int, ...]) -> np.ndarray:
            probs_V = super()._behind(last_two) / 2
            probs_V[BOS] += 0.5
            return probs_V

    rows = run(Restarting(CHAR, ["甲乙丙"]), ["甲"], n=8, max_tokens=8, seed=1, n_top=3)
    for pieces in rows.values():
        assert all(token.data for token in tokens_of(pieces))
        assert all(name for token in tokens_of(pieces) for name, _ in token.top)


def test_n_tokens_of_texts_are_those_of_the_tokenizer() -> None:
    for text in TEXTS:
        assert Generator(Toy(BPE), BPE).prompt(text).n_tokens == len(BPE.encode(text))
