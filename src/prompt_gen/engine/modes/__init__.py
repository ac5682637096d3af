"""How continuations are found: one file per mode, one row each.

Each has a function `run(line)` that gives the continuations of a `Line`, in the order they are
shown. All modes read the same tokens of the same trie, and end continuations alike.
"""

from prompt_gen.choices import Choice, Choices

MODES = Choices(
    "mode",
    {
        "tree": Choice("prompt_gen.engine.modes.tree", "what saves most keys, best first; exact"),
        "sample": Choice("prompt_gen.engine.modes.sample", "drawn at random, by a seed"),
        "beam": Choice("prompt_gen.engine.modes.beam", "the most probable ones, step by step"),
        "diverse": Choice("prompt_gen.engine.modes.diverse", "beams that keep off each other"),
    },
)
