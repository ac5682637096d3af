"""Sides with known answers, and the source that takes them to a process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prompt_gen.evaluate.typed import target
from prompt_gen.replay.sides import Alone, Side

LINES = (
    "高血压患者要少吃盐，多喝水。", "感冒以后多休息", "糖尿病人要控制饮食，按时吃药。", "忌口",
    "少吃盐吧",
)  # fmt: skip
MAX_CHARS = 24


def perfect(typed: str) -> list[str]:
    """What the line goes on with. Lines differ in their first characters."""
    line = next(line for line in LINES if line.startswith(typed))
    return [target(line, len(typed), MAX_CHARS)]


def second(typed: str) -> list[str]:
    """The same below something wrong."""
    return ["甲乙丙", *perfect(typed)]


def useless(typed: str) -> list[str]:
    return ["甲乙丙", "丁戊己"]


@dataclass
class Diary:
    """Writes down what it is asked. Every key needs one pass, the pause behind it two."""

    complete: Callable[[str], Sequence[str]] = perfect
    asked: list[str] = field(default_factory=list)
    n_passes: int = 0

    def begin_line(self) -> None:
        self.asked.append("line")

    def key(self, typed: str) -> Sequence[str]:
        self.asked.append(typed)
        self.n_passes += 1
        return self.complete(typed)

    def pause(self) -> None:
        self.asked.append("pause")
        self.n_passes += 2


@dataclass(frozen=True)
class Toys:
    """Both sides in one process."""

    def open(self) -> dict[str, Side]:
        return {"perfect": Alone(perfect), "useless": Alone(useless)}


@dataclass(frozen=True)
class Diaries:
    """One more."""

    def open(self) -> dict[str, Side]:
        return {"diary": Diary()}
