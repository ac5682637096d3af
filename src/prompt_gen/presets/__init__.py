"""Named settings: one TOML file each, with a `summary` and a table per station."""

import tomllib
from pathlib import Path
from typing import Any

from prompt_gen.errors import UnknownChoice, did_you_mean

_FILES = {path.stem: path for path in sorted(Path(__file__).parent.glob("*.toml"))}


def names() -> list[str]:
    """All presets there are."""
    return list(_FILES)


def summary(name: str) -> str:
    """What a preset is, in a few words."""
    return _read(name)["summary"]


def settings(name: str) -> dict[str, Any]:
    """The settings of a preset, by section.

    Raises:
        UnknownChoice: no such preset.
    """
    return {section: row for section, row in _read(name).items() if section != "summary"}


def _read(name: str) -> dict[str, Any]:
    if name not in _FILES:
        raise UnknownChoice(f"unknown preset '{name}'", did_you_mean(name, names()))
    return tomllib.loads(_FILES[name].read_text("utf-8"))
