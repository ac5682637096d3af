"""A prefix to candidates."""

from prompt_gen.engine.candidates import Candidate
from prompt_gen.engine.completer import Completer

__all__ = ["Candidate", "Completer"]
