"""A prefix to candidates."""

from prompt_gen.engine.candidates import Candidate
from prompt_gen.engine.completer import Completer
from prompt_gen.engine.labeller import Labeller

__all__ = ["Candidate", "Completer", "Labeller"]
