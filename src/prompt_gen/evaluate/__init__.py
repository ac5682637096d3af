"""A bundle and held-out lines to numbers."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.engine import Completer
from prompt_gen.errors import BadText
from prompt_gen.evaluate import likelihood, typing
from prompt_gen.run import Event, Watch, silent

__all__ = ["Report", "measure"]


@dataclass(frozen=True)
class Report:
    """The numbers of one evaluation; `typing` is absent when no line was replayed."""

    likelihood: likelihood.Likelihood
    typing: typing.Typing | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: part for name, part in asdict(self).items() if part is not None}


def measure(
    loaded: Bundle,
    lines: Sequence[str],
    config: EvaluateConfig,
    engine: EngineConfig,
    watch: Watch = silent,
) -> Report:
    """Likelihood of all lines, and a sample of them typed key by key.

    Raises:
        BadText: no line to evaluate on.
    """
    lines = [text for line in lines if (text := line.strip())]  # as documents are
    if not lines:
        raise BadText("there is no line to evaluate on", "Give a file with --data")
    completer = Completer.of(loaded, engine)
    typable = [line for line in lines if len(line) > 1]
    n_replayed = min(config.replay_lines, len(typable))
    watch(Event("evaluate", "start", facts={"lines": len(lines), "replayed": n_replayed}))

    def at(name: str, done: int, total: int) -> None:
        watch(Event("evaluate", "progress", done, total, {"part": name}))

    scores = likelihood.measure(completer, lines, lambda *done: at("likelihood", *done))
    typed = None
    if n_replayed:
        sample = random.Random(config.seed).sample(typable, n_replayed)
        typed = typing.replay(completer, sample, lambda *done: at("typing", *done))
    report = Report(scores, typed)
    watch(Event("evaluate", "done", facts=report.as_dict()))
    return report
