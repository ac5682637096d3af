"""The training text itself as half of the model: exact counts, the longest match, and their mix."""

from prompt_gen.memory.station import Memory, load, write

__all__ = ["PERSONAL", "Memory", "load", "write"]

PERSONAL = "personal.jsonl"  # what users taught, in the directory of a run or a bundle
