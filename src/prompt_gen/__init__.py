"""Turn a pile of domain text into an as-you-type sentence completer.

    import prompt_gen
    completer = prompt_gen.Completer.load("runs/clinic")
    for c in completer.complete("高血压要注意", n=5):
        print(c.text, c.score)

Importing this package loads nothing heavy: the names are looked up when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prompt_gen.engine import Candidate, Completer

__version__ = "0.1.0"
__all__ = ["Candidate", "Completer"]

_HOMES = {
    "Candidate": "prompt_gen.engine",
    "Completer": "prompt_gen.engine",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
