"""A bundle to the parts of a smaller or quicker one: one file per method, one row each.

A method's module has these names:

    NEEDS_TEXT      whether it needs the text that the bundle has learned, beside it
    make(work)      the stock directory of what is made, and what belongs to it: see `work`

What is made is measured beside what it was made of before anybody gets it: see
`pipeline.compressing`.
"""

from prompt_gen.choices import Choice, Choices

METHODS = Choices(
    "method of compression",
    {
        "quantize": Choice("prompt_gen.compress.quantize", "the weights in fewer bits", "train"),
        "distil": Choice("prompt_gen.compress.distil", "a student of a smaller shape", "train"),
        "prune": Choice("prompt_gen.compress.prune", "without what matters least", "train"),
        "vocab": Choice("prompt_gen.compress.vocab", "fewer entries in the vocabulary", "train"),
    },
)
