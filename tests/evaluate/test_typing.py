"""Keystrokes: known answers for an oracle, a fool, and a list to walk through."""

from types import SimpleNamespace

import pytest

from prompt_gen.engine import Candidate, Completer
from prompt_gen.evaluate.typing import keystrokes, replay

LINE = "高血压患者要少吃盐"


def offering(*texts: str):
    def ask(prefix: str) -> list[Candidate]:
        return [
            Candidate(text, text[len(prefix) :], 0.5, "eos")
            for text in texts
            if text.startswith(prefix) and text != prefix
        ]

    return ask


@pytest.mark.parametrize(
    ("offered", "keys"),
    [
        ((), len(LINE)),
        ((LINE,), 1 + 1),  # the first key, and accepting
        (("高血压病人", LINE), 1 + 2),  # one step down the list
        (("高血压患者",), 1 + 1 + 4),  # a right beginning, then the rest by hand
        (("高血压很常见",), len(LINE)),
        (("高血",), len(LINE)),  # accepting one character costs what typing it does
    ],
)
def test_known_answers(offered: tuple[str, ...], keys: int) -> None:
    assert keystrokes(LINE, offering(*offered)) == keys


def test_a_replay_adds_up() -> None:
    graph = SimpleNamespace(n_passes=0)
    oracle = SimpleNamespace(complete=offering(LINE), model=graph)
    result = replay(oracle, [LINE, LINE], lambda *_: None)  # type: ignore[arg-type]
    assert result.keystrokes == 2 * len(LINE)
    assert result.keystrokes_saved == pytest.approx(1 - 2 / len(LINE))
    assert result.keystrokes_saved_first == result.keystrokes_saved
    assert (result.duplicates, result.wrong_prefixes) == (0, 0)


def test_bad_lists_are_counted() -> None:
    twice = [Candidate("别的", "别的", 0.5, "eos")] * 2
    fool = SimpleNamespace(complete=lambda _: twice, model=SimpleNamespace(n_passes=0))
    result = replay(fool, ["高血"], lambda *_: None)  # type: ignore[arg-type]
    assert (result.duplicates, result.wrong_prefixes) == (1, 2)


def test_a_real_completer_shows_no_duplicate_and_keeps_prefixes(
    completer: Completer, lines: list[str]
) -> None:
    result = replay(completer, lines[:3], lambda *_: None)
    assert (result.duplicates, result.wrong_prefixes) == (0, 0)
    assert result.keystrokes_saved >= result.keystrokes_saved_first
    assert result.passes_per_keystroke > 1
