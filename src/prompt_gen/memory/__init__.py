"""The training text itself as half of the model: exact counts, the longest match, and their mix."""

from prompt_gen.memory.station import Memory, load, write

__all__ = ["Memory", "load", "write"]
