"""Tables of swappable parts: a name leads to a module, loaded when it is chosen.

A package with several ways to do one thing has one `Choices` table, one row and one file per way.
Adding a way is a file and a row; `prompt-gen list` prints the tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from prompt_gen.errors import MissingExtra, UnknownChoice, did_you_mean


@dataclass(frozen=True)
class Choice:
    """One row: where the part lives, what it is for, and which extra installs what it needs."""

    module: str
    summary: str
    extra: str = ""


class Choices(Mapping[str, Choice]):
    """A table of parts of one kind (`what` names the kind in errors)."""

    def __init__(self, what: str, rows: dict[str, Choice]) -> None:
        self.what = what
        self._rows = rows

    def __getitem__(self, name: str) -> Choice:
        if name not in self._rows:
            raise UnknownChoice(f"unknown {self.what} '{name}'", did_you_mean(name, list(self)))
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def check(self, name: str) -> None:
        """Refuse a name that is not in the table, before any work is done for it.

        Raises:
            UnknownChoice: no such row.
        """
        self[name]

    def load(self, name: str) -> ModuleType:
        """The module of a row.

        Raises:
            UnknownChoice: no such row.
            MissingExtra: the row needs a library that is not installed.
        """
        choice = self[name]
        try:
            return import_module(choice.module)
        except ModuleNotFoundError as error:
            raise missing(error.name, f"{self.what} '{name}'", choice.extra) from error


def missing(module: str | None, purpose: str, extra: str) -> MissingExtra:
    """The error for a library that an extra would have installed."""
    return MissingExtra(
        f"{purpose} needs the library '{module}', which is not installed",
        f"Install it with: pip install 'prompt-gen[{extra}]'" if extra else "Install it with pip",
    )
