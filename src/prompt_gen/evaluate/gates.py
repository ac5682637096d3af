"""Numbers that must be reached: `--fail-under NAME=VALUE`."""

from collections.abc import Iterable
from dataclasses import dataclass

from prompt_gen.errors import GateNotMet, UnknownChoice, UsageError, did_you_mean
from prompt_gen.evaluate.metrics import METRICS, metric, names
from prompt_gen.evaluate.result import Report


@dataclass(frozen=True)
class Gate:
    """A number, and the value that it must not be worse than."""

    name: str
    value: float

    def __str__(self) -> str:
        return f"{self.name}={self.value:g}"


def parse(texts: Iterable[str], n: int) -> list[Gate]:
    """The gates of `NAME=VALUE` texts, for lists of n candidates; a value may end in %.

    Where less is better, as with bits and milliseconds, the value is the most that is allowed.

    Raises:
        UsageError, UnknownChoice: no such number, one that has no better side, or no value.
    """
    return [_parse(text, names(n)) for text in texts]


def _parse(text: str, known: list[str]) -> Gate:
    name, equals, raw = text.partition("=")
    name, raw = name.strip(), raw.strip()
    if name not in known:
        raise UnknownChoice(f"unknown number '{name}'", did_you_mean(name, known))
    if not metric(name).better:
        gated = ", ".join(base for base, row in METRICS.items() if row.better)
        raise UsageError(
            f"'{name}' is neither good nor bad when it is high", f"Gate one of: {gated}"
        )
    try:
        if not equals:
            raise ValueError
        value = float(raw.removesuffix("%")) / (100 if raw.endswith("%") else 1)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a gate", "Write it as NAME=VALUE, e.g. saved@5=0.3 or p95_ms=80"
        ) from error
    return Gate(name, value)


def check(gates: Iterable[Gate], report: Report) -> None:
    """Refuse a report that does not meet every gate.

    Raises:
        GateNotMet: says which, and what was measured.
    """
    failed = [said for gate in gates if (said := _failure(gate, report))]
    if failed:
        raise GateNotMet(
            "not good enough: " + "; ".join(failed),
            "Train longer or on more text, lower the gate, or measure more (evaluate.typed)",
        )


def _failure(gate: Gate, report: Report) -> str:
    value = report.value(gate.name)
    if value is None:
        known = ", ".join(sorted(report.numbers))
        return f"{gate.name} was not measured (measured: {known})"
    is_more = metric(gate.name).better == "more"
    if value >= gate.value if is_more else value <= gate.value:
        return ""
    wanted = "at least" if is_more else "at most"
    return f"{gate.name} is {value:.4g}, {wanted} {gate.value:g} was asked for"
