"""The temperature comes from validation lines alone."""

from types import SimpleNamespace
from typing import Any

import pytest

from prompt_gen.config import EvaluateConfig
from prompt_gen.engine import Candidate
from prompt_gen.evaluate import calibration
from prompt_gen.evaluate.typed import Offer

VALIDATION = [f"第{i:03}行写的是这样一句话" for i in range(400)]
CONFIG = EvaluateConfig(calibration_keys=200)


class Boaster:
    """Says 90 % and is right in half of the lines."""

    def __init__(self) -> None:
        self.asked = list[str]()

    def typed(self, _: Any, lines: list[str], tell: Any, cuts: list[tuple[int, ...]]) -> Any:
        self.asked += lines
        return [
            [self._offer(line, cut) for cut in row] for line, row in zip(lines, cuts, strict=True)
        ]

    def _offer(self, line: str, cut: int) -> Offer:
        rest = line[cut:] if int(line[1:4]) % 2 else "别的"
        return Offer((Candidate(line[:cut] + rest, rest, 0.9, "eos"),), 1.0, 1)


def fitted(corpus: Any, config: EvaluateConfig = CONFIG) -> calibration.Calibration:
    replay = Boaster()
    found = calibration.of(None, corpus, replay, config)  # type: ignore[arg-type]
    assert set(replay.asked) <= set(VALIDATION)
    return found


def test_a_boaster_is_cooled_down() -> None:
    found = fitted(SimpleNamespace(validation=VALIDATION))
    assert found.temperature > 5  # 90 % of confidence is worth little more than 50 %
    assert found.facts == {"keys": 200, "seed": 0}


def test_few_validation_lines_are_all_used() -> None:
    found = fitted(SimpleNamespace(validation=VALIDATION[:3]))
    assert found.facts["keys"] == 12


@pytest.mark.parametrize(
    ("corpus", "config"),
    [
        (None, CONFIG),
        (SimpleNamespace(validation=VALIDATION), EvaluateConfig(calibration_keys=0)),
        (SimpleNamespace(validation=[]), CONFIG),
        (SimpleNamespace(validation=["一"]), CONFIG),
    ],
)
def test_without_keys_nothing_is_fitted(corpus: Any, config: Any) -> None:
    assert fitted(corpus, config) == calibration.NONE
