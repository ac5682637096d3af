"""A prefix to candidates."""

from prompt_gen.engine.candidates import Candidate
from prompt_gen.engine.completer import Completer, check_text

__all__ = ["Candidate", "Completer", "check_text"]
