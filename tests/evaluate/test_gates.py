"""Gates: both directions, what cannot be gated, and the exit code."""

import pytest

from prompt_gen.errors import GateNotMet, UnknownChoice, UsageError
from prompt_gen.evaluate import gates
from prompt_gen.evaluate.metrics import metric, names
from prompt_gen.evaluate.result import Report

NUMBERS = {"saved@5": {"value": 0.31}, "bits_per_char": {"value": 3.8}, "p95_ms": {"value": 12.0}}
REPORT = Report({"predictors": [{"numbers": NUMBERS}]})


@pytest.mark.parametrize("gate", ["saved@5=0.3", "saved@5=31%", "bits_per_char=3.8", "p95_ms=80"])
def test_met(gate: str) -> None:
    gates.check(gates.parse([gate], 5), REPORT)


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("saved@5=0.32", "saved@5 is 0.31, at least 0.32"),
        ("bits_per_char=3.7", "bits_per_char is 3.8, at most 3.7"),
        ("success@1=0.1", "success@1 was not measured"),
    ],
)
def test_not_met(gate: str, said: str) -> None:
    with pytest.raises(GateNotMet, match=said) as caught:
        gates.check(gates.parse([gate], 5), REPORT)
    assert caught.value.exit_code == 5


def test_all_that_fail_are_named() -> None:
    with pytest.raises(GateNotMet, match=r"saved@5.*bits_per_char"):
        gates.check(gates.parse(["saved@5=1", "p95_ms=80", "bits_per_char=1"], 5), REPORT)


@pytest.mark.parametrize("gate", ["saved@5", "saved@5=much", "saved@5=", "=0.5"])
def test_no_gate(gate: str) -> None:
    with pytest.raises(UsageError):
        gates.parse([gate], 5)


def test_a_misspelt_number_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match="Did you mean 'saved@5'"):
        gates.parse(["savd@5=0.3"], 5)
    for name in ("saved", "saved@7"):  # no list has seven of five
        with pytest.raises(UnknownChoice, match="saved@"):
            gates.parse([f"{name}=0.3"], 5)
    assert gates.parse(["saved@7=0.3"], 7)[0].name == "saved@7"


@pytest.mark.parametrize("name", [name for name in names(5) if not metric(name).better])
def test_what_is_neither_good_nor_bad_cannot_be_gated(name: str) -> None:
    with pytest.raises(UsageError, match="neither good nor bad"):
        gates.parse([f"{name}=1"], 5)
