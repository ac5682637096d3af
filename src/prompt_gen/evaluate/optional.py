"""Numbers that are measured by libraries which the base install does not have."""

from collections.abc import Mapping
from importlib.util import find_spec

from prompt_gen.choices import missing

_EXTRAS = {"rjieba": "word"}  # modules of other extras than `evaluate`
Needs = Mapping[str, tuple[str, ...]]  # names of numbers to modules that must be there


def absent(needs: Needs) -> dict[str, str]:
    """Names of numbers that cannot be measured here, each with the library and the way to it."""
    lacking = {
        name: next((module for module in modules if find_spec(module) is None), None)
        for name, modules in needs.items()
    }
    return {
        name: str(missing(module, f"'{name}'", _EXTRAS.get(module, "evaluate")))
        for name, module in lacking.items()
        if module is not None
    }
